/* type_registry.h - canonical types of an engine: two types are the same if and only if their records are the same
 * pointer, across modules (https://webassembly.github.io/spec/core/valid/matching.html). Thread-safe.
 *
 * A record lives while somebody holds it: modules hold those of their type section, stores those of host functions.
 */
#ifndef PW_WASM_TYPE_REGISTRY_H
#define PW_WASM_TYPE_REGISTRY_H

#include "base/sync.h"
#include "pywasi.h"

typedef enum pw_type_def_kind { PW_DEF_FUNC, PW_DEF_STRUCT, PW_DEF_ARRAY } pw_type_def_kind;

typedef struct pw_type_record {
    uint32_t id; /* canonical id: what value types carry as heap type */
    uint32_t references;
    uint32_t hash;
    uint8_t kind;           /* pw_type_def_kind; only functions today */
    pw_func_type func;      /* heap types are canonical ids */
    uint32_t param_slots;   /* v128 counts 2 */
    uint32_t result_slots;
    uint64_t code[8];       /* for the engine: cells of its return stub, written once by on_new */
    struct pw_type_record *next; /* in its hash bucket */
} pw_type_record;

typedef struct pw_type_registry {
    pwi_mutex lock;
    pw_type_record **buckets;
    size_t bucket_count;
    pw_type_record **by_id; /* NULL where an id is free */
    size_t id_count, id_capacity;
    size_t live;
    uint32_t *free_ids;
    size_t free_count, free_capacity;
    void (*on_new)(pw_type_record *record, void *env); /* the engine fills in `code` */
    void *env;
} pw_type_registry;

PW_MUST_USE pw_result pwi_types_init(pw_type_registry *registry);
void pwi_types_destroy(pw_type_registry *registry);

/* Marks, in the type passed to intern, a reference to the type itself (a recursive group of one). */
#define PW_HEAP_SELF 0xfffe00u

/* Finds or makes the record of a function type; adds a reference. Heap types must be canonical ids, or PW_HEAP_SELF.
 * In the record PW_HEAP_SELF has become the record's own id. */
PW_MUST_USE pw_result pwi_types_intern(pw_type_registry *registry, const pw_func_type *type, pw_type_record **record);
void pwi_types_retain(pw_type_registry *registry, pw_type_record *record);
void pwi_types_drop(pw_type_registry *registry, pw_type_record *record);

/* sub <= super, for value types with canonical heap types (nullability, abstract hierarchy, concrete func types). */
bool pwi_type_matches(pw_type_registry *registry, pw_val_type sub, pw_val_type super);
/* Does a null value belong to the type, and is there a default value? */
static inline bool pwi_type_is_ref(pw_val_type type) {
    return PW_TYPE_KIND(type) == PW_KIND_REF || PW_TYPE_KIND(type) == PW_KIND_REF_NULL;
}
static inline bool pwi_type_defaultable(pw_val_type type) { return PW_TYPE_KIND(type) != PW_KIND_REF; }
/* Top of the hierarchy that a heap type belongs to: PW_HEAP_FUNC, PW_HEAP_EXTERN, PW_HEAP_ANY or PW_HEAP_EXN. */
uint32_t pwi_heap_top(pw_type_registry *registry, uint32_t heap);

#endif
