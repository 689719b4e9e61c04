/* validate_locals.c - declarations of locals, and which of them must be set before they are read
 * (https://webassembly.github.io/spec/core/valid/instructions.html#variable-instructions). */
#include "wasm/validate.h"

#include <string.h>

#include "base/alloc.h"
#include "wasm/scan.h"

static pw_result add_group(pw_validator *v, uint32_t repeat, pw_val_type type)
{
    if (repeat == 0)
        return PW_OK;
    if (!pwi_reserve((void **)&v->groups, &v->group_capacity, (size_t)v->group_count + 1, sizeof *v->groups))
        return pwi_no_memory(v->reader.error);
    uint32_t begin = v->local_count;
    v->local_count += repeat;
    v->local_slots += repeat * pw_type_slots(type);
    v->groups[v->group_count++] = (pw_local_group){v->local_count, type};
    for (uint32_t i = begin; i < v->local_count && i < PW_DIRECT_LOCALS; i++)
        v->direct_locals[i] = type;
    return PW_OK;
}

/* Marks all locals without default value, parameters are set. */
static pw_result init_unset(pw_validator *v, uint32_t param_count)
{
    size_t bytes = ((size_t)v->local_count + 7) / 8;
    uint32_t begin = 0, marked = 0;
    v->has_unset = true;
    if (!pwi_reserve((void **)&v->unset, &v->unset_capacity, bytes, 1))
        return pwi_no_memory(v->reader.error);
    memset(v->unset, 0, bytes);
    for (uint32_t g = 0; g < v->group_count; g++) {
        for (uint32_t i = begin; i < v->groups[g].end; i++) {
            if (i >= param_count && !pwi_type_defaultable(v->groups[g].type)) {
                v->unset[i >> 3] |= (uint8_t)(1u << (i & 7));
                marked++;
            }
        }
        begin = v->groups[g].end;
    }
    if (!pwi_reserve((void **)&v->set_log, &v->set_capacity, marked, sizeof *v->set_log))
        return pwi_no_memory(v->reader.error);
    return PW_OK;
}

/* Parameters that are all found directly need one group only, so that the groups after it end where they should. */
static pw_result add_params(pw_validator *v, const pw_type_record *type)
{
    uint32_t count = type->func.param_count;
    if (count == 0)
        return PW_OK;
    if (count <= PW_DIRECT_LOCALS) {
        PW_TRY(add_group(v, count, type->func.params[0]));
        v->local_slots = type->param_slots;
        memcpy(v->direct_locals, type->func.params, count * sizeof(pw_val_type));
        return PW_OK;
    }
    for (uint32_t i = 0; i < count; i++)
        PW_TRY(add_group(v, 1, type->func.params[i]));
    return PW_OK;
}

pw_result pwi_locals_read(pw_validator *v, const pw_type_record *type)
{
    pw_reader *reader = &v->reader;
    const uint8_t *start = reader->at;
    uint32_t groups;
    uint64_t declared;
    bool defaultable = true;
    v->group_count = v->local_count = v->local_slots = v->set_count = 0;
    v->has_unset = false;
    PW_TRY(add_params(v, type));
    PW_TRY(pwi_scan_locals(reader, &declared)); /* malformed declarations win over too many locals */
    if (declared + v->local_count > PW_MAX_LOCALS)
        return pwi_reader_invalid(reader, start, "%llu locals: the limit is %u",
                                  (unsigned long long)(declared + v->local_count), PW_MAX_LOCALS);
    reader->at = start;
    PW_TRY(pwi_read_u32(reader, &groups));
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t repeat;
        pw_val_type local;
        PW_TRY(pwi_read_u32(reader, &repeat));
        PW_TRY(pwi_read_val_type(reader, &local));
        defaultable &= repeat == 0 || pwi_type_defaultable(local);
        PW_TRY(add_group(v, repeat, local));
    }
    v->direct_count = v->local_count < PW_DIRECT_LOCALS ? v->local_count : PW_DIRECT_LOCALS;
    return defaultable ? PW_OK : init_unset(v, type->func.param_count);
}

pw_val_type pwi_local_type_slow(const pw_validator *v, uint32_t index)
{
    uint32_t low = 0, high = v->group_count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index < v->groups[middle].end)
            high = middle;
        else
            low = middle + 1;
    }
    return v->groups[low].type;
}

void pwi_local_mark_set(pw_validator *v, uint32_t index)
{
    v->unset[index >> 3] &= (uint8_t)~(1u << (index & 7));
    v->set_log[v->set_count++] = index;
}

void pwi_locals_rewind(pw_validator *v, uint32_t set_count)
{
    while (v->set_count > set_count) {
        uint32_t index = v->set_log[--v->set_count];
        v->unset[index >> 3] |= (uint8_t)(1u << (index & 7));
    }
}
