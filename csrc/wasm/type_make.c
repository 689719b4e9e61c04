/* type_make.c - the records of a group that is new to the registry. */
#include "wasm/type_group.h"

#include <string.h>

#include "base/alloc.h"

/* ---- ids -------------------------------------------------------------------------------------------------------- */

/* Makes sure that so many ids can be taken. The list of free ids gets room for all ids here, so that giving one back
 * cannot fail. */
static pw_result reserve_ids(pw_type_registry *registry, uint32_t count)
{
    size_t fresh = count > registry->free_count ? count - registry->free_count : 0;
    size_t total = registry->id_count + fresh;
    if (total > PW_HEAP_GROUP_BASE)
        return PW_ERR_LIMIT;
    if (!pwi_reserve((void **)&registry->free_ids, &registry->free_capacity, total,
                     sizeof *registry->free_ids))
        return PW_ERR_NO_MEMORY;
    for (size_t id = registry->id_count; id < total; id = (id | ((1u << PW_TYPE_CHUNK_BITS) - 1)) + 1) {
        pw_type_record ***chunk = &registry->chunks[id >> PW_TYPE_CHUNK_BITS];
        if (!*chunk)
            *chunk = pwi_alloc_zero((size_t)1 << PW_TYPE_CHUNK_BITS, sizeof **chunk);
        if (!*chunk)
            return PW_ERR_NO_MEMORY;
    }
    return PW_OK;
}

static uint32_t take_id(pw_type_registry *registry, pw_type_record *record)
{
    uint32_t id;
    if (registry->free_count > 0)
        id = registry->free_ids[--registry->free_count];
    else
        id = (uint32_t)registry->id_count++;
    registry->chunks[id >> PW_TYPE_CHUNK_BITS][id & ((1u << PW_TYPE_CHUNK_BITS) - 1)] = record;
    return id;
}

/* ---- contents --------------------------------------------------------------------------------------------------- */

static pw_val_type from_key(const pw_type_group *group, pw_val_type type)
{
    if (!pwi_type_is_ref(type))
        return type;
    uint32_t place = PW_TYPE_HEAP(type) - PW_HEAP_GROUP_BASE; /* wraps for ids */
    return place < group->count ? PW_REF_TYPE(PW_TYPE_KIND(type), group->records[place].id) : type;
}

/* Returns how many slots the types take. */
static uint32_t copy_types(const pw_type_group *group, pw_val_type *to, const pw_val_type *from,
                           uint32_t count)
{
    uint32_t slots = 0;
    for (uint32_t i = 0; i < count; i++) {
        to[i] = from_key(group, from[i]);
        slots += pw_type_slots(to[i]);
    }
    return slots;
}

static void copy_func(pw_type_group *group, pw_type_record *record, const pw_func_type *func,
                      pw_val_type **types)
{
    pw_val_type *params = *types, *results = params + func->param_count;
    *types = results + func->result_count;
    record->func = (pw_func_type){func->param_count, func->result_count, params, results};
    record->param_slots = copy_types(group, params, func->params, func->param_count);
    record->result_slots = copy_types(group, results, func->results, func->result_count);
}

static void copy_fields(pw_type_group *group, pw_type_record *record, const pw_type_def *def,
                        pw_field **fields)
{
    pw_field *to = *fields;
    *fields += def->field_count;
    record->fields = to;
    record->field_count = def->field_count;
    for (uint32_t i = 0; i < def->field_count; i++) {
        pw_val_type storage = from_key(group, def->fields[i].storage);
        record->defaultable = record->defaultable && pwi_type_defaultable(storage);
        to[i] = (pw_field){storage, record->field_slots, def->fields[i].is_mutable};
        record->field_slots += pw_type_slots(storage);
    }
}

/* The jumps of pwi_record_matches: as long as the two before it together, where those are equally long, else one
 * generation ("skew-binary" numbers). */
static void set_super(const pw_type_registry *registry, pw_type_group *group, pw_type_record *record,
                      uint32_t super)
{
    record->jump = record;
    if (super == PW_NO_SUPER)
        return;
    const pw_type_record *up = super >= PW_HEAP_GROUP_BASE ? &group->records[super - PW_HEAP_GROUP_BASE]
                                                           : pwi_types_at(registry, super);
    const pw_type_record *far = up->jump;
    record->super = up;
    record->depth = up->depth + 1;
    record->jump = up->depth - far->depth == far->depth - far->jump->depth ? far->jump : up;
}

static void fill(const pw_type_registry *registry, pw_type_group *group, const pw_type_def *defs,
                 pw_val_type *types, pw_field *fields)
{
    for (uint32_t i = 0; i < group->count; i++) {
        pw_type_record *record = &group->records[i];
        record->kind = defs[i].kind;
        record->is_final = defs[i].is_final;
        record->defaultable = true;
        set_super(registry, group, record, defs[i].super);
        if (record->kind != PW_DEF_FUNC) {
            copy_fields(group, record, &defs[i], &fields);
            continue;
        }
        copy_func(group, record, &defs[i].func, &types);
        if (registry->on_new)
            registry->on_new(record, registry->env);
    }
}

pw_result pwi_group_make(pw_type_registry *registry, const pw_type_def *defs, uint32_t count,
                         pw_type_group **out)
{
    size_t types = 0, fields = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (defs[i].kind == PW_DEF_FUNC)
            types += (size_t)defs[i].func.param_count + defs[i].func.result_count;
        else
            fields += defs[i].field_count;
    }
    pw_result result = reserve_ids(registry, count);
    if (result != PW_OK)
        return result;
    size_t records = sizeof(pw_type_group) + count * sizeof(pw_type_record);
    pw_type_group *group = pwi_alloc(records + types * sizeof(pw_val_type) + fields * sizeof(pw_field));
    if (!group)
        return PW_ERR_NO_MEMORY;
    memset(group, 0, records);
    group->count = count;
    for (uint32_t i = 0; i < count; i++) {
        group->records[i].group = group;
        group->records[i].id = take_id(registry, &group->records[i]);
    }
    pw_val_type *first_type = (pw_val_type *)(group->records + count);
    fill(registry, group, defs, first_type, (pw_field *)(first_type + types));
    *out = group;
    return PW_OK;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

typedef struct name_visit {
    const pw_type_registry *registry;
    pw_type_group *group;
    void (*visit)(pw_type_group *named, void *env);
    void *env;
} name_visit;

static void visit_record(const name_visit *names, const pw_type_record *record)
{
    if (record->group != names->group)
        names->visit(record->group, names->env);
}

static void visit_type(const name_visit *names, pw_val_type type)
{
    if (pwi_type_is_ref(type) && PW_TYPE_HEAP(type) < PW_HEAP_GROUP_BASE)
        visit_record(names, pwi_types_at(names->registry, PW_TYPE_HEAP(type)));
}

void pwi_group_names(const pw_type_registry *registry, pw_type_group *group,
                     void (*visit)(pw_type_group *named, void *env), void *env)
{
    const name_visit names = {registry, group, visit, env};
    for (uint32_t i = 0; i < group->count; i++) {
        const pw_type_record *record = &group->records[i];
        if (record->super)
            visit_record(&names, record->super);
        for (uint32_t t = 0; t < record->func.param_count; t++)
            visit_type(&names, record->func.params[t]);
        for (uint32_t t = 0; t < record->func.result_count; t++)
            visit_type(&names, record->func.results[t]);
        for (uint32_t f = 0; f < record->field_count; f++)
            visit_type(&names, record->fields[f].storage);
    }
}
