/* translate_gc.c - structs, arrays, i31, casts. Everything is in slots: these instructions go through memory anyway. */
#include "engine/translate.h"

static uint32_t slot_of(pw_translator *t, pw_operand *operand) {
    pwi_materialise(t, operand);
    return operand->slot;
}

/* Pushes a result that the instruction at `cell` leaves in lane 1. */
static void result_of(pw_translator *t, uint32_t cell, char type) {
    pwi_push_home(t, type);
    if (!t->no_memory) pwi_set_lane(pwi_cell(t, cell + 1), 1, t->stack[t->height - 1].home);
    pwi_forget(t);
}

static const pw_type_record *read_type(pw_translator *t) { return t->module->types[pwi_leb_u32(&t->p)]; }

/* ---- structs ---------------------------------------------------------------------------------------------------------- */

static void struct_new(pw_translator *t, bool defaults) {
    const pw_type_record *type = read_type(t);
    uint32_t cell = pwi_emit_on_operands(t, PW_H_struct_make, 3, defaults ? 0 : type->field_count);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, defaults);
    *pwi_cell(t, cell + 2) = (pw_cell)(uintptr_t)type;
    result_of(t, cell, 'r');
}

static void struct_get(pw_translator *t, bool is_signed) {
    const pw_type_record *type = read_type(t);
    const pw_field *field = &type->fields[pwi_leb_u32(&t->p)];
    pw_operand ref = pwi_pop(t);
    uint32_t handler = field->storage == PW_V128                      ? PW_H_struct_get_v128
                       : is_signed && field->storage == PW_STORAGE_I8 ? PW_H_struct_get_i8
                       : is_signed                                    ? PW_H_struct_get_i16
                                                                      : PW_H_struct_get_plain;
    uint32_t slot = slot_of(t, &ref), cell = pwi_emit(t, handler, 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, slot);
    pwi_set_high(pwi_cell(t, cell + 1), field->slot);
    result_of(t, cell, pwi_type_char(pwi_storage_unpacked(field->storage)));
}

static void struct_set(pw_translator *t) {
    const pw_type_record *type = read_type(t);
    const pw_field *field = &type->fields[pwi_leb_u32(&t->p)];
    pw_operand value = pwi_pop(t), ref = pwi_pop(t);
    uint32_t handler = field->storage == PW_V128          ? PW_H_struct_set_v128
                       : field->storage == PW_STORAGE_I8  ? PW_H_struct_set_i8
                       : field->storage == PW_STORAGE_I16 ? PW_H_struct_set_i16
                                                          : PW_H_struct_set_plain;
    uint32_t ref_slot = slot_of(t, &ref), value_slot = slot_of(t, &value), cell = pwi_emit(t, handler, 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, ref_slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 1, value_slot);
    pwi_set_high(pwi_cell(t, cell + 1), field->slot);
}

/* ---- arrays ------------------------------------------------------------------------------------------------------------- */

static void array_new(pw_translator *t, bool defaults) {
    const pw_type_record *type = read_type(t);
    uint32_t cell = pwi_emit_on_operands(t, PW_H_array_make, 3, defaults ? 1 : 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, defaults ? 0 : pw_type_slots(type->fields[0].storage));
    *pwi_cell(t, cell + 2) = (pw_cell)(uintptr_t)type;
    result_of(t, cell, 'r');
}

static void array_new_fixed(pw_translator *t) {
    const pw_type_record *type = read_type(t);
    uint32_t length = pwi_leb_u32(&t->p);
    uint32_t cell = pwi_emit_on_operands(t, PW_H_array_make_fixed, 4, length);
    *pwi_cell(t, cell + 2) = (pw_cell)(uintptr_t)type;
    *pwi_cell(t, cell + 3) = length;
    result_of(t, cell, 'r');
}

static void array_new_from(pw_translator *t, bool elem) {
    const pw_type_record *type = read_type(t);
    uint32_t segment = pwi_leb_u32(&t->p), cell = pwi_emit_on_operands(t, PW_H_array_make_from, 4, 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, elem);
    *pwi_cell(t, cell + 2) = (pw_cell)(uintptr_t)type;
    *pwi_cell(t, cell + 3) = segment;
    result_of(t, cell, 'r');
}

static uint32_t getter(pw_val_type storage, bool is_signed) {
    switch (storage) {
    case PW_STORAGE_I8: return is_signed ? PW_H_array_get_i8 : PW_H_array_get_u8;
    case PW_STORAGE_I16: return is_signed ? PW_H_array_get_i16 : PW_H_array_get_u16;
    case PW_I32:
    case PW_F32: return PW_H_array_get_32;
    case PW_V128: return PW_H_array_get_v128;
    default: return PW_H_array_get_64;
    }
}

static uint32_t setter(pw_val_type storage) {
    switch (storage) {
    case PW_STORAGE_I8: return PW_H_array_set_8;
    case PW_STORAGE_I16: return PW_H_array_set_16;
    case PW_I32:
    case PW_F32: return PW_H_array_set_32;
    case PW_V128: return PW_H_array_set_v128;
    default: return PW_H_array_set_64;
    }
}

static void array_get(pw_translator *t, bool is_signed) {
    pw_val_type storage = read_type(t)->fields[0].storage;
    pw_operand index = pwi_pop(t), ref = pwi_pop(t);
    uint32_t ref_slot = slot_of(t, &ref), index_slot = slot_of(t, &index);
    uint32_t cell = pwi_emit(t, getter(storage, is_signed), 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, ref_slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, index_slot);
    result_of(t, cell, pwi_type_char(pwi_storage_unpacked(storage)));
}

static void array_set(pw_translator *t) {
    pw_val_type storage = read_type(t)->fields[0].storage;
    pw_operand value = pwi_pop(t), index = pwi_pop(t), ref = pwi_pop(t);
    uint32_t ref_slot = slot_of(t, &ref), index_slot = slot_of(t, &index), value_slot = slot_of(t, &value);
    uint32_t cell = pwi_emit(t, setter(storage), 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, ref_slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 1, value_slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, index_slot);
}

static void array_range(pw_translator *t, uint32_t handler, uint32_t cells, uint32_t count) {
    (void)pwi_emit_on_operands(t, handler, cells, count);
    pwi_forget(t);
}

static void array_init(pw_translator *t, bool elem) {
    (void)pwi_leb_u32(&t->p);
    uint32_t segment = pwi_leb_u32(&t->p), cell = pwi_emit_on_operands(t, PW_H_array_init_range, 3, 4);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, elem);
    *pwi_cell(t, cell + 2) = segment;
    pwi_forget(t);
}

/* ---- one operand, casts --------------------------------------------------------------------------------------------------- */

static void unary(pw_translator *t, uint32_t handler, char type) {
    pw_operand operand = pwi_pop(t);
    uint32_t slot = slot_of(t, &operand), cell = pwi_emit(t, handler, 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, slot);
    result_of(t, cell, type);
}

static pw_val_type read_ref_type(pw_translator *t, bool nullable) {
    int64_t heap = pwi_leb_s64(&t->p);
    uint32_t canonical = heap >= 0 ? t->module->types[heap]->id : PW_HEAP_ABSTRACT | ((uint32_t)heap & 0x7f);
    return PW_REF_TYPE(nullable ? PW_KIND_REF_NULL : PW_KIND_REF, canonical);
}

static void ref_test(pw_translator *t, bool nullable) {
    pw_val_type type = read_ref_type(t, nullable);
    pw_operand ref = pwi_pop(t);
    uint32_t slot = slot_of(t, &ref), cell = pwi_emit(t, PW_H_ref_is, 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, slot);
    *pwi_cell(t, cell + 2) = type;
    result_of(t, cell, 'i');
}

static void ref_cast(pw_translator *t, bool nullable) {
    pw_val_type type = read_ref_type(t, nullable);
    pwi_flush(t, t->height - 1);
    uint32_t slot = t->stack[t->height - 1].slot, cell = pwi_emit(t, PW_H_ref_must_be, 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, slot);
    *pwi_cell(t, cell + 2) = type;
    pwi_forget(t);
}

/* The reference stays on the stack on both ways; the answer of the test is pushed for the branch. */
static void br_on_cast(pw_translator *t, bool on_success) {
    uint8_t flags = *t->p++;
    uint32_t depth = pwi_leb_u32(&t->p);
    (void)pwi_leb_s64(&t->p);
    pw_val_type type = read_ref_type(t, (flags & 2) != 0);
    pwi_flush(t, t->height - 1);
    uint32_t slot = t->stack[t->height - 1].slot, cell = pwi_emit(t, PW_H_ref_is, 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, slot);
    *pwi_cell(t, cell + 2) = type;
    result_of(t, cell, 'i');
    if (t->no_memory) return;
    if (!on_success) pwi_translate_eqz(t, PW_OP_i32_eq);
    pwi_translate_br_if(t, depth);
}

bool pwi_translate_gc(pw_translator *t, uint32_t code) {
    switch (code) {
    case PW_OP_ref_eq: {
        pw_operand b = pwi_pop(t), a = pwi_pop(t);
        pwi_translate_binop(t, pwi_forms(t, PW_OP_i64_eq), a, b);
        return true;
    }
    case PW_OP_struct_new: struct_new(t, false); return true;
    case PW_OP_struct_new_default: struct_new(t, true); return true;
    case PW_OP_struct_get:
    case PW_OP_struct_get_u: struct_get(t, false); return true;
    case PW_OP_struct_get_s: struct_get(t, true); return true;
    case PW_OP_struct_set: struct_set(t); return true;
    case PW_OP_array_new: array_new(t, false); return true;
    case PW_OP_array_new_default: array_new(t, true); return true;
    case PW_OP_array_new_fixed: array_new_fixed(t); return true;
    case PW_OP_array_new_data: array_new_from(t, false); return true;
    case PW_OP_array_new_elem: array_new_from(t, true); return true;
    case PW_OP_array_get:
    case PW_OP_array_get_u: array_get(t, false); return true;
    case PW_OP_array_get_s: array_get(t, true); return true;
    case PW_OP_array_set: array_set(t); return true;
    case PW_OP_array_len: unary(t, PW_H_array_length, 'i'); return true;
    case PW_OP_array_fill:
        (void)pwi_leb_u32(&t->p);
        array_range(t, PW_H_array_fill_range, 2, 4);
        return true;
    case PW_OP_array_copy:
        (void)pwi_leb_u32(&t->p);
        (void)pwi_leb_u32(&t->p);
        array_range(t, PW_H_array_copy_range, 2, 5);
        return true;
    case PW_OP_array_init_data: array_init(t, false); return true;
    case PW_OP_array_init_elem: array_init(t, true); return true;
    case PW_OP_ref_test: ref_test(t, false); return true;
    case PW_OP_ref_test_null: ref_test(t, true); return true;
    case PW_OP_ref_cast: ref_cast(t, false); return true;
    case PW_OP_ref_cast_null: ref_cast(t, true); return true;
    case PW_OP_br_on_cast: br_on_cast(t, true); return true;
    case PW_OP_br_on_cast_fail: br_on_cast(t, false); return true;
    case PW_OP_any_convert_extern:
    case PW_OP_extern_convert_any: return true; /* one representation for both */
    case PW_OP_ref_i31: unary(t, PW_H_i31_make, 'r'); return true;
    case PW_OP_i31_get_s: unary(t, PW_H_i31_signed, 'i'); return true;
    case PW_OP_i31_get_u: unary(t, PW_H_i31_unsigned, 'i'); return true;
    default: return false;
    }
}
