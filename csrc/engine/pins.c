/* pins.c - locals that a shell with pins keeps in registers too (code.h).
 *
 * A pin is a copy: the slot is written along, so that whoever looks at frames (traps, the collector, handlers that take slots)
 * sees what is. Only two things have to be right: who writes such a local writes the register, and the registers
 * are loaded where another function's may be in them: on entry and after calls. Functions that catch exceptions have none,
 * since their handlers are entered from anywhere.
 */
#include <string.h>

#include "base/alloc.h"
#include "engine/translate.h"

/* A use in a loop counts as much as so many outside of it. */
#define LOOP_WEIGHT   8u
#define DEEPEST_LOOPS 5u
/* Below that, loading the register costs more than it saves. */
#ifdef PW_TORTURE
#define LEAST_USES 1u
#else
#define LEAST_USES 3u
#endif

typedef struct scan {
    uint32_t *uses; /* by local */
    uint32_t weight, loops;
    uint32_t depth;
    bool catches;
    uint64_t loop_at[4]; /* bit: the block at this depth is a loop; deeper ones count as their outer ones */
} scan;

static void enter_block(scan *s, bool loop) {
    if (s->depth < 256 && loop) {
        s->loop_at[s->depth / 64] |= (uint64_t)1 << s->depth % 64;
        if (s->loops++ < DEEPEST_LOOPS) s->weight *= LOOP_WEIGHT;
    }
    s->depth++;
}

static void leave_block(scan *s) {
    s->depth--;
    if (s->depth >= 256 || !(s->loop_at[s->depth / 64] >> s->depth % 64 & 1)) return;
    s->loop_at[s->depth / 64] &= ~((uint64_t)1 << s->depth % 64);
    if (--s->loops < DEEPEST_LOOPS) s->weight /= LOOP_WEIGHT;
}

static void count(scan *s, uint32_t local) {
    s->uses[local] = s->uses[local] > UINT32_MAX - s->weight ? UINT32_MAX : s->uses[local] + s->weight;
}

static void scan_body(pw_translator *t, scan *s) {
    const uint8_t *begin = t->p;
    while (t->p < t->end) {
        uint32_t code = pwi_read_opcode(&t->p);
        switch (code) {
        case PW_OP_local_get:
        case PW_OP_local_set:
        case PW_OP_local_tee: count(s, pwi_leb_u32(&t->p)); continue;
        case PW_OP_loop:
        case PW_OP_block:
        case PW_OP_if:
            enter_block(s, code == PW_OP_loop);
            (void)pwi_translate_block_type(t);
            continue;
        case PW_OP_end:
            if (s->depth != 0) leave_block(s);
            continue;
        case PW_OP_try:
        case PW_OP_try_table: s->catches = true; break;
        default: break;
        }
        if (s->catches) break;
        pwi_skip_immediates(t, pwi_op_info(code)->imm);
    }
    t->p = begin;
}

/* The busiest local of the types that is not pinned yet. */
static void choose(pw_translator *t, const uint32_t *uses, const char *types, uint8_t class, uint32_t pin) {
    uint32_t best = t->local_count;
    for (uint32_t i = 0; i < t->local_count; i++) {
        if (!strchr(types, t->local_types[i]) || t->local_pins[i] || uses[i] < LEAST_USES) continue;
        if (best == t->local_count || uses[i] > uses[best]) best = i;
    }
    if (best == t->local_count) return;
    t->local_pins[best] = class;
    t->pin_slots[pin] = t->local_slots[best];
    t->pinned = true;
}

void pwi_choose_pins(pw_translator *t) {
    if (t->local_count == 0) return;
    scan s = {.uses = pwi_alloc_zero(t->local_count, sizeof *s.uses), .weight = 1};
    if (s.uses == NULL) {
        t->no_memory = true;
        return;
    }
    scan_body(t, &s);
    if (!s.catches) {
        choose(t, s.uses, "iI", PW_CLASS_PIN, PW_PIN_L);
        choose(t, s.uses, "iI", PW_CLASS_PIN + 1, PW_PIN_N);
        choose(t, s.uses, "F", PW_CLASS_PIN, PW_PIN_P);
    }
    pwi_free(s.uses);
}

void pwi_set_pins(pw_translator *t, uint32_t cell) {
    for (uint32_t i = 0; i < PW_PIN_COUNT; i++) pwi_set_lane(pwi_cell(t, cell), i + 1, t->pin_slots[i]);
}

/* By register, and by where the value is. */
enum { FROM_SLOT, FROM_ACC, FROM_SMALL, FROM_CONSTANT, FROM_COUNT };
static const uint16_t move_handlers[PW_PIN_COUNT][FROM_COUNT] = {
    {PW_H_mov_SL, PW_H_mov_AL, PW_H_mov_IL, PW_H_mov_KL},
    {PW_H_mov_SN, PW_H_mov_AN, PW_H_mov_IN, PW_H_mov_KN},
    {PW_H_mov_SP, PW_H_mov_DP, PW_H_mov_KP, PW_H_mov_KP},
};

void pwi_move_to_local(pw_translator *t, const pw_operand *operand, uint32_t local) {
    uint32_t slot = t->local_slots[local];
    if (!t->local_pins[local]) {
        pwi_move(t, operand, slot, true);
        return;
    }
    bool is_float = operand->type == 'F';
    const uint16_t *handlers = move_handlers[is_float ? PW_PIN_P : t->local_pins[local] - PW_CLASS_PIN];
    uint32_t cell;
    if (operand->where == PW_CONSTANT) {
        bool small = !is_float && operand->constant <= UINT32_MAX;
        cell = pwi_emit(t, handlers[small ? FROM_SMALL : FROM_CONSTANT], small ? 2 : 3);
        if (small) pwi_set_high(pwi_cell(t, cell + 1), (uint32_t)operand->constant);
        else *pwi_cell(t, cell + 2) = operand->constant;
    } else {
        cell = pwi_emit(t, handlers[pwi_class(t, operand, true) ? FROM_ACC : FROM_SLOT], 2);
        pwi_set_lane(pwi_cell(t, cell + 1), 0, operand->slot);
    }
    pwi_set_lane(pwi_cell(t, cell + 1), 1, slot);
    pwi_slot_written(t, slot);
}
