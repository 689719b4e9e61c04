/* validate_func.c - function bodies: the loop over instructions, and those that are most of all code.
 *
 * The switch has one case for every row of op_table.h. Immediates and signatures are constants there, so the compiler
 * leaves of step() what the row needs: for i32.add, a look at the two topmost types.
 */
#include "wasm/validate.h"

#include <string.h>

#include "wasm/compile_watch.h"
#include "wasm/features.h"
#include "wasm/scan.h"

/* Names for the feature column of the rows; NONE, for Wasm 1.0, is no bit of pw_features. */
enum {
    BIT_NONE = 64,
#define PW_FEATURE(name, text, supported, standard) BIT_##name = PW_FEATURE_BIT_##name,
#include "base/features.def"
#undef PW_FEATURE
};

/* ---- locals --------------------------------------------------------------------------------------------------- */

static inline pw_result read_local(pw_validator *v, uint32_t *index, pw_val_type *type)
{
    PW_TRY(pwi_read_u32(&v->reader, index));
    if (PW_LIKELY(*index < v->direct_count))
        *type = v->direct_locals[*index];
    else if (*index < v->local_count)
        *type = pwi_local_type_slow(v, *index);
    else
        return pwi_invalid(v, "unknown local %u", *index);
    return PW_OK;
}

static inline pw_result validate_local(pw_validator *v, uint32_t code)
{
    uint32_t index;
    pw_val_type type = PW_TYPE_BOTTOM;
    PW_TRY(read_local(v, &index, &type));
    if (code == PW_OP_local_get) {
        if (PW_UNLIKELY(pwi_local_unset(v, index)))
            return pwi_invalid(v, "uninitialized local %u", index);
        return pwi_push(v, type);
    }
    PW_TRY(pwi_pop(v, type));
    if (PW_UNLIKELY(pwi_local_unset(v, index)))
        pwi_local_mark_set(v, index);
    return code == PW_OP_local_tee ? pwi_push(v, type) : PW_OK;
}

/* ---- one instruction ------------------------------------------------------------------------------------------ */

/* A signature without address types and immediates, all constant. */
PW_INLINE pw_result apply_constant(pw_validator *v, const char *params, const char *results)
{
    const uint32_t pops = (uint32_t)strlen(params), pushes = (uint32_t)strlen(results);
    if (pushes > pops || pops > 3 || pushes > 1)
        return pwi_apply_signature(v, params, results, PW_I32);
    bool fits = v->height - v->floor >= pops;
    const pw_val_type *top = v->stack + v->height;
    if (pops > 0)
        fits = fits && top[-1] == pwi_signature_type(params[pops - 1], PW_I32);
    if (pops > 1)
        fits = fits && top[-2] == pwi_signature_type(params[pops - 2], PW_I32);
    if (pops > 2)
        fits = fits && top[-3] == pwi_signature_type(params[pops - 3], PW_I32);
    if (PW_UNLIKELY(!fits))
        return pwi_apply_signature(v, params, results, PW_I32);
    v->height = v->height - pops + pushes;
    if (pushes == 1)
        v->stack[v->height - 1] = pwi_signature_type(results[0], PW_I32);
    return PW_OK;
}

PW_INLINE pw_result step_control(pw_validator *v, uint32_t code)
{
    switch (code) {
    case PW_OP_unreachable:
        pwi_set_unreachable(v);
        return PW_OK;
    case PW_OP_block:
    case PW_OP_loop:
    case PW_OP_if:
    case PW_OP_try:
        return pwi_validate_block(v, code);
    case PW_OP_try_table:
        return pwi_validate_try_table(v);
    case PW_OP_else:
        return pwi_validate_else(v);
    case PW_OP_end:
        return pwi_validate_end(v);
    case PW_OP_br:
        return pwi_validate_br(v);
    case PW_OP_br_if:
        return pwi_validate_br_if(v);
    case PW_OP_br_table:
        return pwi_validate_br_table(v);
    case PW_OP_br_on_null:
        return pwi_validate_br_on_null(v);
    case PW_OP_br_on_non_null:
        return pwi_validate_br_on_non_null(v);
    case PW_OP_return:
        return pwi_validate_return(v);
    case PW_OP_throw:
        return pwi_validate_throw(v);
    case PW_OP_throw_ref:
        return pwi_validate_throw_ref(v);
    case PW_OP_catch:
    case PW_OP_catch_all:
        return pwi_validate_catch(v, code == PW_OP_catch_all);
    case PW_OP_delegate:
        return pwi_validate_delegate(v);
    case PW_OP_rethrow:
        return pwi_validate_rethrow(v);
    case PW_OP_call:
    case PW_OP_return_call:
        return pwi_validate_call(v, code == PW_OP_return_call);
    case PW_OP_call_indirect:
    case PW_OP_return_call_indirect:
        return pwi_validate_call_indirect(v, code == PW_OP_return_call_indirect);
    case PW_OP_call_ref:
    case PW_OP_return_call_ref:
        return pwi_validate_call_ref(v, code == PW_OP_return_call_ref);
    case PW_OP_local_get:
    case PW_OP_local_set:
    case PW_OP_local_tee:
        return validate_local(v, code);
    default:
        return pwi_validate_special(v, code);
    }
}

/* Constants: an immediate of known size, then a push. */
PW_INLINE pw_result step_constant(pw_validator *v, pw_imm_kind imm, const char *results)
{
    if (imm == PW_IMM_I32)
        PW_TRY(pwi_skip_signed(&v->reader, 32));
    else if (imm == PW_IMM_I64)
        PW_TRY(pwi_skip_signed(&v->reader, 64));
    else
        PW_TRY(pwi_skip_bytes(&v->reader, imm == PW_IMM_F32 ? 4 : imm == PW_IMM_F64 ? 8 : 16));
    return pwi_push(v, pwi_signature_type(results[0], PW_I32));
}

PW_INLINE pw_result step(pw_validator *v, uint32_t code, uint32_t feature_bit, pw_imm_kind imm,
                         const char *params, const char *results, uint32_t align)
{
    if (feature_bit < 64)
        PW_TRY(pwi_reader_need(&v->reader, v->instr, feature_bit));
    if (params[0] == '*')
        return step_control(v, code);
    if (imm == PW_IMM_NONE)
        return apply_constant(v, params, results);
    if (imm == PW_IMM_I32 || imm == PW_IMM_I64 || imm == PW_IMM_F32 || imm == PW_IMM_F64 ||
        imm == PW_IMM_V128)
        return step_constant(v, imm, results);
    return pwi_validate_access(v, imm, params, results, align);
}

/* May this instruction stand in a constant expression? (spec: valid/instructions, constant expressions) */
static pw_result check_constant(pw_validator *v, uint32_t code)
{
    switch (code) {
    case PW_OP_i32_const:
    case PW_OP_i64_const:
    case PW_OP_f32_const:
    case PW_OP_f64_const:
    case PW_OP_v128_const:
    case PW_OP_ref_null:
    case PW_OP_ref_func:
    case PW_OP_global_get:
    case PW_OP_end:
    case PW_OP_struct_new:
    case PW_OP_struct_new_default:
    case PW_OP_array_new:
    case PW_OP_array_new_default:
    case PW_OP_array_new_fixed:
    case PW_OP_ref_i31:
    case PW_OP_any_convert_extern:
    case PW_OP_extern_convert_any:
        return PW_OK;
    case PW_OP_i32_add:
    case PW_OP_i32_sub:
    case PW_OP_i32_mul:
    case PW_OP_i64_add:
    case PW_OP_i64_sub:
    case PW_OP_i64_mul:
        return pwi_reader_need(&v->reader, v->instr, PW_FEATURE_BIT_EXTENDED_CONST);
    default:
        return pwi_op_info(code) ? pwi_invalid(v, "constant expression required")
                                 : pwi_scan_unknown_opcode(&v->reader, v->instr, code);
    }
}

static PW_COLD pw_result count_code(pw_validator *v)
{
    uint32_t bytes = (uint32_t)(v->reader.at - v->counted);
    v->counted = v->reader.at;
    return pwi_watch(v->module, bytes / 4);
}

pw_result pwi_validate_instructions(pw_validator *v)
{
    pw_result result = pwi_watch(v->module, 4);
    v->counted = v->reader.at;
    while (result == PW_OK && v->depth > 0) {
        uint32_t code;
        v->instr = v->reader.at;
        if (PW_UNLIKELY(v->instr - v->counted >= (ptrdiff_t)PW_WATCH_BYTES))
            PW_TRY(count_code(v));
        PW_TRY(pwi_read_checked_opcode(&v->reader, &code));
        if (PW_UNLIKELY(v->constant))
            PW_TRY(check_constant(v, code));
        switch (code) {
#define PW_OPCODE(code, text, ident, imm, params, results, feature, align)                                   \
    case code:                                                                                               \
        result = step(v, code, BIT_##feature, PW_IMM_##imm, params, results, align);                         \
        break;
#include "op_table.h"
#undef PW_OPCODE
        default:
            return pwi_scan_unknown_opcode(&v->reader, v->instr, code);
        }
    }
    return result;
}

/* ---- bodies --------------------------------------------------------------------------------------------------- */

static pw_result validate_code(pw_validator *v, pw_body *body)
{
    const pw_module *module = v->module;
    uint32_t type_index = module->funcs[v->func_index].type_index;
    const pw_type_record *type = module->types[type_index];
    v->instr = v->reader.at;
    v->results = pwi_types_of_results(type);
    PW_TRY(pwi_locals_read(v, type));
    if (v->local_slots < type->result_slots) /* results are left where the locals were */
        v->local_slots = type->result_slots;
    body->code_offset = (uint32_t)pwi_reader_offset(&v->reader, v->reader.at);
    PW_TRY(pwi_raise_peak(v, 1)); /* the stack has an address from here on */
    PW_TRY(pwi_ctrl_push(v, PW_CTRL_FUNCTION, PW_BLOCK_INDEXED(type_index)));
    PW_TRY(pwi_validate_instructions(v));
    PW_TRY(pwi_check_frame(v));
    if (v->reader.at != v->reader.end)
        return pwi_reader_malformed(&v->reader, v->reader.at,
                                    "section size mismatch: bytes after the end of a function");
    return PW_OK;
}

pw_result pwi_validate_body(pw_validator *v, uint32_t body_index)
{
    pw_body *body = &v->module->bodies[body_index];
    const uint8_t *start = v->module->bytes + body->offset;
    v->reader.at = start;
    v->reader.end = start + body->size;
    v->func_index = v->module->imported_funcs + body_index;
    v->constant = false;
    v->height = v->floor = v->depth = v->peak = 0;
    pw_result result = validate_code(v, body);
    if (result != PW_OK && v->reader.error->func_index == PW_NO_INDEX)
        v->reader.error->func_index = v->func_index;
    return result;
}
