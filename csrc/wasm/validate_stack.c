/* validate_stack.c - the operand stack off the fast path, and the texts of validation errors. */
#include "wasm/validate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

/* ---- errors --------------------------------------------------------------------------------------------------- */

/* Text name of the instruction at fault. Its opcode has been read once, so it is well formed. */
static const char *instr_text(const pw_validator *v)
{
    pw_reader again = v->reader;
    uint32_t code;
    again.at = v->instr;
    const pw_op_info *info = pwi_read_checked_opcode(&again, &code) == PW_OK ? pwi_op_info(code) : NULL;
    return info ? info->text : "?";
}

static pw_result fail(pw_validator *v, const char *text)
{
    pw_error *error = v->reader.error;
    if (error->result == PW_OK) {
        (void)pwi_fail_at(error, PW_ERR_INVALID, pwi_reader_offset(&v->reader, v->instr), "%s", text);
        error->func_index = v->func_index;
    }
    return PW_ERR_INVALID;
}

pw_result pwi_invalid(pw_validator *v, const char *format, ...)
{
    char text[PW_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return fail(v, text);
}

/* Types of a type section are named as the module numbers them, not by their canonical ids. */
static const char *type_text(const pw_validator *v, pw_val_type type, char *out, size_t size)
{
    const pw_module *module = v->module;
    if (type == PW_TYPE_BOTTOM)
        return "nothing: the stack is empty";
    for (uint32_t i = 0; pwi_type_is_ref(type) && i < module->type_count; i++) {
        if (module->types[i]->id == PW_TYPE_HEAP(type)) {
            type = PW_REF_TYPE(PW_TYPE_KIND(type), i);
            break;
        }
    }
    (void)pw_val_type_text(type, out, size);
    return out;
}

pw_result pwi_type_mismatch(pw_validator *v, pw_val_type expected, pw_val_type actual)
{
    char expected_text[64], actual_text[64];
    return pwi_invalid(v, "type mismatch in %s: expected %s, got %s", instr_text(v),
                       type_text(v, expected, expected_text, sizeof expected_text),
                       type_text(v, actual, actual_text, sizeof actual_text));
}

/* ---- pushing -------------------------------------------------------------------------------------------------- */

/* Frames have room for locals, a return address and operands (PW_MAX_FRAME_SLOTS). */
static pw_result check_slots(pw_validator *v, uint64_t operand_slots)
{
    if (v->local_slots + 1 + operand_slots <= PW_MAX_FRAME_SLOTS)
        return PW_OK;
    return pwi_invalid(v, "%s needs more than %u slots for locals and operands: an implementation limit",
                       v->constant ? "constant expression" : "function", PW_MAX_FRAME_SLOTS);
}

/* Operands are counted, not their slots, as that costs nothing. In a module that uses vectors each may be one. */
pw_result pwi_check_frame(pw_validator *v)
{
    bool vectors = v->module->used & (PW_FEATURE_MASK(SIMD) | PW_FEATURE_MASK(RELAXED_SIMD));
    return check_slots(v, (uint64_t)v->peak * (vectors ? 2 : 1));
}

pw_result pwi_raise_peak(pw_validator *v, uint32_t needed)
{
    if (needed <= v->peak)
        return PW_OK;
    PW_TRY(check_slots(v, needed));
    if (!pwi_reserve((void **)&v->stack, &v->stack_capacity, needed, sizeof *v->stack))
        return pwi_no_memory(v->reader.error);
    v->peak = needed;
    return PW_OK;
}

pw_result pwi_push_types(pw_validator *v, pw_types types)
{
    PW_TRY(pwi_raise_peak(v, v->height + types.count));
    if (types.count > 0)
        memcpy(v->stack + v->height, types.types, types.count * sizeof *types.types);
    v->height += types.count;
    return PW_OK;
}

/* ---- popping -------------------------------------------------------------------------------------------------- */

static bool matches(const pw_validator *v, pw_val_type actual, pw_val_type expected)
{
    return actual == expected || actual == PW_TYPE_BOTTOM ||
           pwi_type_matches(v->module->registry, actual, expected);
}

pw_result pwi_pop_any(pw_validator *v, pw_val_type *type)
{
    if (v->height > v->floor) {
        *type = v->stack[--v->height];
        return PW_OK;
    }
    *type = PW_TYPE_BOTTOM;
    if (pwi_current(v)->unreachable)
        return PW_OK;
    return pwi_invalid(v, "type mismatch in %s: expected a value, but the stack is empty", instr_text(v));
}

pw_result pwi_pop_slow(pw_validator *v, pw_val_type expected)
{
    pw_val_type actual = PW_TYPE_BOTTOM;
    if (v->height > v->floor)
        actual = v->stack[--v->height];
    else if (!pwi_current(v)->unreachable)
        return pwi_type_mismatch(v, expected, PW_TYPE_BOTTOM);
    return matches(v, actual, expected) ? PW_OK : pwi_type_mismatch(v, expected, actual);
}

pw_result pwi_pop_ref(pw_validator *v, pw_val_type *type)
{
    PW_TRY(pwi_pop_any(v, type));
    if (*type == PW_TYPE_BOTTOM || pwi_type_is_ref(*type))
        return PW_OK;
    char text[64];
    return pwi_invalid(v, "type mismatch in %s: expected a reference, got %s", instr_text(v),
                       type_text(v, *type, text, sizeof text));
}

/* Fewer operands than types: right only in unreachable code, where the missing ones are PW_TYPE_BOTTOM. */
static pw_result check_top_polymorphic(pw_validator *v, pw_types types, bool retype)
{
    uint32_t present = v->height - v->floor, missing = types.count - present;
    if (!pwi_current(v)->unreachable)
        return pwi_type_mismatch(v, types.types[missing - 1], PW_TYPE_BOTTOM);
    for (uint32_t i = 0; i < present; i++) {
        pw_val_type actual = v->stack[v->floor + i];
        if (!matches(v, actual, types.types[missing + i]))
            return pwi_type_mismatch(v, types.types[missing + i], actual);
    }
    if (!retype)
        return PW_OK;
    v->height = v->floor;
    return pwi_push_types(v, types);
}

pw_result pwi_check_top(pw_validator *v, pw_types types, bool retype)
{
    if (types.count == 0)
        return PW_OK;
    if (v->height - v->floor < types.count)
        return check_top_polymorphic(v, types, retype);
    pw_val_type *top = v->stack + (v->height - types.count);
    if (memcmp(top, types.types, types.count * sizeof *top) == 0)
        return PW_OK;
    for (uint32_t i = types.count; i-- > 0;) {
        if (!matches(v, top[i], types.types[i]))
            return pwi_type_mismatch(v, types.types[i], top[i]);
    }
    if (retype)
        memcpy(top, types.types, types.count * sizeof *top);
    return PW_OK;
}

pw_result pwi_pop_types(pw_validator *v, pw_types types)
{
    PW_TRY(pwi_check_top(v, types, false));
    uint32_t present = v->height - v->floor;
    v->height -= present < types.count ? present : types.count;
    return PW_OK;
}

pw_result pwi_apply_signature(pw_validator *v, const char *params, const char *results, pw_val_type address)
{
    for (size_t i = strlen(params); i-- > 0;)
        PW_TRY(pwi_pop(v, pwi_signature_type(params[i], address)));
    for (; *results; results++)
        PW_TRY(pwi_push(v, pwi_signature_type(*results, address)));
    return PW_OK;
}

void pwi_set_unreachable(pw_validator *v)
{
    v->height = v->floor;
    pwi_current(v)->unreachable = true;
}
