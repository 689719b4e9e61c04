/* validate_exception.c - exceptions (https://webassembly.github.io/spec/core/valid/instructions.html), and the encoding
 * before them, which divides a block into handlers:
 *
 *    3.0      block $h (result ..) try_table (catch $tag $h) .. end .. end
 *    legacy   try .. catch $tag .. catch_all .. end          try .. delegate $label
 */
#include "wasm/validate.h"

#include <string.h>

#define EXCEPTION_REF PW_REF_TYPE(PW_KIND_REF, PW_HEAP_EXN)

static pw_result read_tag(pw_validator *v, pw_types *params)
{
    uint32_t index;
    PW_TRY(pwi_read_u32(&v->reader, &index));
    if (index >= v->module->tag_count)
        return pwi_invalid(v, "unknown tag %u", index);
    *params = pwi_types_of_params(pwi_tag_type_record(v->module, index));
    return PW_OK;
}

pw_result pwi_validate_throw(pw_validator *v)
{
    pw_types params = {NULL, 0};
    PW_TRY(read_tag(v, &params));
    PW_TRY(pwi_pop_types(v, params));
    pwi_set_unreachable(v);
    return PW_OK;
}

pw_result pwi_validate_throw_ref(pw_validator *v)
{
    PW_TRY(pwi_pop(v, PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_EXN)));
    pwi_set_unreachable(v);
    return PW_OK;
}

/* ---- try_table -------------------------------------------------------------------------------------------------- */

/* Clauses by their byte: do they name a tag, and do they carry the exception itself? */
enum { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF, CATCH_KINDS };

static pw_result check_catch(pw_validator *v, pw_types values, bool has_ref, pw_types label)
{
    uint32_t count = values.count + (has_ref ? 1 : 0);
    if (count != label.count)
        return pwi_invalid(v, "type mismatch in try_table: a catch clause of %u values, its label takes %u",
                           count, label.count);
    bool same = values.count == 0 || memcmp(values.types, label.types, values.count * sizeof *values.types) == 0;
    for (uint32_t i = same ? values.count : 0; i < count; i++) {
        pw_val_type value = i < values.count ? values.types[i] : EXCEPTION_REF;
        if (!pwi_type_matches(v->module->registry, value, label.types[i]))
            return pwi_type_mismatch(v, label.types[i], value);
    }
    return PW_OK;
}

/* The labels of the clauses are those around the block: it must not be open yet. */
static pw_result validate_catch_clause(pw_validator *v)
{
    uint8_t kind;
    uint32_t label;
    pw_types values = {NULL, 0}, types = {NULL, 0};
    PW_TRY(pwi_read_byte(&v->reader, &kind));
    if (kind >= CATCH_KINDS)
        return pwi_reader_malformed(&v->reader, v->reader.at - 1, "malformed catch clause 0x%02x", kind);
    if (kind <= CATCH_REF)
        PW_TRY(read_tag(v, &values));
    PW_TRY(pwi_read_u32(&v->reader, &label));
    PW_TRY(pwi_label_types(v, label, &types));
    return check_catch(v, values, kind == CATCH_REF || kind == CATCH_ALL_REF, types);
}

pw_result pwi_validate_try_table(pw_validator *v)
{
    uint32_t type, count;
    pw_types params = {NULL, 0};
    PW_TRY(pwi_read_block_type(&v->reader, &type));
    PW_TRY(pwi_read_count(&v->reader, 2, UINT32_MAX, "catch clauses", &count));
    for (uint32_t i = 0; i < count; i++)
        PW_TRY(validate_catch_clause(v));
    if (PW_BLOCK_IS_INDEXED(type))
        params = pwi_types_of_params(v->module->types[PW_BLOCK_INDEX(type)]);
    PW_TRY(pwi_pop_types(v, params));
    PW_TRY(pwi_ctrl_push(v, PW_CTRL_BLOCK, type));
    return pwi_push_types(v, params);
}

/* ---- legacy ----------------------------------------------------------------------------------------------------- */

pw_result pwi_validate_catch(pw_validator *v, bool all)
{
    pw_types params = {NULL, 0};
    uint8_t kind = pwi_current(v)->kind;
    if (kind != PW_CTRL_TRY && kind != PW_CTRL_CATCH)
        return pwi_reader_malformed(&v->reader, v->instr, "misplaced catch, END opcode expected");
    if (!all)
        PW_TRY(read_tag(v, &params));
    v->local_slots++; /* the exception itself, which the frame keeps for `rethrow` */
    PW_TRY(pwi_ctrl_divide(v, all ? PW_CTRL_CATCH_ALL : PW_CTRL_CATCH));
    return pwi_push_types(v, params);
}

/* Ends the try; what it throws is thrown at the label, which is counted from outside of it. */
pw_result pwi_validate_delegate(pw_validator *v)
{
    uint32_t label;
    if (pwi_current(v)->kind != PW_CTRL_TRY)
        return pwi_reader_malformed(&v->reader, v->instr, "misplaced delegate, END opcode expected");
    PW_TRY(pwi_read_u32(&v->reader, &label));
    if (label >= v->depth - 1)
        return pwi_invalid(v, "unknown label %u", label);
    return pwi_validate_end(v);
}

pw_result pwi_validate_rethrow(pw_validator *v)
{
    uint32_t label;
    PW_TRY(pwi_read_u32(&v->reader, &label));
    if (label >= v->depth)
        return pwi_invalid(v, "unknown label %u", label);
    uint8_t kind = v->ctrls[v->depth - 1 - label].kind;
    if (kind != PW_CTRL_CATCH && kind != PW_CTRL_CATCH_ALL)
        return pwi_invalid(v, "invalid rethrow label %u: it is no handler", label);
    pwi_set_unreachable(v);
    return PW_OK;
}
