/* operand_types.c - validation of a function that stops at some of its instructions: the code seems to end there, which is
 * the one thing that it can find fault with. The loop over instructions knows nothing of it. */
#include "wasm/operand_types.h"

#include "base/alloc.h"
#include "base/error.h"
#include "wasm/validate.h"

pw_val_type pwi_local_type(const pw_validator *v, uint32_t index)
{
    return index < v->direct_count ? v->direct_locals[index] : pwi_local_type_slow(v, index);
}

static pw_result begin(pw_validator *v, pw_body *body)
{
    uint32_t type_index = v->module->funcs[v->func_index].type_index;
    PW_TRY(pwi_locals_read(v, v->module->types[type_index]));
    body->code_offset = (uint32_t)pwi_reader_offset(&v->reader, v->reader.at);
    PW_TRY(pwi_raise_peak(v, 1));
    return pwi_ctrl_push(v, PW_CTRL_FUNCTION, PW_BLOCK_INDEXED(type_index));
}

static pw_result stop_at(pw_validator *v, const pw_body *body, uint32_t offset)
{
    pw_error_clear(v->reader.error);
    if (offset < body->code_offset || offset >= body->offset + body->size)
        return PW_ERR_ARGUMENT;
    v->reader.end = v->module->bytes + offset;
    pw_result result = pwi_validate_instructions(v);
    if (result == PW_ERR_NO_MEMORY)
        return result;
    return result != PW_OK && v->instr == v->reader.end ? PW_OK : PW_ERR_ARGUMENT;
}

static pw_result validate(pw_validator *v, const uint32_t *offsets, size_t count, pw_types_fn see, void *env)
{
    pw_body body = v->module->bodies[v->func_index - v->module->imported_funcs];
    v->reader.at = v->module->bytes + body.offset;
    v->reader.end = v->reader.at + body.size;
    v->results = pwi_types_of_results(pwi_func_type_record(v->module, v->func_index));
    pw_result result = begin(v, &body);
    for (size_t i = 0; i < count && result == PW_OK; i++) {
        result = stop_at(v, &body, offsets[i]);
        const pw_seen_types types = {v->stack, v->height, v};
        if (result == PW_OK)
            result = see(env, i, &types);
    }
    return result;
}

pw_result pwi_operand_types(pw_module *module, uint32_t func_index, const uint32_t *offsets, size_t count,
                            pw_types_fn see, void *env)
{
    pw_error found;
    pw_error_clear(&found);
    pw_validator *v = pwi_alloc_zero(1, sizeof *v);
    if (!v)
        return PW_ERR_NO_MEMORY;
    v->module = module;
    v->func_index = func_index;
    v->reader = (pw_reader){module->bytes, module->bytes, module, &found, &found,
                            false,         PW_NO_INDEX,   false,  0,      false};
    pw_result result = validate(v, offsets, count, see, env);
    pwi_validator_free(v);
    return result;
}
