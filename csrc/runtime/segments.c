/* segments.c - element and data segments: at instantiation and by table.init, memory.init, elem.drop,
 * data.drop. https://webassembly.github.io/spec/core/exec/modules.html#instantiation */
#include "base/alloc.h"
#include "base/error.h"
#include "runtime/bulk_work.h"
#include "runtime/store.h"
#include "runtime/memory.h"
#include "runtime/table.h"
#include "wasm/instr_reader.h"

/* Reads the items of a segment to out[0..count): function indices or constant expressions. The poll may end it, and
 * expressions of more operands than const_eval holds without the heap can fail, by memory. */
static pw_result read_items(pw_instance *instance, const pw_elem_segment *segment, pw_slot *out,
                            pw_error *error)
{
    const uint8_t *cursor = instance->module->bytes + segment->items_offset;
    pw_result result = PW_OK;
    for (uint32_t i = 0; i < segment->count && result == PW_OK; i++) {
        if (segment->uses_expressions)
            result = pwi_const_eval_at(instance, &cursor, &out[i], error);
        else
            out[i] = (pw_slot)(uintptr_t)instance->funcs[pwi_leb_u32(&cursor)];
        if (result == PW_OK)
            result = pwi_store_poll_at(instance->store, i);
    }
    return result;
}

/* Makes elem_values of a segment. NULL there means: none, or function indices that nobody has used yet. */
static pw_result keep_items(pw_instance *instance, uint32_t index, pw_error *error)
{
    const pw_elem_segment *segment = &instance->module->elems[index];
    pw_slot *values = pwi_alloc_zero(segment->count, sizeof *values);
    if (!values)
        return pwi_no_memory(error);
    pw_result result = read_items(instance, segment, values, error);
    if (result != PW_OK) {
        pwi_free(values);
        return result;
    }
    instance->elem_values[index] = values;
    return PW_OK;
}

/* The spec evaluates all segments at instantiation. Plain function indices cannot come out otherwise
 * later, so that they wait for the first table.init. */
pw_result pwi_segments_evaluate(pw_instance *instance, pw_error *error)
{
    const pw_module *module = instance->module;
    for (uint32_t i = 0; i < module->elem_count; i++) {
        if (module->elems[i].mode != PW_SEGMENT_PASSIVE || !module->elems[i].uses_expressions)
            continue;
        pw_result result = keep_items(instance, i, error);
        if (result != PW_OK)
            return result;
    }
    return PW_OK;
}

static pw_result apply_elem(pw_instance *instance, uint32_t index, bool *escaped, pw_error *error)
{
    const pw_module *module = instance->module;
    const pw_elem_segment *segment = &module->elems[index];
    instance->dropped_elems[index] = segment->mode != PW_SEGMENT_PASSIVE;
    if (segment->mode != PW_SEGMENT_ACTIVE)
        return PW_OK;
    pw_table *table = instance->tables[segment->table];
    pw_slot offset[2];
    pw_result result = pwi_const_eval(instance, &segment->offset, offset, error);
    if (result != PW_OK)
        return result;
    if (offset[0] > table->size || segment->count > table->size - offset[0])
        return pwi_trap(error, PW_TRAP_OUT_OF_BOUNDS_TABLE);
    if (segment->count && segment->table < module->imported_tables)
        *escaped = true;
    return read_items(instance, segment, table->elements + offset[0], error);
}

static pw_result apply_data(pw_instance *instance, uint32_t index, pw_error *error)
{
    const pw_data_segment *segment = &instance->module->datas[index];
    if (segment->mode != PW_SEGMENT_ACTIVE)
        return PW_OK;
    pw_slot offset[2];
    pw_result result = pwi_const_eval(instance, &segment->offset, offset, error);
    if (result == PW_OK)
        result = pwi_memory_init(instance, segment->memory, index, offset[0], 0, segment->bytes_size);
    if (result == PW_ERR_TRAP)
        result = pwi_trap(error, PW_TRAP_OUT_OF_BOUNDS_MEMORY);
    instance->dropped_datas[index] = 1;
    return result;
}

pw_result pwi_segments_apply(pw_instance *instance, bool *escaped, pw_error *error)
{
    const pw_module *module = instance->module;
    pw_result result = PW_OK;
    for (uint32_t i = 0; i < module->elem_count && result == PW_OK; i++) {
        result = apply_elem(instance, i, escaped, error);
        if (result == PW_OK)
            result = pwi_store_poll_at(instance->store, i);
    }
    for (uint32_t i = 0; i < module->data_count && result == PW_OK; i++) {
        result = apply_data(instance, i, error);
        if (result == PW_OK)
            result = pwi_store_poll_at(instance->store, i);
    }
    return result;
}

pw_result pwi_memory_init(pw_instance *instance, uint32_t memory_index, uint32_t segment_index, uint64_t to,
                          uint64_t from, uint64_t count)
{
    const pw_memory *memory = instance->memories[memory_index];
    const pw_data_segment *segment = &instance->module->datas[segment_index];
    uint64_t size = instance->dropped_datas[segment_index] ? 0 : segment->bytes_size;
    uint64_t memory_size = pwi_memory_size_now(memory);
    if (from > size || count > size - from || to > memory_size || count > memory_size - to)
        return PW_ERR_TRAP;
    return pwi_bulk_move(instance->store, memory->base + to,
                         instance->module->bytes + segment->bytes_offset + from, count);
}

pw_result pwi_elem_values(pw_instance *instance, uint32_t segment, const pw_slot **values, uint64_t *count)
{
    *count = instance->dropped_elems[segment] ? 0 : instance->module->elems[segment].count;
    if (*count && !instance->elem_values[segment]) {
        pw_result result = keep_items(instance, segment, NULL);
        if (result != PW_OK)
            return result;
    }
    *values = instance->elem_values[segment];
    return PW_OK;
}

pw_result pwi_table_init(pw_instance *instance, uint32_t table_index, uint32_t segment_index, uint64_t to,
                         uint64_t from, uint64_t count)
{
    pw_table *table = instance->tables[table_index];
    const pw_slot *values;
    uint64_t size;
    pw_result result = pwi_elem_values(instance, segment_index, &values, &size);
    if (result == PW_ERR_NO_MEMORY) {
        pw_error_clear(&instance->store->error);
        return pwi_no_memory(&instance->store->error);
    }
    if (result != PW_OK) /* the poll ended it */
        return result;
    if (from > size || count > size - from || to > table->size || count > table->size - to)
        return PW_ERR_TRAP;
    if (count == 0)
        return PW_OK;
    return pwi_bulk_move(instance->store, table->elements + to, values + from, count * sizeof(pw_slot));
}

void pwi_data_drop(pw_instance *instance, uint32_t segment)
{
    instance->dropped_datas[segment] = 1;
}

void pwi_elem_drop(pw_instance *instance, uint32_t segment)
{
    instance->dropped_elems[segment] = 1;
    pwi_free(instance->elem_values[segment]);
    instance->elem_values[segment] = NULL;
}
