/* meter.c - fuel: what code costs, counted by wasm's own instructions, so that the same module uses the same on every
 * platform and shell.
 *
 * A run of instructions is what is executed together unless one of them traps or throws: from where code arrives (the entry
 * of a function, the target of a branch, the other side of a conditional one) up to the next branch or return, through
 * the labels between them. Who arrives pays for the run, all at once: entries and branches in shells that count
 * (counting_words.h) do it as they go, with what it costs there in a cell of theirs:
 *
 *   entries       ... the same, cost in the low half
 *   br            target, cost (low)
 *   conditional   ... target, cost when taken (low) and when not (high)
 *   br_table      for each target: target, cost (low)
 *   catches       pw_catch.cost
 *   fuel_by       lane 0 slot of the number; low half of cell 2 shift, high half 1 for an i32
 *
 * How long a run is shows when it ends. Until then the places that get to know it are tolls. The loops that it has gone
 * into know it then too, for the branches back.
 *
 * Instructions that only structure (block, loop, else, end, nop) are free; what moves many bytes or elements pays by their
 * number too, when it is known: before it is executed, or with its run when it is a constant.
 */
#include "engine/meter.h"

#include "base/alloc.h"

/* One unit for so many bytes or elements, as a shift; 0: not of this kind. The number is the last operand. */
static uint32_t bulk_shift(uint32_t code) {
    switch (code) {
    case PW_OP_memory_copy:
    case PW_OP_memory_fill:
    case PW_OP_memory_init: return 6;
    case PW_OP_table_copy:
    case PW_OP_table_fill:
    case PW_OP_table_init:
    case PW_OP_table_grow:
    case PW_OP_array_new:
    case PW_OP_array_new_default:
    case PW_OP_array_new_data:
    case PW_OP_array_new_elem:
    case PW_OP_array_fill:
    case PW_OP_array_copy:
    case PW_OP_array_init_data:
    case PW_OP_array_init_elem: return 3;
    default: return 0;
    }
}

static bool is_free(uint32_t code) {
    return code == PW_OP_block || code == PW_OP_loop || code == PW_OP_else || code == PW_OP_end || code == PW_OP_nop ||
           code == PW_OP_try_table || code == PW_OP_try || code == PW_OP_catch || code == PW_OP_catch_all ||
           code == PW_OP_delegate;
}

/* Code does not just go on behind it. An arm of an `if` or a try branches to the end. */
static bool ends_run(uint32_t code) {
    switch (code) {
    case PW_OP_if:
    case PW_OP_else:
    case PW_OP_br:
    case PW_OP_br_if:
    case PW_OP_br_table:
    case PW_OP_br_on_null:
    case PW_OP_br_on_non_null:
    case PW_OP_br_on_cast:
    case PW_OP_br_on_cast_fail:
    case PW_OP_return:
    case PW_OP_return_call:
    case PW_OP_return_call_indirect:
    case PW_OP_return_call_ref:
    case PW_OP_unreachable:
    case PW_OP_catch:
    case PW_OP_catch_all:
    case PW_OP_throw:
    case PW_OP_throw_ref:
    case PW_OP_rethrow: return true;
    default: return false;
    }
}

/* Units that a constant number may add to its run: what the run costs has to fit in its half of a cell, and with its constant
 * such an instruction takes four bytes at least. */
#define PW_MOST_WITH_A_RUN 2047u
_Static_assert((uint64_t)PW_MAX_FUNCTION_SIZE / 4 * PW_MOST_WITH_A_RUN + PW_MAX_FUNCTION_SIZE <= UINT32_MAX, "runs may cost more");

/* The top operand says of how many bytes or elements. No accumulator is live where a call may be interrupted. */
static void pay_by_number(pw_translator *t, uint32_t shift) {
    pw_operand *number = &t->stack[t->height - 1];
    if (number->where == PW_CONSTANT && number->constant >> shift <= PW_MOST_WITH_A_RUN) {
        t->counted += (uint32_t)(number->constant >> shift);
        return;
    }
    if (number->where == PW_CONSTANT) pwi_flush(t, t->height - 1);
    number->maker = -1; /* its slot is read */
    uint32_t slot = number->slot, narrow = number->type == 'i';
    uint32_t cell = pwi_emit(t, PW_H_fuel_by, 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, slot);
    pwi_set_low(pwi_cell(t, cell + 2), shift);
    pwi_set_high(pwi_cell(t, cell + 2), narrow);
    pwi_forget(t);
    pwi_stop_before(t, t->offset);
}

void pwi_meter(pw_translator *t, uint32_t code) {
    if (t->dead || is_free(code)) {
        if (!t->dead && ends_run(code)) pwi_meter_run_ends(t);
        return;
    }
    uint32_t shift = bulk_shift(code);
    if (shift != 0 && !t->no_memory) pay_by_number(t, shift);
    t->counted++;
    if (ends_run(code)) pwi_meter_run_ends(t);
}

typedef struct pw_toll {
    uint32_t at, kind, from; /* see pwi_meter_toll */
} pw_toll;

static void settle(pw_translator *t, const pw_toll *toll, uint32_t cost) {
    if (toll->kind == PW_TOLL_CATCH) t->clauses[toll->at].cost = cost;
    else if (toll->kind == PW_TOLL_HIGH) pwi_set_high(pwi_cell(t, toll->at), cost);
    else pwi_set_low(pwi_cell(t, toll->at), cost);
}

void pwi_meter_run_ends(pw_translator *t) {
    for (size_t i = 0; i < t->toll_count; i++) settle(t, &t->tolls[i], t->counted - t->tolls[i].from);
    t->toll_count = 0;
    for (size_t i = t->label_count; i-- > 0 && !t->labels[i].run_ended;) {
        t->labels[i].run_ended = true;
        t->labels[i].cost = t->counted - t->labels[i].from;
    }
}

void pwi_meter_toll(pw_translator *t, uint32_t kind, uint32_t at, uint32_t from) {
    if (t->no_memory || !t->code->metered) return;
    if (!pwi_reserve((void **)&t->tolls, &t->toll_capacity, t->toll_count + 1, sizeof *t->tolls)) {
        t->no_memory = true;
        return;
    }
    t->tolls[t->toll_count++] = (pw_toll){at, kind, from};
}

void pwi_meter_loop(pw_translator *t, const pw_label *loop, uint32_t kind, uint32_t at) {
    const pw_toll toll = {at, kind, 0};
    if (t->no_memory || !t->code->metered) return;
    if (loop->run_ended) settle(t, &toll, loop->cost);
    else pwi_meter_toll(t, kind, at, loop->from);
}
