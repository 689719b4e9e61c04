/* subtype.c - matching of types (https://webassembly.github.io/spec/core/valid/matching.html).
 *
 * The heap types form four trees that do not meet. Types of a type section stand below the abstract type of their
 * kind, and below the supertype that they declare.
 *
 *   any                          func                extern            exn
 *    +- eq                        +- type ...         +- noextern       +- noexn
 *        +- i31                       +- nofunc
 *        +- struct -- type ...
 *        +- array --- type ...
 *            +- none (below all of them)
 */
#include "wasm/subtype.h"

#include "wasm/type_registry.h"

static bool is_concrete(uint32_t heap)
{
    return heap < PW_HEAP_GROUP_BASE;
}

/* The abstract type right above a type of a type section. */
static uint32_t kind_heap(const pw_type_registry *registry, uint32_t heap)
{
    switch ((pw_type_def_kind)pwi_types_at(registry, heap)->kind) {
    case PW_DEF_STRUCT:
        return PW_HEAP_STRUCT;
    case PW_DEF_ARRAY:
        return PW_HEAP_ARRAY;
    case PW_DEF_FUNC:
        break;
    }
    return PW_HEAP_FUNC;
}

uint32_t pwi_heap_top(const pw_type_registry *registry, uint32_t heap)
{
    if (is_concrete(heap))
        heap = kind_heap(registry, heap);
    switch (heap) {
    case PW_HEAP_EXTERN:
    case PW_HEAP_NOEXTERN:
        return PW_HEAP_EXTERN;
    case PW_HEAP_EXN:
    case PW_HEAP_NOEXN:
        return PW_HEAP_EXN;
    case PW_HEAP_ANY:
    case PW_HEAP_EQ:
    case PW_HEAP_I31:
    case PW_HEAP_STRUCT:
    case PW_HEAP_ARRAY:
    case PW_HEAP_NONE:
        return PW_HEAP_ANY;
    default:
        return PW_HEAP_FUNC;
    }
}

static bool is_bottom(uint32_t heap)
{
    return heap == PW_HEAP_NOFUNC || heap == PW_HEAP_NOEXTERN || heap == PW_HEAP_NONE ||
           heap == PW_HEAP_NOEXN;
}

bool pwi_heap_matches(const pw_type_registry *registry, uint32_t sub, uint32_t super)
{
    if (sub == super || sub == PW_HEAP_BOTTOM)
        return true;
    if (super == PW_HEAP_BOTTOM)
        return false;
    if (is_concrete(super) && is_concrete(sub))
        return pwi_record_matches(pwi_types_at(registry, sub), pwi_types_at(registry, super));
    uint32_t top = pwi_heap_top(registry, super);
    if (pwi_heap_top(registry, sub) != top)
        return false;
    if (super == top || is_bottom(sub))
        return true;
    if (is_concrete(super))
        return false;
    uint32_t kind = is_concrete(sub) ? kind_heap(registry, sub) : sub;
    return kind == super ||
           (super == PW_HEAP_EQ && (kind == PW_HEAP_I31 || kind == PW_HEAP_STRUCT || kind == PW_HEAP_ARRAY));
}

bool pwi_type_matches(const pw_type_registry *registry, pw_val_type sub, pw_val_type super)
{
    if (sub == super)
        return true;
    if (!pwi_type_is_ref(sub) || !pwi_type_is_ref(super))
        return false;
    if (PW_TYPE_KIND(sub) == PW_KIND_REF_NULL && PW_TYPE_KIND(super) == PW_KIND_REF)
        return false;
    return pwi_heap_matches(registry, PW_TYPE_HEAP(sub), PW_TYPE_HEAP(super));
}

/* ---- declared supertypes ---------------------------------------------------------------------------------------- */

static bool types_match(const pw_type_registry *registry, const pw_val_type *subs, const pw_val_type *supers,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!pwi_type_matches(registry, subs[i], supers[i]))
            return false;
    }
    return true;
}

static bool field_matches(const pw_type_registry *registry, const pw_field *sub, const pw_field *super)
{
    if (sub->is_mutable != super->is_mutable)
        return false;
    if (sub->storage == super->storage)
        return true;
    return !sub->is_mutable && pwi_type_matches(registry, sub->storage, super->storage);
}

bool pwi_record_fits_super(const pw_type_registry *registry, const pw_type_record *record)
{
    const pw_type_record *super = record->super;
    const pw_func_type *func = &record->func, *above = &super->func;
    if (record->kind != super->kind)
        return false;
    if (record->kind == PW_DEF_FUNC)
        return func->param_count == above->param_count && func->result_count == above->result_count &&
               types_match(registry, above->params, func->params, func->param_count) &&
               types_match(registry, func->results, above->results, func->result_count);
    if (record->field_count < super->field_count)
        return false;
    for (uint32_t i = 0; i < super->field_count; i++) {
        if (!field_matches(registry, &record->fields[i], &super->fields[i]))
            return false;
    }
    return true;
}
