/* gc_roots.c - the references in the frames of all runs, for the collector. Which slots of a frame hold references is
 * known from types: locals always (they are zeroed on entry), operands by the place in the code. The map of a function is
 * made by translating it once more, when the first collection finds it on the stack, and kept. */
#include "engine/gc_roots.h"

#include "base/alloc.h"
#include "engine/suspend.h"
#include "engine/walk.h"
#include "runtime/gc_heap.h"

static void mark_slots(pw_store *store, const pw_slot *fp, const uint16_t *slots, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        pwi_gc_mark(store, fp[slots[i]]);
}

/* The operands at a cell: the entry of the last emission at or before it. */
static const pw_ref_entry *entry_at(const pw_ref_map *map, uint32_t cell)
{
    uint32_t low = 0, high = map->entry_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (map->entries[middle].cell <= cell)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &map->entries[low - 1] : NULL;
}

static const pw_ref_map *map_of(pw_module *module, const pw_code *code)
{
    pw_code *writable = (pw_code *)(uintptr_t)code;
    pwi_mutex_lock(&module->code_lock);
    if (!code->ref_map)
        writable->ref_map = pwi_translate_ref_map(module, writable);
    pwi_mutex_unlock(&module->code_lock);
    return code->ref_map;
}

/* Without memory for a map nothing can be said of a frame: then no object may be freed. */
static bool mark_run(pw_store *store, const pw_run *run)
{
    for (pw_walk walk = pwi_walk_start(run); pwi_walk_settle(&walk); pwi_walk_out(&walk)) {
        const pw_ref_map *map = map_of(walk.instance->module, walk.code);
        if (!map)
            return false;
        mark_slots(store, walk.fp, map->slots, map->local_count);
        const pw_ref_entry *entry = entry_at(map, (uint32_t)(walk.pc - 1 - walk.code->cells));
        if (entry)
            mark_slots(store, walk.fp, map->slots + entry->first, entry->count);
    }
    return true;
}

bool pwi_mark_frames(pw_store *store)
{
    for (const pw_run *run = store->run; run; run = run->outer) {
        if (!mark_run(store, run))
            return false;
    }
    pwi_suspended_sweep(store);
    for (struct pw_suspended *suspended = store->suspended; suspended; suspended = suspended->next) {
        const pw_run run = pwi_suspended_run(suspended);
        if (!mark_run(store, &run))
            return false;
    }
    return true;
}
