/* translate_try.c - try_table and throw. A try_table emits nothing: its range of cells and its clauses go into a table
 * beside the code (catches.h). A clause goes to its label like a branch, with its values put into the label's homes by
 * the unwinder. */
#include <string.h>

#include "base/alloc.h"
#include "engine/meter.h"
#include "engine/translate_try.h"

pw_catch *pwi_add_clause(pw_translator *t, uint32_t owner)
{
    void *clauses = t->clauses;
    if (!pwi_reserve(&clauses, &t->clause_capacity, t->clause_count + 1, sizeof *t->clauses)) {
        t->no_memory = true;
        return NULL;
    }
    t->clauses = clauses;
    t->clauses[t->clause_count] = (pw_catch){.owner = owner};
    return &t->clauses[t->clause_count++];
}

/* The label is one around the block. Its operands' places are settled: what was in locals went home at its entry. */
static void read_clause(pw_translator *t, bool dead)
{
    uint8_t kind = *t->p++;
    uint32_t tag = kind <= PW_CATCH_REF ? pwi_leb_u32(&t->p) : 0;
    uint32_t depth = pwi_leb_u32(&t->p);
    if (dead)
        return;
    pw_catch *clause = pwi_add_clause(t, (uint32_t)t->try_count); /* the try that is about to begin */
    if (!clause)
        return;
    pw_label *label = &t->labels[t->label_count - 1 - depth];
    clause->kind = kind;
    clause->tag = tag;
    clause->slot = (uint16_t)pwi_label_home(t, label);
    if (label->kind == PW_LABEL_LOOP) {
        clause->target = label->start;
        pwi_meter_loop(t, label, PW_TOLL_CATCH, (uint32_t)t->clause_count - 1);
    } else {
        clause->target = label->clauses;
        label->clauses = (uint32_t)t->clause_count;
    }
}

void pwi_translate_try_table(pw_translator *t)
{
    int64_t block_type = pwi_translate_block_type(t);
    for (uint32_t n = pwi_leb_u32(&t->p); n > 0 && !t->no_memory; n--)
        read_clause(t, t->dead);
    pwi_label_push(t, PW_LABEL_TRY, block_type);
    pwi_try_begin(t);
}

void pwi_try_begin(pw_translator *t)
{
    if (t->dead || t->no_memory)
        return;
    pwi_flush_locals(t);
    t->last.cell = -1; /* nothing of before may move into the range */
    void *tries = t->tries;
    if (!pwi_reserve(&tries, &t->try_capacity, t->try_count + 1, sizeof *t->tries)) {
        t->no_memory = true;
        return;
    }
    t->tries = tries;
    pw_label *label = &t->labels[t->label_count - 1];
    label->try_index = (uint32_t)t->try_count;
    t->tries[t->try_count++] = (pw_try){(uint32_t)t->cell_count, 0, 0, 0};
    label->tries = (uint32_t)t->try_count;
}

void pwi_try_end(pw_translator *t, const pw_label *label)
{
    t->tries[label->try_index].end = (uint32_t)t->cell_count;
    t->last.cell = -1;
}

void pwi_resolve_clauses(pw_translator *t, uint32_t chain)
{
    while (chain) {
        pw_catch *clause = &t->clauses[chain - 1];
        chain = clause->target;
        clause->target = (uint32_t)t->cell_count;
        pwi_meter_here(t, PW_TOLL_CATCH, (uint32_t)(clause - t->clauses));
    }
}

void pwi_emit_clause_returns(pw_translator *t, uint32_t chain)
{
    if (!chain || t->no_memory)
        return;
    pwi_resolve_clauses(t, chain);
    const pw_func_type *type = &t->type->func;
    pwi_cut(t, 0);
    pwi_forget(t);
    for (uint32_t i = 0; i < type->result_count; i++)
        pwi_push_home(t, pwi_type_char(type->results[i]));
    if (!t->no_memory)
        pwi_emit_return(t);
}

/* Clauses in the order of their tries, and within one in the order of the code. */
static void sort_clauses(const pw_translator *t, pw_catches *catches)
{
    for (size_t i = 0; i < t->clause_count; i++)
        catches->tries[t->clauses[i].owner].count++;
    uint32_t first = 0;
    for (uint32_t i = 0; i < catches->try_count; i++) {
        catches->tries[i].first = first;
        first += catches->tries[i].count;
        catches->tries[i].count = 0;
    }
    for (size_t i = 0; i < t->clause_count; i++) {
        pw_try *owner = &catches->tries[t->clauses[i].owner];
        catches->clauses[owner->first + owner->count++] = t->clauses[i];
    }
}

pw_catches *pwi_catches_make(const pw_translator *t)
{
    size_t tries = t->try_count * sizeof *t->tries, clauses = t->clause_count * sizeof *t->clauses;
    pw_catches *catches = pwi_alloc(sizeof *catches + tries + clauses);
    if (!catches)
        return NULL;
    catches->try_count = (uint32_t)t->try_count;
    catches->tries = (pw_try *)(catches + 1);
    catches->clauses = (pw_catch *)(catches->tries + t->try_count);
    memcpy(catches->tries, t->tries, tries);
    sort_clauses(t, catches);
    return catches;
}

/* ---- throwing ------------------------------------------------------------------------------------------ */

static void leave(pw_translator *t)
{
    pwi_cut(t, t->labels[t->label_count - 1].height);
    pwi_forget(t);
    t->dead = true;
}

void pwi_translate_throw(pw_translator *t, uint32_t tag)
{
    uint32_t count = pwi_tag_type_record(t->module, tag)->func.param_count;
    pwi_flush_top(t, count);
    uint32_t first = count ? t->stack[t->height - count].home : 0;
    uint32_t cell = pwi_emit(t, PW_H_throw, 3); /* the values are on the stack still: roots while it allocates */
    pwi_set_lane(pwi_cell(t, cell + 1), 0, first);
    *pwi_cell(t, cell + 2) = tag;
    leave(t);
}

void pwi_emit_throw_ref(pw_translator *t, uint32_t slot)
{
    uint32_t cell = pwi_emit(t, PW_H_throw_ref, 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, slot);
    leave(t);
}

void pwi_translate_throw_ref(pw_translator *t)
{
    pwi_flush(t, t->height - 1);
    pwi_emit_throw_ref(t, t->stack[t->height - 1].home);
}
