/* translate_ops.c - instructions with handlers of their own: numeric, memory, table; variables; select. */
#include <string.h>

#include "engine/translate_memory.h"

/* ---- operands into lanes ------------------------------------------------------------------------------------------ */

static bool fits_immediate(const pw_operand *operand) {
    if (operand->type == 'i') return true;
    return (int64_t)operand->constant == (int64_t)(int32_t)(uint32_t)operand->constant;
}

/* ---- binary, unary ------------------------------------------------------------------------------------------------- */

void pwi_translate_binop(pw_translator *t, const pw_op_forms *forms, pw_operand a, pw_operand b) {
    bool is_float = forms->operands[0] == 'f' || forms->operands[0] == 'F';
    if (a.where == PW_CONSTANT && b.where != PW_CONSTANT && forms->swap != PW_NO_OPCODE) {
        pw_operand swapped = a;
        a = b;
        b = swapped;
        forms = pwi_forms(t, forms->swap);
    }
    if (forms->code == PW_OP_i32_add && pwi_translate_scaled(t, forms, a, b)) return;
    bool constant_b = b.where == PW_CONSTANT && (is_float || fits_immediate(&b));
    pwi_materialise(t, &a);
    if (!constant_b) pwi_materialise(t, &b);
    uint8_t class_a = pwi_place(t, &a);
    uint8_t class_b = constant_b ? PW_CLASS_CONSTANT : pwi_place(t, &b);
    uint32_t pair = pwi_pair(t, forms->operands[1], class_a, class_b);
    uint32_t handler = forms->base + pair * pwi_result_classes(t, forms), cells = is_float && constant_b ? 3 : 2;
    uint32_t cell = pwi_emit(t, handler, cells);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, a.slot);
    if (!constant_b) pwi_set_lane(pwi_cell(t, cell + 1), 2, b.slot);
    else if (is_float) *pwi_cell(t, cell + 2) = b.constant;
    else pwi_set_high(pwi_cell(t, cell + 1), (uint32_t)b.constant);
    pwi_result(t, cell, cells, handler, forms->result[0]);
    pwi_note_forms(t, forms, class_a, class_b);
}

static void unop(pw_translator *t, const pw_op_forms *forms) {
    pw_operand a = pwi_pop(t);
    uint8_t class_a = pwi_take(t, &a);
    uint32_t handler = forms->base + class_a * pwi_result_classes(t, forms);
    uint32_t cell = pwi_emit(t, handler, 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, a.slot);
    pwi_result(t, cell, 2, handler, forms->result[0]);
    pwi_note_forms(t, forms, class_a, 0);
}

/* x == 0: the opposite of a comparison just made, else a comparison with a constant. */
void pwi_translate_eqz(pw_translator *t, uint32_t equal_code) {
    const pw_operand *top = &t->stack[t->height - 1];
    pw_last *last = &t->last;
    if (last->cell >= 0 && top->maker == last->cell && last->forms && last->forms->shape == PW_SHAPE_CMPOP &&
        equal_code == PW_OP_i32_eq) {
        const pw_op_forms *opposite = pwi_forms(t, last->forms->negate);
        uint32_t handler = opposite->base + pwi_pair(t, opposite->operands[1], last->class_a, last->class_b) * 2u;
        t->cells[last->cell] = t->handlers[handler];
        t->acc[PW_ACC_INT].handler = (uint16_t)handler;
        last->forms = opposite;
        return;
    }
    pw_operand a = pwi_pop(t);
    pw_operand zero = {.where = PW_CONSTANT, .type = a.type == 'r' ? 'I' : a.type, .maker = -1};
    if (a.where == PW_CONSTANT) pwi_materialise(t, &a);
    pwi_translate_binop(t, pwi_forms(t, equal_code), a, zero);
}

/* ---- slots only ------------------------------------------------------------------------------------------------------ */

static uint64_t read_immediate(pw_translator *t, uint8_t kind) {
    switch ((pw_imm_kind)kind) {
    case PW_IMM_V128:
    case PW_IMM_SHUFFLE: return pwi_bytes_u64(&t->p);
    case PW_IMM_LANE_2:
    case PW_IMM_LANE_4:
    case PW_IMM_LANE_8:
    case PW_IMM_LANE_16:
    case PW_IMM_MEMARG_LANE: return *t->p++;
    default: return pwi_leb_u64(&t->p);
    }
}

/* The cells behind the lanes: a memory argument, which the general form has in two cells, and other immediates. */
static void set_immediates(pw_translator *t, uint8_t kind, const pw_memarg *arg, bool general, uint32_t cell, uint32_t end) {
    if (arg) {
        if (general) *pwi_cell(t, cell++) = arg->memory;
        *pwi_cell(t, cell++) = arg->offset;
    }
    while (cell < end) *pwi_cell(t, cell++) = read_immediate(t, kind);
}

/* The result of an op with slots only, in this lane. */
static void push_generic(pw_translator *t, const pw_op_forms *forms, uint32_t cell, uint32_t cells, uint32_t lane) {
    pwi_forget(t);
    if (!forms->result[0]) return;
    pwi_push_home(t, forms->result[0]);
    if (t->no_memory) return;
    pw_operand *result = &t->stack[t->height - 1];
    pwi_set_lane(pwi_cell(t, cell + 1 + lane / 4), lane % 4, result->home);
    result->maker = cell;
    t->last = (pw_last){.cell = cell, .cells = (uint8_t)cells, .result = PW_RESULT_GENERIC, .result_lane = (uint8_t)lane};
}

static void shift_by_constant(pw_translator *t, const pw_op_forms *forms) {
    pw_operand count = pwi_pop(t), a = pwi_pop(t);
    uint32_t cell = pwi_emit(t, forms->fused, 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, a.slot);
    pwi_set_high(pwi_cell(t, cell + 1), (uint32_t)count.constant);
    push_generic(t, forms, cell, 2, 1);
}

static void generic(pw_translator *t, const pw_op_forms *forms) {
    if (forms->fused != PW_NO_HANDLER && t->stack[t->height - 1].where == PW_CONSTANT) {
        shift_by_constant(t, forms);
        return;
    }
    uint8_t kind = pwi_op_info(forms->code)->imm;
    bool memory = forms->general != PW_NO_HANDLER;
    pw_memarg arg = {0, 0, 0};
    if (memory) arg = pwi_read_memarg(&t->p);
    bool general = memory && (forms->base == PW_NO_HANDLER || !pwi_is_plain(t, &arg));
    size_t count = strlen(forms->operands);
    uint32_t slots[4] = {0};
    for (size_t i = count; i-- > 0;) {
        pw_operand operand = pwi_pop(t);
        slots[i] = pwi_take_slot(t, &operand);
    }
    uint32_t cells = forms->cells + (general ? 1u : 0u);
    uint32_t cell = pwi_emit(t, general ? forms->general : forms->base, cells);
    for (uint32_t i = 0; i < count; i++) pwi_set_lane(pwi_cell(t, cell + 1 + i / 4), i % 4, slots[i]);
    uint32_t first_imm = cell + (uint32_t)forms->cells - forms->imm_cells;
    set_immediates(t, kind, memory ? &arg : NULL, general, first_imm, cell + cells);
    push_generic(t, forms, cell, cells, (uint32_t)count);
}

void pwi_translate_op(pw_translator *t, uint32_t code, const pw_op_forms *forms) {
    (void)code;
    switch ((pw_op_shape)forms->shape) {
    case PW_SHAPE_BINOP:
    case PW_SHAPE_CMPOP:
    case PW_SHAPE_FCMPOP: {
        pw_operand b = pwi_pop(t), a = pwi_pop(t);
        pwi_translate_binop(t, forms, a, b);
        break;
    }
    case PW_SHAPE_UNOP: unop(t, forms); break;
    case PW_SHAPE_LOAD: pwi_translate_load(t, forms); break;
    case PW_SHAPE_STORE:
    case PW_SHAPE_FSTORE: pwi_translate_store(t, forms); break;
    case PW_SHAPE_GENERIC: generic(t, forms); break;
    case PW_SHAPE_ROW: break; /* by hand, in translate.c */
    }
}

/* ---- select, variables ------------------------------------------------------------------------------------------------ */

static bool is_small(const pw_operand *operand) { return operand->where == PW_CONSTANT && operand->constant <= UINT32_MAX; }

void pwi_translate_select(pw_translator *t) {
    pw_operand condition = pwi_pop(t), b = pwi_pop(t), a = pwi_pop(t);
    bool small_a = is_small(&a), small_b = is_small(&b);
    if (!small_a) pwi_materialise(t, &a);
    if (!small_b) pwi_materialise(t, &b);
    pwi_materialise(t, &condition);
    if (a.type == 'V') {
        uint32_t vector_cell = pwi_emit(t, PW_H_select_V, 2);
        pwi_set_lane(pwi_cell(t, vector_cell + 1), 0, condition.slot);
        pwi_set_lane(pwi_cell(t, vector_cell + 1), 2, a.slot);
        pwi_set_lane(pwi_cell(t, vector_cell + 1), 3, b.slot);
        pwi_push_home(t, 'V');
        if (!t->no_memory) pwi_set_lane(pwi_cell(t, vector_cell + 1), 1, t->stack[t->height - 1].home);
        return;
    }
    uint32_t class_c = pwi_class(t, &condition, true);
    uint32_t handler = PW_H_select_SSSS + class_c * 8u + (small_a ? 4u : 0) + (small_b ? 2u : 0);
    uint32_t cells = small_a || small_b ? 3 : 2;
    uint32_t cell = pwi_emit(t, handler, cells);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, condition.slot);
    if (small_a) pwi_set_low(pwi_cell(t, cell + 2), (uint32_t)a.constant);
    else pwi_set_lane(pwi_cell(t, cell + 1), 2, a.slot);
    if (small_b) pwi_set_high(pwi_cell(t, cell + 2), (uint32_t)b.constant);
    else pwi_set_lane(pwi_cell(t, cell + 1), 3, b.slot);
    if (pwi_acc_of(a.type) == PW_ACC_INT) {
        pwi_result(t, cell, cells, handler, a.type);
        return;
    }
    pwi_push_home(t, a.type); /* a float: only its slot is right, and A has been used */
    uint32_t home = t->stack[t->height - 1].home;
    pwi_set_lane(pwi_cell(t, cell + 1), 1, home);
    pwi_slot_written(t, home);
    t->acc[PW_ACC_INT].slot = t->acc[PW_ACC_INT].maker = -1;
}

/* A generic op is not emitted again: it may only write the local if nobody wants the old value. */
static bool may_redirect(const pw_translator *t, const pw_operand *value, uint32_t local) {
    if (t->last.cell < 0 || value->maker != t->last.cell) return false;
    if (t->local_pins[local])
        return t->last.result == PW_RESULT_LANE_1 && t->last.forms && pwi_result_classes(t, t->last.forms) > 2;
    return t->last.result == PW_RESULT_LANE_1 || (t->last.result == PW_RESULT_GENERIC && t->local_pending[local] == 0);
}

/* Two steps of different locals in a row are one instruction. */
static void join_steps(pw_translator *t) {
    static const uint16_t handlers[3][3] = { /* by the first one's place: slot, L, N; by the second one's */
        {PW_H_steps_SS, PW_H_steps_SL, PW_H_steps_SN},
        {PW_H_steps_LS, PW_H_steps_SS, PW_H_steps_LN},
        {PW_H_steps_NS, PW_H_steps_NL, PW_H_steps_SS},
    };
    uint32_t first = t->previous.step_local, second = t->last.step_local;
    if (t->previous.cell < 0 || !t->previous.is_step || first == second) return;
    if (t->last.forms->code != PW_OP_i32_add || t->previous.forms->code != PW_OP_i32_add) return;
    pw_cell a = t->cells[t->previous.cell + 1], b = t->cells[t->last.cell + 1];
    uint8_t pins[2] = {t->local_pins[first], t->local_pins[second]};
    uint32_t slots[2] = {pwi_lane(&a, 1), pwi_lane(&b, 1)};
    pwi_unemit(t);
    pwi_unemit(t);
    uint32_t cell = pwi_emit(t, handlers[pins[0] ? pins[0] - 1 : 0][pins[1] ? pins[1] - 1 : 0], 3);
    pwi_set_low(pwi_cell(t, cell + 2), pwi_high(&a));
    pwi_set_high(pwi_cell(t, cell + 2), pwi_high(&b));
    for (uint32_t i = 0; i < 2; i++) {
        pwi_set_lane(pwi_cell(t, cell + 1), i, slots[i]);
        pwi_slot_written(t, slots[i]);
        if (!pins[i]) t->acc[PW_ACC_INT] = (pw_acc){.slot = slots[i], .maker = -1};
    }
}

/* The last instruction made the value: let it write the local. Copies of the old value that are still to be used
 * (x++) are moved out of the way first: the instruction is taken back and emitted again behind these moves. */
static void redirect_last(pw_translator *t, const pw_operand *value, uint32_t local) {
    uint32_t slot = t->local_slots[local], cell = (uint32_t)t->last.cell, cells = t->last.cells;
    if (t->last.result == PW_RESULT_GENERIC) {
        pwi_set_lane(pwi_cell(t, cell + 1 + t->last.result_lane / 4u), t->last.result_lane % 4u, slot);
        t->last.cell = -1;
        return;
    }
    int class = pwi_acc_of(value->type);
    uint8_t pin = t->local_pins[local];
    uint16_t handler = (uint16_t)(t->acc[class].handler + pin);
    pw_acc before = t->last.before[class];
    if (t->local_pending[local] != 0) {
        pw_cell copy[4];
        uint32_t offset = t->offset;
        memcpy(copy, t->cells + cell, cells * sizeof *copy);
        if (t->recording) t->offset = t->offsets[cell];
        pwi_unemit(t);
        pwi_flush_local(t, local);
        cell = pwi_emit(t, handler, cells);
        memcpy(t->cells + cell, copy, cells * sizeof *copy);
        t->offset = offset;
        before = t->acc[class];
    }
    t->cells[cell] = t->handlers[handler];
    pwi_set_lane(pwi_cell(t, cell + 1), 1, slot);
    pwi_slot_written(t, value->home);
    pwi_slot_written(t, slot);
    t->acc[class] = (pw_acc){.slot = slot, .maker = -1, .handler = handler};
    if (pin) { /* the accumulator was not touched */
        t->acc[class] = before;
        pwi_slot_written(t, value->home);
        pwi_slot_written(t, slot);
    }
    pw_last *last = &t->last;
    if (last->cell < 0) return;
    last->result = PW_RESULT_FIXED;
    bool adds = last->forms && !last->is_scaled && (last->forms->code == PW_OP_i32_add || last->forms->code == PW_OP_i64_add);
    last->is_step = adds && last->class_b == PW_CLASS_CONSTANT && pwi_lane(&t->cells[cell + 1], 0) == slot;
    last->step_local = local;
    if (last->is_step) join_steps(t);
}

void pwi_translate_local_set(pw_translator *t, uint32_t local, bool tee) {
    pw_operand value = pwi_pop(t);
    bool same = value.where == PW_IN_LOCAL && value.local == local;
    if (same) {
        /* nothing changes */
    } else if (may_redirect(t, &value, local)) {
        redirect_last(t, &value, local);
    } else {
        pwi_flush_local(t, local);
        pwi_move_to_local(t, &value, local);
    }
    if (tee) pwi_push_local(t, local);
}

void pwi_translate_global_get(pw_translator *t, uint32_t global) {
    const pw_global_decl *decl = &t->module->globals[global];
    char type = pwi_type_char(decl->type.type);
    uint32_t handler = decl->is_pointer ? PW_H_global_get_P : PW_H_global_get_S;
    if (type == 'V') handler = decl->is_pointer ? PW_H_global_get_VP : PW_H_global_get_V;
    uint32_t cell = pwi_emit(t, handler, 2);
    pwi_set_high(pwi_cell(t, cell + 1), decl->slot);
    if (!decl->is_pointer && pwi_acc_of(type) == PW_ACC_INT) {
        pwi_result(t, cell, 2, handler, type);
        return;
    }
    pwi_push_home(t, type);
    uint32_t home = t->stack[t->height - 1].home;
    pwi_set_lane(pwi_cell(t, cell + 1), 1, home);
    pwi_slot_written(t, home);
    if (type != 'V') t->acc[PW_ACC_INT].slot = t->acc[PW_ACC_INT].maker = -1;
}

void pwi_translate_global_set(pw_translator *t, uint32_t global) {
    const pw_global_decl *decl = &t->module->globals[global];
    pw_operand value = pwi_pop(t);
    uint32_t cell;
    if (value.where == PW_CONSTANT && !decl->is_pointer) {
        cell = pwi_emit(t, PW_H_global_set_K, 3);
        *pwi_cell(t, cell + 2) = value.constant;
    } else {
        pwi_materialise(t, &value);
        bool in_acc = !decl->is_pointer && pwi_acc_of(value.type) == PW_ACC_INT && pwi_class(t, &value, true) == 1;
        uint32_t handler = decl->is_pointer ? PW_H_global_set_P : in_acc ? PW_H_global_set_A : PW_H_global_set_S;
        if (value.type == 'V') handler = decl->is_pointer ? PW_H_global_set_VP : PW_H_global_set_V;
        cell = pwi_emit(t, handler, 2);
        pwi_set_lane(pwi_cell(t, cell + 1), 0, value.slot);
    }
    pwi_set_high(pwi_cell(t, cell + 1), decl->slot);
}
