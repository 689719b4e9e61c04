/* translate_call.c - calls and tail calls. Arguments go to their homes, which are the callee's first slots. */
#include "engine/places.h"
#include "engine/translate.h"

/* The frame slot of the first argument; the arguments are popped. */
static uint32_t take_arguments(pw_translator *t, const pw_type_record *type) {
    uint32_t count = type->func.param_count;
    pwi_flush_top(t, count);
    pwi_cut(t, t->height - count);
    return pwi_next_home(t);
}

static void push_results(pw_translator *t, const pw_type_record *type, uint32_t base) {
    pwi_note_call(t);
    uint32_t params_end = base + type->param_slots;
    if (params_end > t->max_slot) t->max_slot = params_end;
    t->until_look -= (int64_t)type->func.result_count;
    for (uint32_t i = 0; i < type->func.result_count; i++) pwi_push_home(t, pwi_type_char(type->func.results[i]));
    pwi_forget(t);
    if (type->func.result_count == 1 && pwi_acc_of(pwi_type_char(type->func.results[0])) == PW_ACC_INT)
        t->acc[PW_ACC_INT].slot = base; /* every way of returning leaves it there */
}

static const pw_type_record *type_of(const pw_translator *t, uint32_t type_index) { return t->module->types[type_index]; }

/* Where a call by number goes: the cell after the operands. */
static pw_cell call_target(const pw_translator *t, uint32_t func_index) {
    const pw_module *module = t->module;
    if (func_index < module->imported_funcs) return func_index;
    const pw_code *codes = t->code->metered ? module->metered_codes : module->codes;
    return (pw_cell)(uintptr_t)&codes[func_index - module->imported_funcs];
}

void pwi_translate_call(pw_translator *t, uint32_t func_index) {
    const pw_type_record *type = pwi_func_type_record(t->module, func_index);
    uint32_t base = take_arguments(t, type);
    uint32_t handler = func_index < t->module->imported_funcs ? PW_H_call_import : PW_H_call;
    uint32_t cell = pwi_emit(t, handler, 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, base);
    pwi_set_pins(t, cell + 1);
    *pwi_cell(t, cell + 2) = call_target(t, func_index);
    push_results(t, type, base);
}

void pwi_translate_call_indirect(pw_translator *t, uint32_t type_index, uint32_t table) {
    const pw_type_record *type = type_of(t, type_index);
    pw_operand index = pwi_pop(t);
    pwi_materialise(t, &index);
    uint32_t base = take_arguments(t, type);
    uint32_t cell = pwi_emit(t, PW_H_call_indirect, 4);
    pwi_set_lane(pwi_cell(t, cell + 1), 1, index.slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, table);
    pwi_set_lane(pwi_cell(t, cell + 2), 0, base);
    pwi_set_pins(t, cell + 2);
    *pwi_cell(t, cell + 3) = (pw_cell)(uintptr_t)type;
    push_results(t, type, base);
}

void pwi_translate_call_ref(pw_translator *t, uint32_t type_index) {
    const pw_type_record *type = type_of(t, type_index);
    pw_operand ref = pwi_pop(t);
    pwi_materialise(t, &ref);
    uint32_t base = take_arguments(t, type);
    uint32_t cell = pwi_emit(t, PW_H_call_ref, 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, base);
    pwi_set_pins(t, cell + 1);
    *pwi_cell(t, cell + 2) = ref.slot;
    push_results(t, type, base);
}

/* ---- tail calls: the arguments are moved down by the handler -------------------------------------------------------- */

static uint32_t emit_tail_call(pw_translator *t, uint32_t handler, uint32_t cells, const pw_type_record *type, uint32_t slot) {
    uint32_t base = take_arguments(t, type);
    uint32_t cell = pwi_emit(t, handler, cells);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, base);
    pwi_set_lane(pwi_cell(t, cell + 1), 1, slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, t->return_slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 3, type->param_slots);
    uint32_t end = base + type->param_slots;
    if (end > t->max_slot) t->max_slot = end;
    pwi_cut(t, t->labels[t->label_count - 1].height);
    pwi_forget(t);
    t->dead = true;
    return cell;
}

void pwi_translate_return_call(pw_translator *t, uint32_t func_index) {
    const pw_type_record *type = pwi_func_type_record(t->module, func_index);
    uint32_t handler = func_index < t->module->imported_funcs ? PW_H_return_call_import : PW_H_return_call;
    uint32_t cell = emit_tail_call(t, handler, 3, type, 0);
    *pwi_cell(t, cell + 2) = call_target(t, func_index);
}

void pwi_translate_return_call_indirect(pw_translator *t, uint32_t type_index, uint32_t table) {
    const pw_type_record *type = type_of(t, type_index);
    pw_operand index = pwi_pop(t);
    pwi_materialise(t, &index);
    uint32_t cell = emit_tail_call(t, PW_H_return_call_indirect, 4, type, index.slot);
    *pwi_cell(t, cell + 2) = (pw_cell)(uintptr_t)type;
    *pwi_cell(t, cell + 3) = table;
}

void pwi_translate_return_call_ref(pw_translator *t, uint32_t type_index) {
    pw_operand ref = pwi_pop(t);
    pwi_materialise(t, &ref);
    (void)emit_tail_call(t, PW_H_return_call_ref, 3, type_of(t, type_index), ref.slot);
}
