/* type_key.c - groups as keys: hashing, and comparing a group that is wanted with one that is there.
 *
 * In the wanted one, types of the group itself are PW_HEAP_GROUP(place); in the records they are canonical ids, which
 * comparing turns back into places (as_key). That makes two recursive groups the same if their only difference is
 * their own names.
 */
#include "wasm/type_group.h"

#define MIX UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * MIX;
    return hash ^ hash >> 29;
}

static uint64_t hash_types(uint64_t hash, const pw_val_type *types, uint32_t count)
{
    hash = mix(hash, count);
    for (uint32_t i = 0; i < count; i++)
        hash = mix(hash, types[i]);
    return hash;
}

uint32_t pwi_group_hash(const pw_type_registry *registry, const pw_type_def *defs, uint32_t count)
{
    uint64_t hash = mix((uint64_t)(uintptr_t)registry, count);
    for (uint32_t i = 0; i < count; i++) {
        const pw_type_def *def = &defs[i];
        hash = mix(hash, (uint64_t)def->super << 8 | (uint64_t)def->kind << 1 | (def->is_final ? 1 : 0));
        if (def->kind == PW_DEF_FUNC) {
            hash = hash_types(hash, def->func.params, def->func.param_count);
            hash = hash_types(hash, def->func.results, def->func.result_count);
            continue;
        }
        hash = mix(hash, def->field_count);
        for (uint32_t f = 0; f < def->field_count; f++)
            hash = mix(hash, (uint64_t)def->fields[f].storage << 1 | (def->fields[f].is_mutable ? 1 : 0));
    }
    return (uint32_t)(hash >> 32);
}

static uint32_t heap_key(const pw_type_registry *registry, const pw_type_group *group, uint32_t heap)
{
    if (heap >= PW_HEAP_GROUP_BASE)
        return heap;
    const pw_type_record *record = pwi_types_at(registry, heap);
    return record->group == group ? PW_HEAP_GROUP(record - group->records) : heap;
}

static pw_val_type as_key(const pw_type_registry *registry, const pw_type_group *group, pw_val_type type)
{
    if (!pwi_type_is_ref(type))
        return type;
    return PW_REF_TYPE(PW_TYPE_KIND(type), heap_key(registry, group, PW_TYPE_HEAP(type)));
}

static bool types_equal(const pw_type_registry *registry, const pw_type_group *group,
                        const pw_val_type *types, const pw_val_type *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (keys[i] != as_key(registry, group, types[i]))
            return false;
    }
    return true;
}

static bool record_equal(const pw_type_registry *registry, const pw_type_record *record,
                         const pw_type_def *def)
{
    const pw_type_group *group = record->group;
    uint32_t super = record->super ? heap_key(registry, group, record->super->id) : PW_NO_SUPER;
    if (record->kind != def->kind || record->is_final != def->is_final || super != def->super)
        return false;
    const pw_func_type *func = &record->func, *wanted = &def->func;
    if (def->kind == PW_DEF_FUNC)
        return func->param_count == wanted->param_count && func->result_count == wanted->result_count &&
               types_equal(registry, group, func->params, wanted->params, func->param_count) &&
               types_equal(registry, group, func->results, wanted->results, func->result_count);
    if (record->field_count != def->field_count)
        return false;
    for (uint32_t i = 0; i < def->field_count; i++) {
        const pw_field *field = &record->fields[i], *other = &def->fields[i];
        if (field->is_mutable != other->is_mutable ||
            as_key(registry, group, field->storage) != other->storage)
            return false;
    }
    return true;
}

bool pwi_group_equal(const pw_type_registry *registry, const pw_type_group *group, const pw_type_def *defs,
                     uint32_t count)
{
    if (group->count != count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!record_equal(registry, &group->records[i], &defs[i]))
            return false;
    }
    return true;
}
