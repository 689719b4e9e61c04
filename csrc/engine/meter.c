/* meter.c - fuel: what code costs, counted by wasm's own instructions, so that the same module uses the same on every
 * platform and shell.
 *
 * A block is a run of instructions that are executed together unless one of them traps: it begins where code can arrive
 * (a loop, the end of a block that is branched to, a handler) and behind each conditional branch. Its first instruction
 * pays for all of it. Instructions that only structure (block, loop, else, end, nop) are free; what moves many bytes or
 * elements pays by their number too, when it is known.
 *
 *   fuel        cell 1 cost
 *   enter_fuel  the entry of a function and its first block at once; cell 4 cost, cell 5 address of a fuel behind the
 *               function, which ends in a branch to the block: an entry cannot be begun anew
 *   fuel_by     lane 0 slot of the number; low half of cell 2 shift, high half 1 for an i32
 */
#include "engine/meter.h"

#include "engine/places.h"

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

/* No accumulator is live where a run may be interrupted. */
static uint32_t emit_fuel(pw_translator *t, uint32_t handler, uint32_t cells) {
    uint32_t cell = pwi_emit(t, handler, cells);
    pwi_forget(t);
    pwi_note_stop(t, cell, t->offset);
    return cell;
}

void pwi_meter(pw_translator *t, uint32_t code) {
    if (is_free(code)) return;
    if (t->meter_due) {
        t->meter_due = false;
        t->meter_cell = emit_fuel(t, PW_H_fuel, 2) + 1;
        t->block_cost = 0;
    }
    uint32_t shift = bulk_shift(code);
    if (shift != 0 && !t->no_memory) {
        pwi_flush(t, t->height - 1);
        const pw_operand *number = &t->stack[t->height - 1];
        uint32_t slot = number->slot, narrow = number->type == 'i';
        uint32_t cell = emit_fuel(t, PW_H_fuel_by, 3);
        pwi_set_lane(pwi_cell(t, cell + 1), 0, slot);
        pwi_set_low(pwi_cell(t, cell + 2), shift);
        pwi_set_high(pwi_cell(t, cell + 2), narrow);
    }
    *pwi_cell(t, t->meter_cell) = ++t->block_cost;
}

uint32_t pwi_meter_entry(pw_translator *t) {
    uint32_t cell = pwi_emit(t, PW_H_enter_fuel, 6);
    t->meter_cell = cell + 4;
    return cell;
}

void pwi_meter_end(pw_translator *t, uint32_t entry) {
    t->height = 0; /* it is the entry's place: there are no operands */
    uint32_t fuel = emit_fuel(t, PW_H_fuel, 2), branch = pwi_emit(t, PW_H_br, 2);
    *pwi_cell(t, fuel + 1) = *pwi_cell(t, entry + 4);
    pwi_emit_reloc(t, entry + 5, fuel);
    pwi_emit_reloc(t, branch + 1, entry + 6);
}
