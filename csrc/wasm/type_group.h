/* type_group.h - a recursive group of types in the registry, and groups as keys. Only for csrc/wasm/type_*.c. */
#ifndef PW_WASM_TYPE_GROUP_H
#define PW_WASM_TYPE_GROUP_H

#include "wasm/type_registry.h"

/* One allocation: the group, its records, their value types, their fields. */
struct pw_type_group {
    uint32_t references;
    uint32_t hash;
    uint32_t count;
    struct pw_type_group *next; /* in its hash bucket */
    pw_type_record records[];
};

/* ---- type_key.c ------------------------------------------------------------------------------------------------- */

/* Seeded with an address, so that nobody can prepare a module of types that all fall into one bucket. */
uint32_t pwi_group_hash(const pw_type_registry *registry, const pw_type_def *defs, uint32_t count);
bool pwi_group_equal(const pw_type_registry *registry, const pw_type_group *group, const pw_type_def *defs,
                     uint32_t count);

/* ---- type_make.c ------------------------------------------------------------------------------------------------ */

/* Makes the records of a group; the lock is held. It is in no bucket and has no references yet. */
PW_MUST_USE pw_result pwi_group_make(pw_type_registry *registry, const pw_type_def *defs, uint32_t count,
                                     pw_type_group **group);
/* Calls `visit` for every group other than itself that it names, once for each time. */
void pwi_group_names(const pw_type_registry *registry, pw_type_group *group,
                     void (*visit)(pw_type_group *named, void *env), void *env);

#endif
