/* gc_roots.h - maps of the references in frames. */
#ifndef PW_ENGINE_GC_ROOTS_H
#define PW_ENGINE_GC_ROOTS_H

#include "engine/code.h"

/* The operands that are references while the cells from `cell` on (up to the next entry's) are executed. */
typedef struct pw_ref_entry {
    uint32_t cell;
    uint32_t first, count; /* in pw_ref_map.slots */
} pw_ref_entry;

typedef struct pw_ref_map {
    uint32_t local_count; /* the first slots are those of locals */
    uint32_t entry_count;
    uint16_t *slots;
    pw_ref_entry *entries;
} pw_ref_map;

/* What a map may hold. A function that it is too small for has more references on its operand stack, at more places, than
 * any program: nothing is collected while it runs, so that the store's limit ends it. */
#define PW_REF_MAP_SLOTS ((size_t)4 << 20)

/* translate.c. PW_ERR_LIMIT: it would be too large; PW_ERR_NO_MEMORY; or what the store's poll hook said. */
PW_MUST_USE pw_result pwi_translate_ref_map(pw_store *store, pw_module *module, pw_code *code, pw_ref_map **map);
/* Stands in the place of a map that would be too large. */
extern const pw_ref_map pwi_no_ref_map;
void pwi_ref_map_free(pw_ref_map *map);

/* For pw_gc_heap.mark_frames. PW_ERR_NO_MEMORY: the references cannot be told, so that nothing may be freed. */
PW_MUST_USE pw_result pwi_mark_frames(pw_store *store);

#endif
