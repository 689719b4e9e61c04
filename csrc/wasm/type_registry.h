/* type_registry.h - canonical types of an engine: two types are the same if and only if their records are the same
 * pointer, across modules (https://webassembly.github.io/spec/core/valid/matching.html). Thread-safe.
 *
 * Types come in recursive groups, and whole groups are made canonical: two groups are the same if they are when each
 * type of the group that is named in it counts as its place in the group. The records of a group live and die together,
 * as long as somebody holds one of them: modules hold those of their type section, stores those of host functions.
 */
#ifndef PW_WASM_TYPE_REGISTRY_H
#define PW_WASM_TYPE_REGISTRY_H

#include "base/sync.h"
#include "pywasi.h"

typedef enum pw_type_def_kind { PW_DEF_FUNC, PW_DEF_STRUCT, PW_DEF_ARRAY } pw_type_def_kind;

/* Storage types that are no value types: the bytes of the binary format. */
#define PW_STORAGE_I8 ((pw_val_type)0x78)
#define PW_STORAGE_I16 ((pw_val_type)0x77)
static inline bool pwi_storage_packed(pw_val_type storage) {
    return storage == PW_STORAGE_I8 || storage == PW_STORAGE_I16;
}
/* The value type that a storage type is read as. */
static inline pw_val_type pwi_storage_unpacked(pw_val_type storage) {
    return pwi_storage_packed(storage) ? PW_I32 : storage;
}
/* Bytes of an element of an array. */
static inline uint32_t pwi_storage_bytes(pw_val_type storage) {
    switch (storage) {
    case PW_STORAGE_I8: return 1;
    case PW_STORAGE_I16: return 2;
    case PW_I32:
    case PW_F32: return 4;
    case PW_V128: return 16;
    default: return 8; /* i64, f64, references */
    }
}

/* A field of a struct, the element of an array. */
typedef struct pw_field {
    pw_val_type storage;
    uint32_t slot; /* structs: the first of its slots of 8 bytes in the object; the registry fills it in */
    bool is_mutable;
} pw_field;

typedef struct pw_type_group pw_type_group;

typedef struct pw_type_record {
    uint32_t id;    /* canonical id: what value types carry as heap type */
    uint32_t depth; /* number of supertypes */
    uint8_t kind;   /* pw_type_def_kind */
    bool is_final;
    bool defaultable; /* every field has a default value */
    const struct pw_type_record *super; /* NULL: none */
    const struct pw_type_record *jump;  /* itself, or a supertype further up: see pwi_record_matches */
    pw_type_group *group;
    pw_func_type func;      /* of functions; heap types are canonical ids */
    uint32_t param_slots;   /* v128 counts 2 */
    uint32_t result_slots;
    const pw_field *fields; /* of structs; an array has one, its element */
    uint32_t field_count;
    uint32_t field_slots;   /* of structs */
    uint64_t code[8];       /* for the engine: cells of its return stub, written once by on_new */
} pw_type_record;

/* Ids are below PW_HEAP_GROUP_BASE. A table in two levels, whose parts never move: those who hold a type look it up
 * without the lock. */
#define PW_HEAP_GROUP_BASE 0x800000u
#define PW_TYPE_CHUNK_BITS 12u
#define PW_TYPE_CHUNKS (PW_HEAP_GROUP_BASE >> PW_TYPE_CHUNK_BITS)

typedef struct pw_type_registry {
    pwi_mutex lock;
    pw_type_group **buckets;
    size_t bucket_count;
    pw_type_record **chunks[PW_TYPE_CHUNKS]; /* by id; NULL where an id is free */
    size_t id_count;
    size_t groups; /* that live */
    size_t live;   /* records that live */
    uint32_t *free_ids;
    size_t free_count, free_capacity;
    void (*on_new)(pw_type_record *record, void *env); /* of a function type: the engine fills in `code` */
    void *env;
} pw_type_registry;

PW_MUST_USE pw_result pwi_types_init(pw_type_registry *registry);
void pwi_types_destroy(pw_type_registry *registry);

/* In the types that are passed to be interned, the heap type that stands for type i of the group itself. */
#define PW_HEAP_GROUP(i) (PW_HEAP_GROUP_BASE + (uint32_t)(i))
#define PW_HEAP_SELF PW_HEAP_GROUP(0)
#define PW_NO_SUPER UINT32_MAX

/* One type of a group before it has a record. All heap types are canonical ids or PW_HEAP_GROUP. */
typedef struct pw_type_def {
    uint8_t kind;
    bool is_final;
    uint32_t super; /* a canonical id, PW_HEAP_GROUP(i) of a type before this one, or PW_NO_SUPER */
    pw_func_type func;
    const pw_field *fields;
    uint32_t field_count;
} pw_type_def;

/* Finds or makes the records of a group; adds a reference for each of them. */
PW_MUST_USE pw_result pwi_types_intern_group(pw_type_registry *registry, const pw_type_def *defs, uint32_t count,
                                             pw_type_record **records);
/* The same for a group of one final function type without supertype. */
PW_MUST_USE pw_result pwi_types_intern(pw_type_registry *registry, const pw_func_type *type, pw_type_record **record);
void pwi_types_retain(pw_type_registry *registry, pw_type_record *record);
void pwi_types_drop(pw_type_registry *registry, pw_type_record *record);
/* The record of an id that may be anything; NULL if there is none. */
pw_type_record *pwi_types_find(pw_type_registry *registry, uint32_t id);

/* The record of an id that the caller knows to be held by somebody. */
static inline pw_type_record *pwi_types_at(const pw_type_registry *registry, uint32_t id) {
    return registry->chunks[id >> PW_TYPE_CHUNK_BITS][id & ((1u << PW_TYPE_CHUNK_BITS) - 1)];
}

/* ---- subtype.c ------------------------------------------------------------------------------------------------ */

/* sub <= super, for value types with canonical heap types. */
bool pwi_type_matches(const pw_type_registry *registry, pw_val_type sub, pw_val_type super);
/* The same for heap types. */
bool pwi_heap_matches(const pw_type_registry *registry, uint32_t sub, uint32_t super);
/* Has the type what its supertype has (spec: valid/types, "Sub Types")? */
bool pwi_record_fits_super(const pw_type_registry *registry, const pw_type_record *record);
/* Top of the hierarchy that a heap type belongs to: PW_HEAP_FUNC, PW_HEAP_EXTERN, PW_HEAP_ANY or PW_HEAP_EXN. */
uint32_t pwi_heap_top(const pw_type_registry *registry, uint32_t heap);

/* Is `sub` the type `super`, or one below it? `jump` leaps over ever more generations the deeper a type is, so that
 * the walk to a supertype takes steps as many as the number of generations has bits, twice at most. */
static inline bool pwi_record_matches(const pw_type_record *sub, const pw_type_record *super) {
    while (sub->depth > super->depth)
        sub = sub->jump->depth >= super->depth ? sub->jump : sub->super;
    return sub == super;
}

static inline bool pwi_type_is_ref(pw_val_type type) {
    return PW_TYPE_KIND(type) == PW_KIND_REF || PW_TYPE_KIND(type) == PW_KIND_REF_NULL;
}
/* Has the type a default value? (Packed storage types have one, too.) */
static inline bool pwi_type_defaultable(pw_val_type type) { return PW_TYPE_KIND(type) != PW_KIND_REF; }

#endif
