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

/* Made without the lock, as code is. */
static pw_result make_map(pw_store *store, pw_module *module, pw_code *code)
{
    pw_ref_map *made;
    pw_result result = pwi_translate_ref_map(store, module, code, &made);
    if (result == PW_ERR_LIMIT)
        made = (pw_ref_map *)(uintptr_t)&pwi_no_ref_map;
    else if (result != PW_OK)
        return result;
    pwi_mutex_lock(&module->code_lock);
    bool first = !code->ref_map;
    if (first)
        code->ref_map = made;
    pwi_mutex_unlock(&module->code_lock);
    if (!first)
        pwi_ref_map_free(made);
    return PW_OK;
}

static pw_result map_of(pw_store *store, pw_module *module, const pw_code *code, const pw_ref_map **map)
{
    pw_code *writable = (pw_code *)(uintptr_t)code;
    pwi_mutex_lock(&module->code_lock);
    *map = code->ref_map;
    pwi_mutex_unlock(&module->code_lock);
    if (*map == NULL) {
        pw_result result = make_map(store->gc.deaf ? NULL : store, module, writable);
        if (result != PW_OK)
            return result;
        pwi_mutex_lock(&module->code_lock);
        *map = code->ref_map;
        pwi_mutex_unlock(&module->code_lock);
    }
    return *map == &pwi_no_ref_map ? PW_ERR_NO_MEMORY : PW_OK;
}

/* Without memory for a map nothing can be said of a frame: then no object may be freed. */
static pw_result mark_run(pw_store *store, const pw_run *run)
{
    for (pw_walk walk = pwi_walk_start(run); pwi_walk_settle(&walk); pwi_walk_out(&walk)) {
        const pw_ref_map *map;
        pw_result result = map_of(store, walk.instance->module, walk.code, &map);
        if (result != PW_OK)
            return result;
        mark_slots(store, walk.fp, map->slots, map->local_count);
        const pw_ref_entry *entry = entry_at(map, (uint32_t)(walk.pc - 1 - walk.code->cells));
        if (entry)
            mark_slots(store, walk.fp, map->slots + entry->first, entry->count);
    }
    return PW_OK;
}

pw_result pwi_mark_frames(pw_store *store)
{
    pw_result result = PW_OK;
    for (const pw_run *run = store->run; run && result == PW_OK; run = run->outer)
        result = mark_run(store, run);
    pwi_suspended_sweep(store);
    for (struct pw_suspended *suspended = store->suspended; suspended && result == PW_OK; suspended = suspended->next) {
        const pw_run run = pwi_suspended_run(suspended);
        result = mark_run(store, &run);
    }
    return result;
}
