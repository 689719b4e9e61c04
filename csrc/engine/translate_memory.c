/* translate_memory.c - loads and stores, and the arithmetic of addresses that becomes part of them. */
#include "engine/translate_memory.h"

uint8_t pwi_take(pw_translator *t, pw_operand *operand) {
    pwi_materialise(t, operand);
    return pwi_place(t, operand);
}

uint32_t pwi_take_slot(pw_translator *t, pw_operand *operand) {
    pwi_materialise(t, operand);
    return operand->slot;
}

void pwi_note_forms(pw_translator *t, const pw_op_forms *forms, uint8_t a, uint8_t b) {
    if (t->last.cell < 0) return;
    t->last.forms = forms;
    t->last.class_a = a;
    t->last.class_b = b;
}

bool pwi_is_plain(const pw_translator *t, const pw_memarg *arg) {
    return arg->memory == 0 && !t->module->memories[0].is64 && arg->offset <= UINT32_MAX;
}

static uint32_t emit_general(pw_translator *t, const pw_op_forms *forms, const pw_memarg *arg, uint32_t address) {
    uint32_t cell = pwi_emit(t, forms->general, 4);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, address);
    *pwi_cell(t, cell + 2) = arg->memory;
    *pwi_cell(t, cell + 3) = arg->offset;
    return cell;
}

/* ---- addresses: a + b, a * scale, a * scale + b --------------------------------------------------------------------- */

/* What has been taken back. */
typedef struct address {
    bool scaled;
    uint8_t class_a, class_b;
    uint32_t a;             /* slot */
    uint32_t b, scale;      /* b: slot or constant */
} address;

static bool is_last(const pw_translator *t, const pw_operand *operand) {
    return t->last.cell >= 0 && operand->maker == t->last.cell && t->last.forms != NULL;
}

/* The factor that the last instruction has multiplied by, to make the operand; or 0. Only shells with pins have
 * the handlers: gcc allocates registers badly in a function that is too large (RATIONALE). */
static uint32_t last_scale(const pw_translator *t, const pw_operand *operand) {
    if (!t->pins || !is_last(t, operand) || t->last.class_b != PW_CLASS_CONSTANT) return 0;
    uint32_t constant = pwi_high(&t->cells[t->last.cell + 1]);
    if (t->last.forms->code == PW_OP_i32_mul) return constant;
    return t->last.forms->code == PW_OP_i32_shl ? 1u << (constant & 31) : 0;
}

/* Is the operand an address that the last instruction made? Then that is taken back. */
static bool take_address(pw_translator *t, const pw_operand *operand, address *taken) {
    uint32_t scale = last_scale(t, operand);
    if (scale == 0 && !(is_last(t, operand) && t->last.forms->code == PW_OP_i32_add)) return false;
    const pw_cell *cells = t->cells + t->last.cell;
    *taken = (address){.scaled = scale != 0 || t->last.is_scaled, .class_a = t->last.class_a, .class_b = t->last.class_b,
                       .a = pwi_lane(cells + 1, 0), .scale = scale};
    if (scale != 0) {
        taken->b = 0; /* the constant was the factor */
    } else if (taken->scaled) {
        taken->b = (uint32_t)cells[2];
        taken->scale = pwi_high(cells + 2);
    } else {
        taken->b = taken->class_b == PW_CLASS_CONSTANT ? pwi_high(cells + 1) : pwi_lane(cells + 1, 2);
    }
    pwi_unemit(t);
    return true;
}

/* An instruction of three cells: a in lane 0 of cell 1, b and the factor in cell 2; result in lane 1. */
static void emit_address_op(pw_translator *t, const pw_op_forms *forms, const address *from, uint32_t offset) {
    uint32_t pair = pwi_pair(t, 'i', from->class_a, from->class_b);
    uint32_t handler = (from->scaled ? forms->scaled : forms->fused) + pair * pwi_result_classes(t, forms);
    uint32_t cell = pwi_emit(t, handler, 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, from->a);
    pwi_set_high(pwi_cell(t, cell + 1), offset);
    pwi_set_low(pwi_cell(t, cell + 2), from->b);
    pwi_set_high(pwi_cell(t, cell + 2), from->scale);
    pwi_result(t, cell, 3, handler, forms->result[0]);
    pwi_note_forms(t, forms, from->class_a, from->class_b);
    t->last.is_scaled = from->scaled;
}

bool pwi_translate_scaled(pw_translator *t, const pw_op_forms *forms, pw_operand a, pw_operand b) {
    uint32_t scale = last_scale(t, &a);
    const pw_operand *other = &b;
    if (scale == 0) {
        scale = last_scale(t, &b);
        other = &a;
    }
    if (scale == 0) return false;
    address sum = {.scaled = true, .class_a = t->last.class_a, .a = pwi_lane(&t->cells[t->last.cell + 1], 0), .scale = scale};
    pwi_unemit(t);
    bool constant = other->where == PW_CONSTANT;
    sum.class_b = constant ? PW_CLASS_CONSTANT : pwi_place(t, other);
    sum.b = constant ? (uint32_t)other->constant : other->slot;
    emit_address_op(t, forms, &sum, 0);
    return true;
}

/* ---- loads and stores ------------------------------------------------------------------------------------------------- */

void pwi_translate_load(pw_translator *t, const pw_op_forms *forms) {
    pw_memarg arg = pwi_read_memarg(&t->p);
    pw_operand at = pwi_pop(t);
    address from;
    if (!pwi_is_plain(t, &arg)) {
        uint32_t cell = emit_general(t, forms, &arg, pwi_take_slot(t, &at));
        pwi_push_home(t, forms->result[0]);
        pwi_set_lane(pwi_cell(t, cell + 1), 1, t->stack[t->height - 1].home);
        pwi_forget(t);
    } else if (take_address(t, &at, &from)) {
        emit_address_op(t, forms, &from, (uint32_t)arg.offset);
    } else {
        uint8_t class_a = pwi_take(t, &at);
        uint32_t handler = forms->base + class_a * pwi_result_classes(t, forms);
        uint32_t cell = pwi_emit(t, handler, 2);
        pwi_set_lane(pwi_cell(t, cell + 1), 0, at.slot);
        pwi_set_high(pwi_cell(t, cell + 1), (uint32_t)arg.offset);
        pwi_result(t, cell, 2, handler, forms->result[0]);
        pwi_note_forms(t, forms, class_a, 0);
    }
}

/* The address is a place plus a constant, added by the last instruction. */
static bool take_base(pw_translator *t, const pw_operand *operand, address *taken) {
    if (!is_last(t, operand) || t->last.class_b != PW_CLASS_CONSTANT || t->last.is_scaled) return false;
    return t->last.forms->code == PW_OP_i32_add && take_address(t, operand, taken);
}

/* A load whose value goes back to memory as wide as it came is one instruction with the store, where both addresses are in
 * slots. A trap of either is one of the store. */
static bool copy(pw_translator *t, const pw_op_forms *forms, const pw_memarg *arg, const pw_operand *value, pw_operand *to) {
    static const uint16_t handlers[] = {PW_H_copy_8, PW_H_copy_16, PW_H_copy_32, PW_H_copy_64};
    const pw_last *last = &t->last;
    if (!is_last(t, value) || last->forms->shape != PW_SHAPE_LOAD || last->cells != 2) return false;
    pw_cell from = t->cells[last->cell + 1];
    uint32_t width = pwi_op_info(forms->code)->align, slot = pwi_lane(&from, 0);
    if (pwi_op_info(last->forms->code)->align != width) return false;
    if (last->class_a == PW_CLASS_ACC && slot >= t->home_base) return false; /* perhaps nowhere else */
    pwi_unemit(t);
    uint32_t to_slot = pwi_take_slot(t, to);
    uint32_t cell = pwi_emit(t, handlers[width], 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 1, to_slot);
    pwi_set_low(pwi_cell(t, cell + 2), pwi_high(&from));
    pwi_set_high(pwi_cell(t, cell + 2), (uint32_t)arg->offset);
    return true;
}

void pwi_translate_store(pw_translator *t, const pw_op_forms *forms) {
    pw_memarg arg = pwi_read_memarg(&t->p);
    pw_operand value = pwi_pop(t), at = pwi_pop(t);
    if (value.where == PW_CONSTANT && forms->shape == PW_SHAPE_FSTORE) /* the same bits, as an integer */
        forms = pwi_forms(t, forms->code == PW_OP_f32_store ? PW_OP_i32_store : PW_OP_i64_store);
    if (!pwi_is_plain(t, &arg)) {
        uint32_t address_slot = pwi_take_slot(t, &at), value_slot = pwi_take_slot(t, &value);
        uint32_t cell = emit_general(t, forms, &arg, address_slot);
        pwi_set_lane(pwi_cell(t, cell + 1), 1, value_slot);
        pwi_forget(t);
        return;
    }
    if (copy(t, forms, &arg, &value, &at)) return;
    address base;
    bool constant = value.where == PW_CONSTANT, fused = take_base(t, &at, &base);
    if (!fused) base = (address){.class_a = pwi_take(t, &at), .a = at.slot};
    uint8_t class_v = constant ? PW_CLASS_CONSTANT : pwi_place(t, &value);
    char type = forms->operands[1];
    uint32_t classes = pwi_pair(t, type, base.class_a, class_v), cells = 2u + fused + constant;
    if (forms->shape == PW_SHAPE_FSTORE) classes = base.class_a * pwi_classes(t, type) + class_v;
    uint32_t cell = pwi_emit(t, (fused ? forms->fused : forms->base) + classes, cells);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, base.a);
    pwi_set_high(pwi_cell(t, cell + 1), (uint32_t)arg.offset);
    if (fused) pwi_set_low(pwi_cell(t, cell + 2), base.b);
    if (constant) *pwi_cell(t, cell + cells - 1) = value.constant;
    else pwi_set_lane(pwi_cell(t, cell + 1), 1, value.slot);
}
