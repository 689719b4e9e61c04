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

/* translate.c; the module's code lock is held. NULL: no memory. */
pw_ref_map *pwi_translate_ref_map(pw_module *module, pw_code *code);
void pwi_ref_map_free(pw_ref_map *map);

/* For pw_gc_heap.mark_frames: false when the references cannot be told, so that nothing may be freed. */
bool pwi_mark_frames(pw_store *store);

#endif
