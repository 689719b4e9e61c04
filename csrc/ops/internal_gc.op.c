/* Handlers of structs, arrays, i31 and casts (https://webassembly.github.io/spec/core/exec/instructions.html): the
 * translator picks them by the storage type. Slots only. A reference is in lane 0. */
#include "internal_prelude.h"
#include "op_prelude.h"

/* ---- structs: field's slot in the high half; result or value in lane 1 ---------------------------------------------- */

INTERNAL(struct_get_plain, 2)
{
    const pw_object *object = pwi_object(fp[PW_LANE(1, 0)]);
    TRAP_IF(object == NULL, NULL_STRUCTURE_REFERENCE);
    fp[PW_LANE(1, 1)] = object->payload[PW_HIGH(1)];
    PW_NEXT(2);
}

INTERNAL(struct_get_i8, 2)
{
    const pw_object *object = pwi_object(fp[PW_LANE(1, 0)]);
    TRAP_IF(object == NULL, NULL_STRUCTURE_REFERENCE);
    fp[PW_LANE(1, 1)] = (pw_slot)(uint32_t)(int32_t)(int8_t)object->payload[PW_HIGH(1)];
    PW_NEXT(2);
}

INTERNAL(struct_get_i16, 2)
{
    const pw_object *object = pwi_object(fp[PW_LANE(1, 0)]);
    TRAP_IF(object == NULL, NULL_STRUCTURE_REFERENCE);
    fp[PW_LANE(1, 1)] = (pw_slot)(uint32_t)(int32_t)(int16_t)object->payload[PW_HIGH(1)];
    PW_NEXT(2);
}

INTERNAL(struct_get_v128, 2)
{
    const pw_object *object = pwi_object(fp[PW_LANE(1, 0)]);
    TRAP_IF(object == NULL, NULL_STRUCTURE_REFERENCE);
    fp[PW_LANE(1, 1)] = object->payload[PW_HIGH(1)];
    fp[PW_LANE(1, 1) + 1] = object->payload[PW_HIGH(1) + 1];
    PW_NEXT(2);
}

INTERNAL(struct_set_plain, 2)
{
    pw_object *object = pwi_object(fp[PW_LANE(1, 0)]);
    TRAP_IF(object == NULL, NULL_STRUCTURE_REFERENCE);
    object->payload[PW_HIGH(1)] = fp[PW_LANE(1, 1)];
    PW_NEXT(2);
}

INTERNAL(struct_set_i8, 2)
{
    pw_object *object = pwi_object(fp[PW_LANE(1, 0)]);
    TRAP_IF(object == NULL, NULL_STRUCTURE_REFERENCE);
    object->payload[PW_HIGH(1)] = (uint8_t)fp[PW_LANE(1, 1)];
    PW_NEXT(2);
}

INTERNAL(struct_set_i16, 2)
{
    pw_object *object = pwi_object(fp[PW_LANE(1, 0)]);
    TRAP_IF(object == NULL, NULL_STRUCTURE_REFERENCE);
    object->payload[PW_HIGH(1)] = (uint16_t)fp[PW_LANE(1, 1)];
    PW_NEXT(2);
}

INTERNAL(struct_set_v128, 2)
{
    pw_object *object = pwi_object(fp[PW_LANE(1, 0)]);
    TRAP_IF(object == NULL, NULL_STRUCTURE_REFERENCE);
    object->payload[PW_HIGH(1)] = fp[PW_LANE(1, 1)];
    object->payload[PW_HIGH(1) + 1] = fp[PW_LANE(1, 1) + 1];
    PW_NEXT(2);
}

/* ---- arrays: index in lane 2; result or value in lane 1 -------------------------------------------------------------- */

INTERNAL(array_get_u8, 2)
{
    PW_ARRAY(array, at);
    fp[PW_LANE(1, 1)] = pwi_elements(array)[at];
    PW_NEXT(2);
}

INTERNAL(array_get_i8, 2)
{
    PW_ARRAY(array, at);
    fp[PW_LANE(1, 1)] = (pw_slot)(uint32_t)(int32_t)(int8_t)pwi_elements(array)[at];
    PW_NEXT(2);
}

INTERNAL(array_get_u16, 2)
{
    PW_ARRAY(array, at);
    fp[PW_LANE(1, 1)] = pwi_read_uint16_t(pwi_elements(array) + 2 * (size_t)at);
    PW_NEXT(2);
}

INTERNAL(array_get_i16, 2)
{
    PW_ARRAY(array, at);
    fp[PW_LANE(1, 1)] = (pw_slot)(uint32_t)(int32_t)pwi_read_int16_t(pwi_elements(array) + 2 * (size_t)at);
    PW_NEXT(2);
}

INTERNAL(array_get_32, 2)
{
    PW_ARRAY(array, at);
    fp[PW_LANE(1, 1)] = pwi_read_uint32_t(pwi_elements(array) + 4 * (size_t)at);
    PW_NEXT(2);
}

INTERNAL(array_get_64, 2)
{
    PW_ARRAY(array, at);
    fp[PW_LANE(1, 1)] = array->payload[at];
    PW_NEXT(2);
}

INTERNAL(array_get_v128, 2)
{
    PW_ARRAY(array, at);
    fp[PW_LANE(1, 1)] = array->payload[2 * (size_t)at];
    fp[PW_LANE(1, 1) + 1] = array->payload[2 * (size_t)at + 1];
    PW_NEXT(2);
}

INTERNAL(array_set_8, 2)
{
    PW_ARRAY(array, at);
    pwi_elements(array)[at] = (uint8_t)fp[PW_LANE(1, 1)];
    PW_NEXT(2);
}

INTERNAL(array_set_16, 2)
{
    PW_ARRAY(array, at);
    pwi_write_uint16_t(pwi_elements(array) + 2 * (size_t)at, (uint16_t)fp[PW_LANE(1, 1)]);
    PW_NEXT(2);
}

INTERNAL(array_set_32, 2)
{
    PW_ARRAY(array, at);
    pwi_write_uint32_t(pwi_elements(array) + 4 * (size_t)at, (uint32_t)fp[PW_LANE(1, 1)]);
    PW_NEXT(2);
}

INTERNAL(array_set_64, 2)
{
    PW_ARRAY(array, at);
    array->payload[at] = fp[PW_LANE(1, 1)];
    PW_NEXT(2);
}

INTERNAL(array_set_v128, 2)
{
    PW_ARRAY(array, at);
    array->payload[2 * (size_t)at] = fp[PW_LANE(1, 1)];
    array->payload[2 * (size_t)at + 1] = fp[PW_LANE(1, 1) + 1];
    PW_NEXT(2);
}

INTERNAL(array_length, 2)
{
    const pw_object *array = pwi_object(fp[PW_LANE(1, 0)]);
    TRAP_IF(array == NULL, NULL_ARRAY_REFERENCE);
    fp[PW_LANE(1, 1)] = array->length;
    PW_NEXT(2);
}

/* ---- i31, casts ---------------------------------------------------------------------------------------------------------- */

INTERNAL(i31_make, 2)
{
    fp[PW_LANE(1, 1)] = pwi_i31((uint32_t)fp[PW_LANE(1, 0)]);
    PW_NEXT(2);
}

INTERNAL(i31_signed, 2)
{
    TRAP_IF(fp[PW_LANE(1, 0)] == 0, NULL_I31_REFERENCE);
    fp[PW_LANE(1, 1)] = (uint32_t)((int32_t)(uint32_t)fp[PW_LANE(1, 0)] >> 1);
    PW_NEXT(2);
}

INTERNAL(i31_unsigned, 2)
{
    TRAP_IF(fp[PW_LANE(1, 0)] == 0, NULL_I31_REFERENCE);
    fp[PW_LANE(1, 1)] = (uint32_t)fp[PW_LANE(1, 0)] >> 1;
    PW_NEXT(2);
}

/* cell 2 the type */
INTERNAL(ref_is, 3)
{
    fp[PW_LANE(1, 1)] = pwi_ref_matches(CTX->store, fp[PW_LANE(1, 0)], (pw_val_type)pc[2]);
    PW_CLOBBER();
    PW_NEXT(3);
}

INTERNAL(ref_must_be, 3)
{
    bool matches = pwi_ref_matches(CTX->store, fp[PW_LANE(1, 0)], (pw_val_type)pc[2]);
    PW_CLOBBER();
    TRAP_IF(!matches, CAST_FAILURE);
    PW_NEXT(3);
}

/* ---- what allocates, or works on ranges: out of line (engine/gc_calls.c), operands in slots from lane 0 on ---------------- */

INTERNAL(struct_make, 3)
{
    PW_CALL_OUT(pwi_run_struct_new);
    PW_NEXT(0);
}

INTERNAL(array_make, 3)
{
    PW_CALL_OUT(pwi_run_array_new);
    PW_NEXT(0);
}

INTERNAL(array_make_fixed, 4)
{
    PW_CALL_OUT(pwi_run_array_new_fixed);
    PW_NEXT(0);
}

INTERNAL(array_make_from, 4)
{
    PW_CALL_OUT(pwi_run_array_new_from);
    PW_NEXT(0);
}

INTERNAL(array_fill_range, 2)
{
    PW_CALL_OUT(pwi_run_array_fill);
    PW_NEXT(0);
}

INTERNAL(array_copy_range, 2)
{
    PW_CALL_OUT(pwi_run_array_copy);
    PW_NEXT(0);
}

INTERNAL(array_init_range, 3)
{
    PW_CALL_OUT(pwi_run_array_init);
    PW_NEXT(0);
}
