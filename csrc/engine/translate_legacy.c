/* translate_legacy.c - exceptions as they were encoded before try_table, which toolchains emit still
 * (https://github.com/WebAssembly/exception-handling, the legacy proposal).
 *
 *    try bt  body  catch $t  handler  catch_all  handler  end          try bt  body  delegate $l
 *
 * The body is a range in the table of catches.h. A handler is entered with the exception in the home below its values, for
 * `rethrow`: an operand that no instruction of the module sees. So what a handler leaves on the stack is one slot above
 * where the label wants it, and is moved there like the values of a branch. */
#include "base/alloc.h"
#include "engine/meter.h"
#include "engine/translate_try.h"

static pw_label *innermost(pw_translator *t)
{
    return &t->labels[t->label_count - 1];
}

static void add_clause(pw_translator *t, uint8_t kind, uint32_t tag, uint32_t target)
{
    pw_catch *clause = pwi_add_clause(t, innermost(t)->try_index);
    if (!clause)
        return;
    clause->kind = kind;
    clause->tag = tag;
    clause->target = target;
    clause->slot = (uint16_t)pwi_label_home(t, innermost(t));
    if (kind != PW_DELEGATE)
        pwi_meter_here(t, PW_TOLL_CATCH, (uint32_t)t->clause_count - 1);
}

void pwi_translate_legacy_try(pw_translator *t)
{
    int64_t block_type = pwi_translate_block_type(t);
    pwi_label_push(t, PW_LABEL_LEGACY_TRY, block_type);
    pwi_try_begin(t);
}

/* What the body or a handler leaves goes to the end. */
static void finish(pw_translator *t)
{
    pw_label *label = innermost(t);
    if (!t->dead)
        pwi_branch_to(t, label);
    if (label->kind == PW_LABEL_LEGACY_TRY)
        pwi_try_end(t, label);
}

void pwi_translate_catch(pw_translator *t, bool all)
{
    uint32_t tag = all ? 0 : pwi_leb_u32(&t->p);
    pw_label *label = innermost(t);
    if (label->dead_before)
        return;
    finish(t);
    label->kind = PW_LABEL_CATCH;
    pwi_cut(t, label->height);
    pwi_forget(t);
    t->last.cell = -1;
    t->dead = false;
    add_clause(t, all ? PW_CATCH_ALL_LEGACY : PW_CATCH_LEGACY, tag, (uint32_t)t->cell_count);
    pwi_push_home(t, 'r');
    const pw_func_type *type = all ? NULL : &pwi_tag_type_record(t->module, tag)->func;
    for (uint32_t i = 0; type && i < type->param_count; i++)
        pwi_push_home(t, pwi_type_char(type->params[i]));
    pwi_arrive(t);
}

/* The label is counted from outside of the try. What the body throws is looked for from there on outwards. */
void pwi_translate_delegate(pw_translator *t)
{
    uint32_t depth = pwi_leb_u32(&t->p);
    if (!innermost(t)->dead_before)
        add_clause(t, PW_DELEGATE, 0, t->labels[t->label_count - 2 - depth].tries);
    pwi_translate_end(t);
}

void pwi_translate_rethrow(pw_translator *t, uint32_t depth)
{
    const pw_label *label = &t->labels[t->label_count - 1 - depth];
    pwi_emit_throw_ref(t, t->stack[label->height].home);
}
