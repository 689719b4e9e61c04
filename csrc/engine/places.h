/* places.h - where the frame of a function can stand while its call is away from the stack, and what it holds there.
 *
 * A place is where fuel can stop it, or what is behind a call; the translator notes them as it passes. In the code it is a
 * cell. Outside of it (in snapshots) it is the byte of the module at which the wasm instruction stands, and which of the places
 * with that byte it is: so it is the same on every shell, whatever instructions that makes of the function.
 *
 *   frame in a snapshot     locals | operands that are in their homes, the deepest first
 *   in code (code.h)        locals | return address | operands, each in the home of its height
 *
 * Operands that are constants or still in their locals at the place are not kept: the code knows them. Exact types come from
 * validating the function once more (wasm/operand_types.h). */
#ifndef PW_ENGINE_PLACES_H
#define PW_ENGINE_PLACES_H

#include "engine/code.h"

struct pw_place_search; /* places.c */
struct pw_translator;

typedef struct pw_place_value {
    pw_val_type type;
    uint16_t slot;  /* in the frame */
    uint8_t source; /* what `number` counts: places.c */
    char class;     /* i I f F V r, as the translator has it */
    uint32_t number;
} pw_place_value;

typedef struct pw_place {
    uint32_t func_index; /* of a function that the module defines */
    bool calls;          /* behind a call */
    bool found;
    uint32_t cell;            /* of the instruction; calls: the one behind it */
    uint32_t offset, ordinal; /* offset in the module; ordinal from 0 */
    uint32_t slot_count;      /* of all values */
    uint32_t value_count;
    size_t first_value; /* in pw_places.values */
} pw_place;

typedef struct pw_places {
    pw_module *module;
    bool by_cell; /* wanted by cell, else by offset and ordinal */
    pw_place *items;
    size_t count, capacity;
    pw_place_value *values;
    size_t value_count, value_capacity;
} pw_places;

/* Notes one that is wanted. Of a place by offset slot_count is known too: one with another is not found. */
PW_MUST_USE pw_result pwi_places_want(pw_places *places, const pw_place *wanted);
/* Finds them all; PW_ERR_ARGUMENT: there is no such place. */
PW_MUST_USE pw_result pwi_places_find(pw_places *places);
/* One that has been found. */
const pw_place *pwi_places_get(const pw_places *places, const pw_place *wanted);
void pwi_places_free(pw_places *places);

static inline const pw_place_value *pwi_place_values(const pw_places *places, const pw_place *place)
{
    return places->values + place->first_value;
}

/* For the translator. Fuel can stop a call at this cell. What is on the stack now is what there is before the instruction of
 * wasm at this offset of the module; no accumulator is live. */
void pwi_note_stop(struct pw_translator *t, uint32_t cell, uint32_t offset);
/* A call has just been emitted; its arguments are not on the stack any more. */
void pwi_note_call(struct pw_translator *t);
/* translate.c: goes over the function, and notes places. */
PW_MUST_USE pw_result pwi_translate_places(pw_module *module, pw_code *code, struct pw_place_search *search);

#endif
