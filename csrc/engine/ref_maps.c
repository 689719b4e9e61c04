/* ref_maps.c - the translator's part of the reference maps (gc_roots.h). */
#include <string.h>

#include "base/alloc.h"
#include "engine/places.h"
#include "engine/translate.h"

static bool add_slot(pw_translator *t, uint32_t slot)
{
    void *slots = t->ref_slots;
    if (!pwi_reserve(&slots, &t->ref_slot_capacity, t->ref_slot_count + 1, sizeof *t->ref_slots))
        return false;
    t->ref_slots = slots;
    t->ref_slots[t->ref_slot_count++] = (uint16_t)slot;
    return true;
}

/* Same references as the last entry noted? Then that one holds for this cell too. */
static bool same_as_last(const pw_translator *t, size_t first)
{
    if (t->entry_count == 0)
        return false;
    const pw_ref_entry *last = &t->entries[t->entry_count - 1];
    size_t count = t->ref_slot_count - first;
    return last->count == count &&
           (count == 0 || memcmp(t->ref_slots + last->first, t->ref_slots + first, count * 2) == 0);
}

void pwi_note_references(pw_translator *t, uint32_t cell)
{
    /* cells that were taken back take their entries with them */
    bool arrived = cell == t->arrival;
    while (t->entry_count > 0 && t->entries[t->entry_count - 1].cell >= cell + arrived)
        t->ref_slot_count = t->entries[--t->entry_count].first;
    if (arrived)
        return;
    size_t first = t->ref_slot_count;
    bool room = true;
    t->until_look -= (int64_t)t->height / 16;
    for (size_t i = 0; i < t->height && room; i++) {
        if (t->stack[i].type == 'r' && t->stack[i].where == PW_IN_HOME)
            room = add_slot(t, t->stack[i].home);
    }
    if (room && same_as_last(t, first)) {
        t->ref_slot_count = first;
        return;
    }
    void *entries = t->entries;
    if (!room || !pwi_reserve(&entries, &t->entry_capacity, t->entry_count + 1, sizeof *t->entries)) {
        t->no_memory = true;
        return;
    }
    t->entries = entries;
    t->entries[t->entry_count++] =
        (pw_ref_entry){cell, (uint32_t)first, (uint32_t)(t->ref_slot_count - first)};
    if (t->ref_slot_count > PW_REF_MAP_SLOTS) {
        t->stopped = PW_ERR_LIMIT;
        t->no_memory = true;
    }
}

void pwi_arrive(pw_translator *t)
{
    pwi_stop_before(t, (uint32_t)(t->p - t->module->bytes));
}

void pwi_stop_before(pw_translator *t, uint32_t offset)
{
    if (t->code->metered)
        pwi_note_stop(t, (uint32_t)t->cell_count, offset);
    if (!t->mapping || t->no_memory)
        return;
    t->arrival = SIZE_MAX;
    pwi_note_references(t, (uint32_t)t->cell_count);
    t->arrival = t->cell_count;
}

/* One block: the map, its entries, its slots; those of locals first. */
pw_ref_map *pwi_ref_map_make(const pw_translator *t)
{
    uint32_t locals = 0;
    for (uint32_t i = 0; i < t->local_count; i++)
        locals += t->local_types[i] == 'r';
    size_t slots = locals + t->ref_slot_count;
    pw_ref_map *map = pwi_alloc(sizeof *map + t->entry_count * sizeof *map->entries + slots * sizeof *map->slots);
    if (!map)
        return NULL;
    map->entries = (pw_ref_entry *)(map + 1);
    map->slots = (uint16_t *)(map->entries + t->entry_count);
    map->local_count = 0;
    map->entry_count = (uint32_t)t->entry_count;
    for (uint32_t i = 0; i < t->local_count; i++) {
        if (t->local_types[i] == 'r')
            map->slots[map->local_count++] = t->local_slots[i];
    }
    if (t->ref_slot_count)
        memcpy(map->slots + locals, t->ref_slots, t->ref_slot_count * sizeof *map->slots);
    for (size_t i = 0; i < t->entry_count; i++) {
        map->entries[i] = t->entries[i];
        map->entries[i].first += locals;
    }
    return map;
}

const pw_ref_map pwi_no_ref_map;

void pwi_ref_map_free(pw_ref_map *map)
{
    if (map != &pwi_no_ref_map)
        pwi_free(map);
}
