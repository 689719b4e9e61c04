/* places.c - finding places: wanted ones are sorted, one translation of each function passes them in order, one validation
 * gives the types. */
#include "engine/places.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "engine/translate.h"
#include "wasm/operand_types.h"

enum {
    FROM_LOCAL,
    FROM_OPERAND,
    FROM_HANDLER /* the exception of a legacy handler, which wasm does not see */
};

struct pw_place_search {
    pw_places *places;
    size_t next, end;         /* of this function that are still to come */
    uint32_t offset, ordinal; /* of the last place seen */
    pw_result result;
};

pw_result pwi_places_want(pw_places *places, const pw_place *wanted)
{
    void *items = places->items;
    if (!pwi_reserve(&items, &places->capacity, places->count + 1, sizeof *places->items))
        return PW_ERR_NO_MEMORY;
    places->items = items;
    places->items[places->count++] = *wanted;
    return PW_OK;
}

void pwi_places_free(pw_places *places)
{
    pwi_free(places->items);
    pwi_free(places->values);
}

/* ---- order --------------------------------------------------------------------------------------------------- */

static int order(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

/* Code comes in the order of the offsets. A call ends where the next instruction begins: it comes first. */
static int by_cell(const void *left, const void *right)
{
    const pw_place *a = left, *b = right;
    int result = order(a->func_index, b->func_index);
    result = result ? result : order(a->cell, b->cell);
    return result ? result : order(!a->calls, !b->calls);
}

static int by_offset(const void *left, const void *right)
{
    const pw_place *a = left, *b = right;
    int result = order(a->func_index, b->func_index);
    result = result ? result : order(a->offset, b->offset);
    return result ? result : order(a->ordinal, b->ordinal);
}

static int compare(const pw_places *places, const pw_place *a, const pw_place *b)
{
    return places->by_cell ? by_cell(a, b) : by_offset(a, b);
}

static void sort_and_unite(pw_places *places)
{
    size_t kept = 0;
    qsort(places->items, places->count, sizeof *places->items, places->by_cell ? by_cell : by_offset);
    for (size_t i = 0; i < places->count; i++) {
        if (kept == 0 || compare(places, &places->items[kept - 1], &places->items[i]) != 0)
            places->items[kept++] = places->items[i];
    }
    places->count = kept;
}

const pw_place *pwi_places_get(const pw_places *places, const pw_place *wanted)
{
    return bsearch(wanted, places->items, places->count, sizeof *places->items,
                   places->by_cell ? by_cell : by_offset);
}

/* ---- what the translator has there ------------------------------------------------------------------------------- */

static bool add_value(struct pw_place_search *s, pw_place *place, uint8_t source, uint32_t number,
                      uint32_t slot, char class)
{
    pw_places *places = s->places;
    void *values = places->values;
    if (!pwi_reserve(&values, &places->value_capacity, places->value_count + 1, sizeof *places->values)) {
        s->result = PW_ERR_NO_MEMORY;
        return false;
    }
    places->values = values;
    places->values[places->value_count++] =
        (pw_place_value){.slot = (uint16_t)slot, .source = source, .class = class, .number = number};
    place->value_count++;
    place->slot_count += class == 'V' ? 2u : 1u;
    return true;
}

static void add_operands(pw_translator *t, pw_place *place)
{
    struct pw_place_search *s = t->search;
    uint32_t hidden = 0;
    size_t label = 0;
    for (size_t i = 0; i < t->height; i++) {
        const pw_operand *operand = &t->stack[i];
        while (label < t->label_count &&
               (t->labels[label].kind != PW_LABEL_CATCH || t->labels[label].height < i))
            label++;
        bool is_hidden = label < t->label_count && t->labels[label].height == i;
        uint8_t source = is_hidden ? FROM_HANDLER : FROM_OPERAND;
        uint32_t number = (uint32_t)i - hidden;
        hidden += is_hidden;
        if (operand->where == PW_IN_HOME &&
            !add_value(s, place, source, number, operand->home, operand->type))
            return;
    }
}

static void note(pw_translator *t, pw_place *place, const pw_place *here)
{
    struct pw_place_search *s = t->search;
    uint32_t expected = place->slot_count;
    *place = *here;
    place->first_value = s->places->value_count;
    for (uint32_t i = 0; i < t->local_count; i++) {
        if (!add_value(s, place, FROM_LOCAL, i, t->local_slots[i], t->local_types[i]))
            return;
    }
    add_operands(t, place);
    place->found = s->places->by_cell || place->slot_count == expected;
    if (!place->found)
        s->places->value_count =
            place->first_value; /* what was wanted is from outside: nothing grows beyond it */
}

static void pass(pw_translator *t, bool calls, uint32_t cell, uint32_t offset)
{
    struct pw_place_search *s = t->search;
    if (!s)
        return;
    s->ordinal = offset == s->offset ? s->ordinal + 1 : 0;
    s->offset = offset;
    const pw_place here = {.func_index = t->code->func_index,
                           .calls = calls,
                           .cell = cell,
                           .offset = offset,
                           .ordinal = s->ordinal};
    while (s->next < s->end && compare(s->places, &s->places->items[s->next], &here) < 0)
        s->next++;
    if (s->next < s->end && compare(s->places, &s->places->items[s->next], &here) == 0)
        note(t, &s->places->items[s->next], &here);
}

void pwi_note_stop(pw_translator *t, uint32_t cell, uint32_t offset)
{
    pass(t, false, cell, offset);
}

void pwi_note_call(pw_translator *t)
{
    pass(t, true, (uint32_t)t->cell_count, t->offset);
}

/* ---- types ----------------------------------------------------------------------------------------------------------- */

typedef struct typing {
    pw_places *places;
    pw_place *first;
} typing;

/* A local that must be set before it is read may be null still; no instruction takes it on trust that a reference is not. */
static pw_val_type nullable(pw_val_type type)
{
    return pwi_type_is_ref(type) ? PW_REF_TYPE(PW_KIND_REF_NULL, PW_TYPE_HEAP(type)) : type;
}

static pw_result see_types(void *env, size_t number, const pw_seen_types *types)
{
    const typing *to = env;
    const pw_place *place = &to->first[number];
    for (uint32_t i = 0; i < place->value_count; i++) {
        pw_place_value *value = &to->places->values[place->first_value + i];
        if (value->source == FROM_LOCAL)
            value->type = nullable(pwi_local_type(types->v, value->number));
        else if (value->source == FROM_HANDLER)
            value->type = PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_EXN);
        else if (value->number < types->operand_count)
            value->type = types->operands[value->number];
        if (!value->type || pwi_type_char(value->type) != value->class)
            return PW_ERR_ARGUMENT;
    }
    return PW_OK;
}

static pw_result find_types(pw_places *places, size_t first, size_t end)
{
    typing env = {places, &places->items[first]};
    uint32_t *offsets = pwi_alloc((end - first) * sizeof *offsets);
    if (!offsets)
        return PW_ERR_NO_MEMORY;
    for (size_t i = first; i < end; i++)
        offsets[i - first] = places->items[i].offset;
    pw_result result = pwi_operand_types(places->module, places->items[first].func_index, offsets,
                                         end - first, see_types, &env);
    pwi_free(offsets);
    return result;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------ */

static pw_result find_in_function(pw_places *places, size_t first, size_t end)
{
    pw_module *module = places->module;
    struct pw_place_search search = {.places = places, .next = first, .end = end, .result = PW_OK};
    pw_code *code = &module->metered_codes[places->items[first].func_index - module->imported_funcs];
    pw_result result = pwi_translate_places(module, code, &search);
    result = result == PW_OK ? search.result : result;
    for (size_t i = first; i < end && result == PW_OK; i++) {
        if (!places->items[i].found)
            result = PW_ERR_ARGUMENT;
    }
    return result == PW_OK ? find_types(places, first, end) : result;
}

pw_result pwi_places_find(pw_places *places)
{
    pw_result result = pwi_engine_prepare_metered(places->module->engine, places->module);
    if (places->count == 0)
        return result;
    sort_and_unite(places);
    for (size_t first = 0, end = 0; first < places->count && result == PW_OK; first = end) {
        while (end < places->count && places->items[end].func_index == places->items[first].func_index)
            end++;
        result = find_in_function(places, first, end);
    }
    return result;
}
