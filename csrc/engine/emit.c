/* emit.c - the translator's ground: cells, the abstract stack, what the accumulators hold. */
#include <string.h>

#include "base/alloc.h"
#include "engine/translate.h"

/* ---- cells ------------------------------------------------------------------------------------------------------ */

/* Without memory the cells at the front are overwritten: the caller gives the code up at the next instruction. */
uint32_t pwi_emit(pw_translator *t, uint32_t handler, uint32_t cells) {
    size_t at = t->cell_count;
    t->previous = t->last;
    t->last.cell = -1;
    if (t->mapping) pwi_note_references(t, (uint32_t)at);
    if (!pwi_reserve((void **)&t->cells, &t->cell_capacity, at + cells, sizeof *t->cells) ||
        (t->recording && !pwi_reserve((void **)&t->offsets, &t->offset_capacity, at + cells, sizeof *t->offsets))) {
        t->no_memory = true;
        return 0;
    }
    memset(t->cells + at, 0, cells * sizeof *t->cells);
    t->cells[at] = t->handlers[handler];
    if (t->recording)
        for (uint32_t i = 0; i < cells; i++) t->offsets[at + i] = t->offset;
    t->cell_count = at + cells;
    return (uint32_t)at;
}

void pwi_emit_reloc(pw_translator *t, uint32_t cell, uint32_t target) {
    if (!pwi_reserve((void **)&t->relocations, &t->relocation_capacity, t->relocation_count + 1, sizeof(uint32_t))) {
        t->no_memory = true;
        return;
    }
    t->relocations[t->relocation_count++] = cell;
    t->cells[cell] = target;
}

void pwi_unemit(pw_translator *t) {
    t->cell_count = (size_t)t->last.cell;
    memcpy(t->acc, t->last.before, sizeof t->acc);
    t->last = t->previous;
    t->previous.cell = -1;
}

/* ---- accumulators ------------------------------------------------------------------------------------------------ */

int pwi_acc_of(char type) { return type == 'f' ? PW_ACC_F32 : type == 'F' ? PW_ACC_F64 : type == 'V' ? PW_ACC_NONE : PW_ACC_INT; }

void pwi_forget(pw_translator *t) {
    for (int i = 0; i < PW_ACC_COUNT; i++) t->acc[i].slot = t->acc[i].maker = -1;
    t->last.cell = -1;
}

void pwi_slot_written(pw_translator *t, uint32_t slot) {
    for (int i = 0; i < PW_ACC_COUNT; i++)
        if (t->acc[i].slot == slot) t->acc[i].slot = t->acc[i].maker = -1;
}

uint8_t pwi_class(pw_translator *t, const pw_operand *operand, bool consume) {
    int class = pwi_acc_of(operand->type);
    if (class == PW_ACC_NONE || t->acc[class].slot != operand->slot) return 0;
    pw_acc *acc = &t->acc[class];
    if (consume && operand->where == PW_IN_HOME && acc->maker >= 0 && acc->maker == operand->maker) {
        t->cells[acc->maker] = t->handlers[acc->handler + 1];
        acc->slot = acc->maker = -1;
    }
    return 1;
}

uint8_t pwi_place(pw_translator *t, const pw_operand *operand) {
    if (operand->where == PW_IN_LOCAL && t->local_pins[operand->local]) return t->local_pins[operand->local];
    return pwi_class(t, operand, true);
}

/* ---- the abstract stack ------------------------------------------------------------------------------------------ */

char pwi_type_char(pw_val_type type) {
    switch (PW_TYPE_KIND(type)) {
    case PW_KIND_I32: return 'i';
    case PW_KIND_I64: return 'I';
    case PW_KIND_F32: return 'f';
    case PW_KIND_F64: return 'F';
    case PW_KIND_V128: return 'V';
    default: return 'r';
    }
}

uint32_t pwi_next_home(const pw_translator *t) {
    if (t->height == 0) return t->home_base;
    const pw_operand *top = &t->stack[t->height - 1];
    return top->home + (top->type == 'V' ? 2u : 1u);
}

pw_operand *pwi_push(pw_translator *t, pw_operand operand) {
    uint32_t home = pwi_next_home(t);
    if (!pwi_reserve((void **)&t->stack, &t->stack_capacity, t->height + 1, sizeof *t->stack)) {
        t->no_memory = true;
        return t->stack;
    }
    uint32_t end = home + (operand.type == 'V' ? 2u : 1u);
    if (end > t->max_slot) t->max_slot = end;
    operand.home = (uint16_t)home;
    if (operand.where != PW_IN_LOCAL) operand.slot = home;
    t->stack[t->height] = operand;
    return &t->stack[t->height++];
}

void pwi_push_home(pw_translator *t, char type) {
    pwi_push(t, (pw_operand){.where = PW_IN_HOME, .type = type, .maker = -1});
}

void pwi_push_constant(pw_translator *t, char type, uint64_t value) {
    pwi_push(t, (pw_operand){.where = PW_CONSTANT, .type = type, .maker = -1, .constant = value});
}

void pwi_push_local(pw_translator *t, uint32_t local) {
    pwi_push(t, (pw_operand){.where = PW_IN_LOCAL, .type = t->local_types[local], .slot = t->local_slots[local],
                             .local = local, .maker = -1});
    if (t->no_memory) return;
    t->local_pending[local]++;
    t->pending++;
}

static void no_longer_in_local(pw_translator *t, pw_operand *operand) {
    if (operand->where != PW_IN_LOCAL) return;
    t->local_pending[operand->local]--;
    t->pending--;
}

pw_operand pwi_pop(pw_translator *t) {
    pw_operand *top = &t->stack[--t->height];
    no_longer_in_local(t, top);
    return *top;
}

void pwi_cut(pw_translator *t, size_t height) {
    while (t->height > height) (void)pwi_pop(t);
}

/* ---- moves -------------------------------------------------------------------------------------------------------- */

/* The last instruction is a move; it does another one too. */
static void join_moves(pw_translator *t, uint32_t from, uint32_t to) {
    pw_cell *cells = t->cells + t->last.cell;
    cells[0] = t->handlers[PW_H_mov_SS];
    pwi_set_lane(cells + 1, 2, from);
    pwi_set_lane(cells + 1, 3, to);
    pwi_slot_written(t, to);
    t->last.cell = -1;
}

void pwi_move(pw_translator *t, const pw_operand *operand, uint32_t slot, bool consume) {
    uint32_t cell;
    if (operand->where == PW_CONSTANT) {
        bool small = operand->constant <= UINT32_MAX;
        cell = pwi_emit(t, small ? PW_H_mov_I : PW_H_mov_K, small ? 2 : 3);
        if (small) pwi_set_high(pwi_cell(t, cell + 1), (uint32_t)operand->constant);
        else *pwi_cell(t, cell + 2) = operand->constant;
    } else if (operand->type == 'V') {
        cell = pwi_emit(t, PW_H_mov_V, 2);
        pwi_set_lane(pwi_cell(t, cell + 1), 0, operand->slot);
        pwi_slot_written(t, slot + 1);
    } else {
        static const uint16_t from_acc[PW_ACC_COUNT] = {PW_H_mov_A, PW_H_mov_F, PW_H_mov_D};
        bool in_acc = pwi_class(t, operand, consume) == 1;
        if (!in_acc && t->last.cell >= 0 && t->last.is_move) {
            join_moves(t, operand->slot, slot);
            return;
        }
        cell = pwi_emit(t, in_acc ? from_acc[pwi_acc_of(operand->type)] : PW_H_mov_S, 2);
        pwi_set_lane(pwi_cell(t, cell + 1), 0, operand->slot);
    }
    pwi_set_lane(pwi_cell(t, cell + 1), 1, slot);
    pwi_slot_written(t, slot);
    if (t->cells[cell] == t->handlers[PW_H_mov_S])
        t->last = (pw_last){.cell = cell, .cells = 2, .result = PW_RESULT_FIXED, .is_move = true};
}

void pwi_materialise(pw_translator *t, pw_operand *operand) {
    if (operand->where != PW_CONSTANT) return;
    pwi_move(t, operand, operand->home, true);
    operand->where = PW_IN_HOME;
    operand->slot = operand->home;
    operand->maker = -1;
}

void pwi_flush(pw_translator *t, size_t index) {
    pw_operand *operand = &t->stack[index];
    operand->maker = -1; /* its slot will be read: the maker must write it */
    if (operand->where == PW_IN_HOME) return;
    pwi_move(t, operand, operand->home, false);
    no_longer_in_local(t, operand);
    operand->where = PW_IN_HOME;
    operand->slot = operand->home;
}

void pwi_flush_top(pw_translator *t, size_t count) {
    t->until_look -= (int64_t)count / 4;
    for (size_t i = t->height - count; i < t->height; i++) pwi_flush(t, i);
}

void pwi_flush_locals(pw_translator *t) {
    for (size_t i = t->height; t->pending != 0 && i-- > 0;)
        if (t->stack[i].where == PW_IN_LOCAL) pwi_flush(t, i);
}

void pwi_flush_local(pw_translator *t, uint32_t local) {
    if (t->local_pending[local] != 0) t->until_look -= (int64_t)t->height / 16;
    for (size_t i = t->height; t->local_pending[local] != 0 && i-- > 0;)
        if (t->stack[i].where == PW_IN_LOCAL && t->stack[i].local == local) pwi_flush(t, i);
}

void pwi_result(pw_translator *t, uint32_t cell, uint32_t cells, uint32_t handler, char type) {
    pw_acc before[PW_ACC_COUNT];
    memcpy(before, t->acc, sizeof before);
    pwi_push_home(t, type);
    if (t->no_memory) return;
    pw_operand *result = &t->stack[t->height - 1];
    pwi_set_lane(pwi_cell(t, cell + 1), 1, result->home);
    pwi_slot_written(t, result->home);
    int class = pwi_acc_of(type);
    t->acc[class] = (pw_acc){.slot = result->home, .maker = cell, .handler = (uint16_t)handler};
    result->maker = cell;
    t->last = (pw_last){.cell = cell, .cells = (uint8_t)cells, .result = PW_RESULT_LANE_1};
    memcpy(t->last.before, before, sizeof before);
}

uint32_t pwi_emit_on_operands(pw_translator *t, uint32_t handler, uint32_t cells, uint32_t count) {
    pwi_flush_top(t, count);
    uint32_t first = count ? t->stack[t->height - count].home : 0;
    uint32_t cell = pwi_emit(t, handler, cells);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, first);
    pwi_cut(t, t->height - count);
    return cell;
}
