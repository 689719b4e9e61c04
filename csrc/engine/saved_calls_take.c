/* saved_calls_take.c - the frames of stopped calls, as values with types. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "engine/saved_calls.h"
#include "engine/walk.h"

typedef struct keeping {
    pw_taking *taking;
    const pw_instance *instance;
    pw_snapshot *snapshot;
    pw_places places;
} keeping;

void pwi_func_text(const pw_module *module, uint32_t func_index, char *out, size_t size)
{
    pw_name name = pw_module_func_name(module, func_index);
    size_t shown = name.length <= 80 ? name.length : pwi_utf8_cut(name.bytes, 80);
    if (name.length)
        (void)snprintf(out, size, "%.*s", (int)shown, name.bytes);
    else
        (void)snprintf(out, size, "func[%lu]", (unsigned long)func_index);
}

static void refuse(keeping *k, const char *before, const pw_module *module, uint32_t func_index,
                   const char *why)
{
    char name[100], place[160];
    pwi_func_text(module, func_index, name, sizeof name);
    (void)snprintf(place, sizeof place, "%s %s", before, name);
    pwi_taking_refuse(k->taking, place, why);
}

/* Where the frame that the walk is at stands. */
static pw_place place_of(const pw_walk *walk, bool innermost)
{
    const pw_cell *cell = innermost ? walk->pc - 1 : walk->pc;
    return (pw_place){.func_index = walk->code->func_index,
                      .calls = !innermost,
                      .cell = (uint32_t)(cell - walk->code->cells)};
}

/* All frames are the instance's, with no bridge between them or below. */
static bool stays_inside(const struct pw_suspended *suspended, const pw_instance *instance, pw_result *result)
{
    const pw_run run = pwi_suspended_run((struct pw_suspended *)(uintptr_t)suspended);
    const pw_slot *expected = run.fp, *outermost = NULL;
    pw_walk walk = pwi_walk_start(&run);
    while (pwi_walk_settle(&walk)) {
        if (walk.instance != instance || walk.fp != expected)
            return false;
        outermost = walk.fp;
        pwi_walk_out(&walk);
        expected = walk.fp;
    }
    if (walk.pc != walk.halt)
        *result = PW_ERR_NO_MEMORY; /* for the index of codes */
    return suspended->func->instance == instance && outermost == suspended->slots;
}

static pw_result want_places(keeping *k, struct pw_suspended *suspended)
{
    const pw_run run = pwi_suspended_run(suspended);
    bool innermost = true;
    for (pw_walk walk = pwi_walk_start(&run); pwi_walk_settle(&walk);
         pwi_walk_out(&walk), innermost = false) {
        const pw_place place = place_of(&walk, innermost);
        if (pwi_places_want(&k->places, &place) != PW_OK)
            return PW_ERR_NO_MEMORY;
    }
    return PW_OK;
}

static void keep_frame(keeping *k, const pw_place *place, const pw_slot *fp)
{
    const pw_place_value *values = pwi_place_values(&k->places, place);
    const pw_saved_frame frame = {.func_index = place->func_index,
                                  .offset = place->offset,
                                  .ordinal = place->ordinal,
                                  .slot_count = place->slot_count};
    if (pwi_snapshot_add_frame(k->snapshot, &frame) != PW_OK) {
        pwi_taking_failed(k->taking, PW_ERR_NO_MEMORY);
        return;
    }
    pw_slot *to = k->snapshot->frame_slots + k->snapshot->frames[k->snapshot->frame_count - 1].first;
    for (uint32_t i = 0; i < place->value_count; i++) {
        const char *why = pwi_taking_value(k->taking, values[i].type, fp + values[i].slot, to);
        if (why) {
            char reason[120];
            (void)snprintf(reason, sizeof reason, "holds %s", why);
            refuse(k, "the stopped call, in", k->instance->module, place->func_index, reason);
            return;
        }
        to += pw_type_slots(values[i].type);
    }
}

static void keep_call(keeping *k, struct pw_suspended *suspended)
{
    const pw_run run = pwi_suspended_run(suspended);
    bool innermost = true;
    if (pwi_snapshot_add_call(k->snapshot, suspended->func->func_index, suspended->owed) != PW_OK) {
        pwi_taking_failed(k->taking, PW_ERR_NO_MEMORY);
        return;
    }
    for (pw_walk walk = pwi_walk_start(&run); pwi_walk_settle(&walk);
         pwi_walk_out(&walk), innermost = false) {
        const pw_place wanted = place_of(&walk, innermost), *place = pwi_places_get(&k->places, &wanted);
        if (!place) { /* the walk before was cut short: the index of codes is made with memory */
            pwi_taking_failed(k->taking, PW_ERR_NO_MEMORY);
            return;
        }
        keep_frame(k, place, walk.fp);
    }
}

/* Those that can be kept, the oldest first, at the front of the array; the others are refused. NULL: no memory. */
static struct pw_suspended **choose(keeping *k, size_t *count)
{
    struct pw_suspended *s;
    pw_result result = PW_OK;
    size_t all = 0;
    for (s = k->instance->store->suspended; s; s = s->next)
        all++;
    struct pw_suspended **chosen = pwi_alloc_zero(all + 1, sizeof *chosen), **end = chosen + all;
    *count = 0;
    if (!chosen)
        return NULL;
    for (s = k->instance->store->suspended; s; s = s->next) {
        if (!pwi_suspended_touches(s, k->instance))
            continue;
        if (stays_inside(s, k->instance, &result)) {
            *--end = s;
            continue;
        }
        refuse(k, "a stopped call of", s->func->instance->module, s->func->func_index,
               "passes through other instances");
    }
    for (; end + *count < chosen + all; ++*count)
        chosen[*count] = end[*count];
    pwi_taking_failed(k->taking, result);
    return chosen;
}

void pwi_saved_calls_keep(pw_taking *taking, const pw_instance *instance, pw_snapshot *snapshot)
{
    keeping k = {.taking = taking,
                 .instance = instance,
                 .snapshot = snapshot,
                 .places = {.module = instance->module, .by_cell = true}};
    size_t count = 0;
    snapshot->fuel = pw_store_fuel(instance->store);
    if (!instance->store->suspended)
        return;
    struct pw_suspended **calls = choose(&k, &count);
    pw_result result = calls ? PW_OK : PW_ERR_NO_MEMORY;
    for (size_t i = 0; i < count && result == PW_OK; i++)
        result = want_places(&k, calls[i]);
    if (count && result == PW_OK)
        result = pwi_places_find(&k.places);
    if (count)
        snapshot->call_build = pwi_call_build();
    for (size_t i = 0; i < count && result == PW_OK; i++)
        keep_call(&k, calls[i]);
    pwi_taking_failed(taking, result);
    pwi_free((void *)calls);
    pwi_places_free(&k.places);
}
