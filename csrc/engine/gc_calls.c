/* gc_calls.c - the out-of-line parts of GC instructions: allocation, ranges. run->pc is the instruction; operands stand
 * in slots from lane 0 of its operand cell on, and are roots while an allocation collects. */
#include "base/error.h"
#include "engine/code.h"
#include "runtime/gc_object.h"

/* Elements from a segment instead of operands: lane 2 of array_make_from and array_init_range. */
enum { FROM_DATA, FROM_ELEM };

static pw_slot *operands(const pw_run *run) { return run->fp + pwi_lane(run->pc + 1, 0); }
static unsigned option(const pw_run *run) { return pwi_lane(run->pc + 1, 2); }
static const pw_type_record *record(const pw_run *run) { return (const pw_type_record *)(uintptr_t)run->pc[2]; }

/* Ends the instruction of `cells` cells well. */
static pw_result done(pw_run *run, const pw_cell *instruction, uint32_t cells) {
    run->pc = instruction + cells;
    return PW_OK;
}

static pw_result trap(pw_run *run, pw_trap_kind kind) {
    pwi_run_trap(run, kind);
    return run->result;
}

/* Many elements count as many instructions until the next poll. */
static void takes_time(pw_run *run, uint32_t count) { run->context->poll_budget -= count >> 3; }

/* The poll ended the instruction before it was done. */
static pw_result ended(pw_run *run, pw_result result) {
    run->pc++;
    return result;
}

/* No object: the store or the host has no room for it, or the poll ended the collection that was to make room. */
static pw_result no_room(pw_run *run, pw_result result) {
    if (result != PW_ERR_LIMIT && result != PW_ERR_NO_MEMORY) return result;
    pw_store *store = run->context->store;
    pw_error_clear(&store->error);
    if (result == PW_ERR_NO_MEMORY) return pwi_fail(&store->error, result, "the host has no memory for an object");
    return pwi_fail(&store->error, PW_ERR_NO_MEMORY, "an object would pass the limit of %llu bytes (%llu in use)",
                    (unsigned long long)store->limits.memory_bytes, (unsigned long long)store->memory_in_use);
}

static pw_result finish_new(pw_run *run, pw_result result, const pw_object *object, uint32_t cells) {
    const pw_cell *instruction = run->pc - 1; /* it was moved on, so that the collector finds the operands */
    if (object == NULL) return no_room(run, result);
    if (result != PW_OK) return result; /* the poll ended it */
    run->fp[pwi_lane(instruction + 1, 1)] = (pw_slot)(uintptr_t)object;
    return done(run, instruction, cells);
}

/* lane 2: 1 for defaults */
pw_result pwi_run_struct_new(pw_run *run) {
    const pw_slot *fields = option(run) ? NULL : operands(run);
    const pw_type_record *type = record(run);
    pw_object *object;
    run->pc++;
    pw_result result = pwi_struct_new(run->context->store, type, fields, &object);
    return finish_new(run, result, object, 3);
}

/* lane 2: slots of the value, 0 for the default; the length is behind it */
pw_result pwi_run_array_new(pw_run *run) {
    const pw_slot *value = operands(run);
    uint32_t width = option(run), length = (uint32_t)value[width];
    const pw_type_record *type = record(run);
    pw_object *array;
    run->pc++;
    pw_result result = pwi_array_new(run->context->store, type, length, &array);
    if (result == PW_OK && width) result = pwi_array_fill(run->context->store, array, 0, length, value);
    takes_time(run, length);
    return finish_new(run, result, array, 3);
}

pw_result pwi_run_array_new_fixed(pw_run *run) {
    const pw_slot *values = operands(run);
    uint32_t length = (uint32_t)run->pc[3];
    const pw_type_record *type = record(run);
    uint32_t width = pw_type_slots(type->fields[0].storage);
    pw_object *array;
    run->pc++;
    pw_result result = pwi_array_new(run->context->store, type, length, &array);
    for (uint32_t i = 0; result == PW_OK && i < length; i++)
        result = pwi_array_fill(run->context->store, array, i, 1, values + (size_t)i * width);
    return finish_new(run, result, array, 4);
}

/* Does the segment have the elements? Traps if not. */
static pw_result check_segment(pw_run *run, unsigned from, uint32_t segment, uint32_t width, uint64_t offset, uint32_t count) {
    pw_instance *instance = run->context;
    if (from == FROM_DATA) {
        uint64_t size = instance->dropped_datas[segment] ? 0 : instance->module->datas[segment].bytes_size;
        return pwi_span_fits(offset, (uint64_t)count * width, size) ? PW_OK : trap(run, PW_TRAP_OUT_OF_BOUNDS_MEMORY);
    }
    const pw_slot *values;
    uint64_t size;
    pw_result result = pwi_elem_values(instance, segment, &values, &size);
    if (result != PW_OK) return no_room(run, result);
    return pwi_span_fits(offset, count, size) ? PW_OK : trap(run, PW_TRAP_OUT_OF_BOUNDS_TABLE);
}

static pw_result take(pw_run *run, unsigned from, uint32_t segment, pw_object *array, uint32_t at, uint64_t offset, uint32_t count) {
    takes_time(run, count);
    if (from == FROM_ELEM) return pwi_array_from_elem(run->context, segment, array, at, offset, count);
    return pwi_array_from_data(run->context, segment, array, at, offset, count);
}

/* operands: offset, length; cell 3 the segment */
pw_result pwi_run_array_new_from(pw_run *run) {
    const pw_slot *operand = operands(run);
    uint64_t offset = operand[0];
    uint32_t length = (uint32_t)operand[1], segment = (uint32_t)run->pc[3];
    unsigned from = option(run);
    const pw_type_record *type = record(run);
    pw_object *array;
    pw_result result = check_segment(run, from, segment, pwi_storage_bytes(type->fields[0].storage), offset, length);
    if (result != PW_OK) return result;
    run->pc++;
    result = pwi_array_new(run->context->store, type, length, &array);
    if (result == PW_OK) result = take(run, from, segment, array, 0, offset, length);
    return finish_new(run, result, array, 4);
}

/* operands: array, index, value, count */
pw_result pwi_run_array_fill(pw_run *run) {
    const pw_slot *operand = operands(run);
    pw_object *array = pwi_object(operand[0]);
    if (!array) return trap(run, PW_TRAP_NULL_ARRAY_REFERENCE);
    uint32_t at = (uint32_t)operand[1], count = (uint32_t)operand[2 + pw_type_slots(array->type->fields[0].storage)];
    if (!pwi_span_fits(at, count, array->length)) return trap(run, PW_TRAP_OUT_OF_BOUNDS_ARRAY);
    takes_time(run, count);
    pw_result result = pwi_array_fill(run->context->store, array, at, count, operand + 2);
    return result == PW_OK ? done(run, run->pc, 2) : ended(run, result);
}

/* operands: array, index, source array, its index, count */
pw_result pwi_run_array_copy(pw_run *run) {
    const pw_slot *operand = operands(run);
    pw_object *to = pwi_object(operand[0]), *from = pwi_object(operand[2]);
    if (!to || !from) return trap(run, PW_TRAP_NULL_ARRAY_REFERENCE);
    uint32_t to_index = (uint32_t)operand[1], from_index = (uint32_t)operand[3], count = (uint32_t)operand[4];
    if (!pwi_span_fits(to_index, count, to->length) || !pwi_span_fits(from_index, count, from->length))
        return trap(run, PW_TRAP_OUT_OF_BOUNDS_ARRAY);
    takes_time(run, count);
    pw_result result = pwi_array_copy(run->context->store, to, to_index, from, from_index, count);
    return result == PW_OK ? done(run, run->pc, 2) : ended(run, result);
}

/* operands: array, index, offset in the segment, count; cell 2 the segment, lane 2 its kind */
pw_result pwi_run_array_init(pw_run *run) {
    const pw_slot *operand = operands(run);
    pw_object *array = pwi_object(operand[0]);
    if (!array) return trap(run, PW_TRAP_NULL_ARRAY_REFERENCE);
    uint32_t at = (uint32_t)operand[1], count = (uint32_t)operand[3], segment = (uint32_t)run->pc[2];
    if (!pwi_span_fits(at, count, array->length)) return trap(run, PW_TRAP_OUT_OF_BOUNDS_ARRAY);
    uint32_t width = pwi_storage_bytes(array->type->fields[0].storage);
    pw_result result = check_segment(run, option(run), segment, width, operand[2], count);
    if (result != PW_OK) return result;
    result = take(run, option(run), segment, array, at, operand[2], count);
    return result == PW_OK ? done(run, run->pc, 3) : ended(run, result);
}
