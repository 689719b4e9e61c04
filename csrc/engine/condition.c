/* condition.c - what a conditional branch tests. The instructions that made the value are taken back and become
 * part of the branch: a comparison, what is behind its negation, the bits of a mask, and the step of a local in front of
 * it (`i += 1; if (i < n)`).
 */
#include "engine/condition.h"

#include "engine/meter.h"

static bool has_constant(const pw_last *last) { return last->class_b == PW_CLASS_CONSTANT; }

static bool is_mask(const pw_last *last) { return last->forms->code == PW_OP_i32_and && has_constant(last); }

static bool compares_floats(const pw_last *last) { return last->forms->shape == PW_SHAPE_FCMPOP; }

/* Does the last instruction only ask whether the result of the one before it is zero? */
static bool asks_previous(const pw_translator *t) {
    const pw_last *last = &t->last, *previous = &t->previous;
    if (last->forms->code != PW_OP_i32_eq && last->forms->code != PW_OP_i32_ne) return false;
    if (last->class_a != PW_CLASS_ACC || !has_constant(last) || pwi_high(&t->cells[last->cell + 1]) != 0) return false;
    if (previous->cell < 0 || previous->result != PW_RESULT_LANE_1 || !previous->forms) return false;
    return compares_floats(previous) || is_mask(previous);
}

/* The compared local has been stepped just before. */
static void take_step(pw_translator *t, pw_condition *c) {
    const pw_last *last = &t->last;
    if (last->cell < 0 || !last->is_step || c->compare->operands[0] != last->forms->operands[0]) return;
    uint32_t slot = pwi_lane(&t->cells[last->cell + 1], 1);
    bool constant = c->class_b == PW_CLASS_CONSTANT, first = pwi_lane(&c->operands, 0) == slot;
    if (!first && (constant || pwi_lane(&c->operands, 2) != slot)) return;
    if (t->local_pending[last->step_local] != 0 || (first ? c->class_b : c->class_a) == PW_CLASS_ACC) return;
    if (constant) {
        c->other = pwi_high(&c->operands);
    } else {
        c->other = pwi_lane(&c->operands, first ? 2 : 0);
        if (c->other == slot) return;
        if (!first) {
            c->class_b = c->class_a;
            c->compare = pwi_forms(t, c->compare->swap);
        }
    }
    c->steps = true;
    c->class_a = t->local_pins[last->step_local];
    c->operands = t->cells[last->cell + 1];
    pwi_unemit(t);
}

pw_condition pwi_take_condition(pw_translator *t, pw_operand value) {
    pw_condition c = {.value = value};
    if (t->last.cell < 0 || value.maker != t->last.cell || !t->last.forms) return c;
    if (asks_previous(t)) {
        c.opposite = t->last.forms->code == PW_OP_i32_eq;
        pwi_unemit(t);
    }
    const pw_last *last = &t->last;
    c.tests_mask = is_mask(last);
    if (!c.tests_mask && last->forms->shape != PW_SHAPE_CMPOP && !compares_floats(last)) return c;
    c.compare = last->forms;
    c.class_a = last->class_a;
    c.class_b = last->class_b;
    c.operands = t->cells[last->cell + 1];
    if (compares_floats(last) && has_constant(last)) c.constant = t->cells[last->cell + 2];
    pwi_unemit(t);
    if (c.compare->shape == PW_SHAPE_CMPOP) take_step(t, &c);
    return c;
}

static uint32_t emit_value(pw_translator *t, pw_condition *c, bool sense) {
    pwi_materialise(t, &c->value);
    bool wide = c->value.type == 'I' || c->value.type == 'r';
    uint32_t code = wide ? (sense ? PW_OP_i64_ne : PW_OP_i64_eq) : (sense ? PW_OP_i32_ne : PW_OP_i32_eq);
    uint32_t pair = pwi_pair(t, 'i', pwi_place(t, &c->value), PW_CLASS_CONSTANT);
    uint32_t cell = pwi_emit_paying(t, pwi_forms(t, code)->branch + pair, 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, c->value.slot);
    return cell + 2;
}

/* Families of steps have no accumulators: classes behind it move down by one. */
static uint32_t without_acc(uint32_t class) { return class > PW_CLASS_ACC ? class - 1u : class; }

static uint32_t emit_step(pw_translator *t, const pw_condition *c, const pw_op_forms *forms) {
    uint32_t classes = pwi_classes(t, forms->operands[0]) - 1, b = classes;
    if (c->class_b != PW_CLASS_CONSTANT) b = without_acc(c->class_b);
    uint32_t slot = pwi_lane(&c->operands, 1);
    uint32_t cell = pwi_emit_paying(t, forms->step + without_acc(c->class_a) * (classes + 1) + b, 4);
    *pwi_cell(t, cell + 1) = c->operands;
    pwi_set_low(pwi_cell(t, cell + 2), c->other);
    pwi_slot_written(t, slot);
    if (c->class_a == PW_CLASS_SLOT) t->acc[PW_ACC_INT] = (pw_acc){.slot = slot, .maker = -1};
    return cell + 3;
}

uint32_t pwi_emit_condition(pw_translator *t, pw_condition *c, bool sense) {
    sense ^= c->opposite;
    if (c->compare == NULL) return emit_value(t, c, sense);
    const pw_op_forms *forms = c->compare;
    bool floats = forms->shape == PW_SHAPE_FCMPOP;
    if (!sense && !floats && !c->tests_mask) forms = pwi_forms(t, forms->negate);
    if (c->steps) return emit_step(t, c, forms);
    uint32_t pair = pwi_pair(t, forms->operands[1], c->class_a, c->class_b), cells = 3;
    uint32_t handler = (floats && !sense ? forms->branch_not : forms->branch) + pair;
    if (c->tests_mask) handler = (uint32_t)(sense ? PW_H_br_mask_S : PW_H_brn_mask_S) + c->class_a;
    if (floats && c->class_b == PW_CLASS_CONSTANT) cells = 4;
    uint32_t cell = pwi_emit_paying(t, handler, cells);
    *pwi_cell(t, cell + 1) = c->operands;
    if (cells == 4) *pwi_cell(t, cell + 2) = c->constant;
    return cell + cells - 1;
}
