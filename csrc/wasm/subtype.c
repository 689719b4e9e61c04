/* subtype.c - matching of types (https://webassembly.github.io/spec/core/valid/matching.html).
 *
 * The heap types form four trees that do not meet. Types of a type section are functions today; structs and arrays
 * (GC) will look at the record of the id and its chain of supertypes.
 *
 *   any                          func                extern            exn
 *    +- eq                        +- type ...         +- noextern       +- noexn
 *        +- i31                       +- nofunc
 *        +- struct
 *        +- array
 *            +- none (below all three)
 */
#include "wasm/type_registry.h"

#include "wasm/subtype.h"

static bool is_concrete(uint32_t heap)
{
    return heap < PW_HEAP_ABSTRACT && heap != PW_HEAP_BOTTOM;
}

uint32_t pwi_heap_top(pw_type_registry *registry, uint32_t heap)
{
    (void)registry; /* every type in it is a function */
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

static bool heap_matches(pw_type_registry *registry, uint32_t sub, uint32_t super)
{
    if (sub == super || sub == PW_HEAP_BOTTOM)
        return true;
    if (super == PW_HEAP_BOTTOM || pwi_heap_top(registry, sub) != pwi_heap_top(registry, super))
        return false;
    if (super == pwi_heap_top(registry, super))
        return true;
    if (is_bottom(sub))
        return true;
    if (is_concrete(super))
        return false; /* functions of a type section are final: only the type itself, and nofunc */
    return super == PW_HEAP_EQ && (sub == PW_HEAP_I31 || sub == PW_HEAP_STRUCT || sub == PW_HEAP_ARRAY);
}

bool pwi_type_matches(pw_type_registry *registry, pw_val_type sub, pw_val_type super)
{
    if (sub == super)
        return true;
    if (!pwi_type_is_ref(sub) || !pwi_type_is_ref(super))
        return false;
    if (PW_TYPE_KIND(sub) == PW_KIND_REF_NULL && PW_TYPE_KIND(super) == PW_KIND_REF)
        return false;
    return heap_matches(registry, PW_TYPE_HEAP(sub), PW_TYPE_HEAP(super));
}
