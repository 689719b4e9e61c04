/* validate_call.c - calls and tail calls (https://webassembly.github.io/spec/core/valid/instructions.html). */
#include "wasm/validate.h"

/* The end of all calls: arguments for results, or, for tail calls, results that are the caller's. */
static pw_result finish_call(pw_validator *v, const pw_type_record *type, bool tail)
{
    PW_TRY(pwi_pop_types(v, pwi_types_of_params(type)));
    pw_types results = pwi_types_of_results(type);
    if (!tail)
        return pwi_push_types(v, results);
    bool same = results.count == v->results.count;
    for (uint32_t i = 0; same && i < results.count; i++)
        same = pwi_type_matches(v->module->registry, results.types[i], v->results.types[i]);
    if (!same)
        return pwi_invalid(v, "type mismatch: a tail call's results must be those of the calling function");
    pwi_set_unreachable(v);
    return PW_OK;
}

static pw_result find_type(pw_validator *v, uint32_t index, const pw_type_record **type)
{
    if (index >= v->module->type_count)
        return pwi_invalid(v, "unknown type %u", index);
    *type = v->module->types[index];
    return (*type)->kind == PW_DEF_FUNC ? PW_OK : pwi_invalid(v, "type mismatch: type %u is no function type", index);
}

pw_result pwi_validate_call(pw_validator *v, bool tail)
{
    uint32_t index;
    PW_TRY(pwi_read_u32(&v->reader, &index));
    if (index >= v->module->func_count)
        return pwi_invalid(v, "unknown function %u", index);
    return finish_call(v, pwi_func_type_record(v->module, index), tail);
}

pw_result pwi_validate_call_indirect(pw_validator *v, bool tail)
{
    uint32_t type_index, table_index;
    const pw_module *module = v->module;
    const pw_type_record *type = NULL;
    PW_TRY(pwi_read_u32(&v->reader, &type_index));
    PW_TRY(pwi_read_u32(&v->reader, &table_index));
    if (table_index >= module->table_count)
        return pwi_invalid(v, "unknown table %u", table_index);
    PW_TRY(find_type(v, type_index, &type));
    const pw_table_type *table = &module->tables[table_index].type;
    if (!pwi_type_matches(module->registry, table->element, PW_FUNCREF))
        return pwi_invalid(v, "type mismatch: table %u does not hold functions", table_index);
    PW_TRY(pwi_pop(v, table->limits.is64 ? PW_I64 : PW_I32));
    return finish_call(v, type, tail);
}

pw_result pwi_validate_call_ref(pw_validator *v, bool tail)
{
    uint32_t index;
    const pw_type_record *type = NULL;
    PW_TRY(pwi_read_u32(&v->reader, &index));
    PW_TRY(find_type(v, index, &type));
    if (tail)
        PW_TRY(pwi_reader_need(&v->reader, v->instr, PW_FEATURE_BIT_TAIL_CALL));
    PW_TRY(pwi_pop(v, PW_REF_TYPE(PW_KIND_REF_NULL, type->id)));
    return finish_call(v, type, tail);
}
