/* translate_control.c - blocks and branches: what has to be where when control meets. */
#include <string.h>

#include "base/alloc.h"
#include "engine/condition.h"
#include "engine/meter.h"
#include "engine/translate_try.h"

static pw_label *label_at(pw_translator *t, uint32_t depth) { return &t->labels[t->label_count - 1 - depth]; }

static pw_val_type result_type(const pw_label *label, uint32_t i) { return label->results ? label->results[i] : label->single; }

void pwi_label_push(pw_translator *t, pw_label_kind kind, int64_t block_type) {
    if (!pwi_reserve((void **)&t->labels, &t->label_capacity, t->label_count + 1, sizeof *t->labels)) {
        t->no_memory = true;
        return;
    }
    pw_label *label = &t->labels[t->label_count++];
    memset(label, 0, sizeof *label);
    label->kind = (uint8_t)kind;
    label->dead_before = t->dead;
    label->tries = (uint32_t)t->try_count;
    if (block_type >= 0) {
        const pw_func_type *type = &t->module->types[block_type]->func;
        label->param_count = type->param_count;
        label->result_count = type->result_count;
        label->params = type->params;
        label->results = type->results;
    } else if (block_type != -64) { /* not empty: a value type; only its width and class matter here */
        label->result_count = 1;
        uint32_t byte = (uint32_t)block_type & 0x7f;
        label->single = byte >= PW_KIND_V128 ? byte : PW_KIND_REF_NULL;
    }
    label->height = t->dead ? 0 : (uint32_t)t->height - label->param_count;
}

/* ---- targets --------------------------------------------------------------------------------------------------------- */

/* What the branch pays, when it does, is behind its target. */
static void link_branch(pw_translator *t, pw_label *label, uint32_t cell) {
    if (t->no_memory) return;
    if (label->kind == PW_LABEL_LOOP) {
        pwi_emit_reloc(t, cell, label->start);
        pwi_meter_loop(t, label, PW_TOLL_LOW, cell + 1);
    } else {
        t->cells[cell] = label->patches;
        label->patches = cell;
    }
}

/* The branch whose target is in the cell goes to here. */
static void land(pw_translator *t, uint32_t cell) {
    if (t->no_memory) return;
    pwi_emit_reloc(t, cell, (uint32_t)t->cell_count);
    pwi_meter_here(t, PW_TOLL_LOW, cell + 1);
}

/* Here goes on who does not take the branch. */
static void fall_through(pw_translator *t, uint32_t cell) {
    pwi_meter_here(t, PW_TOLL_HIGH, cell + 1);
    if (t->code->metered) pwi_forget(t);
    pwi_arrive(t);
}

static void resolve(pw_translator *t, uint32_t patches) {
    while (patches != 0 && !t->no_memory) {
        uint32_t next = (uint32_t)t->cells[patches];
        land(t, patches);
        patches = next;
    }
}

static uint32_t label_arity(const pw_label *label) {
    return label->kind == PW_LABEL_LOOP ? label->param_count : label->result_count;
}

/* The home of the label's first value. */
uint32_t pwi_label_home(const pw_translator *t, const pw_label *label) {
    if (label->height == 0) return t->home_base;
    const pw_operand *below = &t->stack[label->height - 1];
    return below->home + (below->type == 'V' ? 2u : 1u);
}

/* More values than that go home first, which happens once to each, and are then moved by one instruction: else a few bytes
 * of the module, a branch to a label of 1,000 values, would be many thousand bytes of code. */
#define FEW_MOVES 16

static bool is_wide(const pw_label *label) { return label_arity(label) > FEW_MOVES; }

/* At home already. */
static bool wide_move(pw_translator *t, uint32_t arity, uint32_t slot, bool count_only) {
    uint32_t from = t->stack[t->height - arity].home, end = pwi_next_home(t);
    if (from == slot || count_only) return from != slot;
    uint32_t cell = pwi_emit(t, PW_H_mov_many, 2);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, from);
    pwi_set_lane(pwi_cell(t, cell + 1), 1, slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, end - from);
    pwi_forget(t);
    return false;
}

/* Emits the moves that put the top operands where the label wants them; with `count_only` just tells if there are
 * any. The stack is left as it is, so that code may go on behind a branch that is not taken. Ascending order is safe:
 * a value never moves up, so no move overwrites the source of a later one. */
static bool label_moves(pw_translator *t, const pw_label *label, bool count_only) {
    uint32_t arity = label_arity(label), slot = pwi_label_home(t, label);
    if (is_wide(label)) {
        pwi_flush_top(t, arity);
        return wide_move(t, arity, slot, count_only);
    }
    for (uint32_t i = 0; i < arity; i++) {
        pw_operand *operand = &t->stack[t->height - arity + i];
        operand->maker = -1; /* where it needs no move the target reads its slot */
        if (operand->where != PW_IN_HOME || operand->slot != slot) {
            if (count_only) return true;
            pwi_move(t, operand, slot, false);
        }
        slot += operand->type == 'V' ? 2u : 1u;
    }
    return false;
}

static bool is_function_label(const pw_translator *t, uint32_t depth) { return depth == t->label_count - 1; }

static void make_dead(pw_translator *t) {
    t->dead = true;
    pwi_cut(t, t->labels[t->label_count - 1].height);
    pwi_forget(t);
}

/* ---- return -------------------------------------------------------------------------------------------------------------- */

static void return_one(pw_translator *t) {
    pw_operand value = t->stack[t->height - 1];
    uint32_t cell;
    if (value.where == PW_CONSTANT) {
        cell = pwi_emit(t, PW_H_ret_K, 3);
        *pwi_cell(t, cell + 2) = value.constant;
    } else {
        static const uint16_t from_acc[PW_ACC_COUNT] = {PW_H_ret_A, PW_H_ret_F, PW_H_ret_D};
        bool in_acc = pwi_class(t, &value, false) == 1;
        cell = pwi_emit(t, in_acc ? from_acc[pwi_acc_of(value.type)] : PW_H_ret_S, 2);
        pwi_set_lane(pwi_cell(t, cell + 1), 0, value.slot);
    }
    pwi_set_lane(pwi_cell(t, cell + 1), 2, t->return_slot);
}

/* More slots than one: the values are at home when they are copied down. */
static bool returns_many(const pw_translator *t) { return t->type->result_slots > 1; }

void pwi_emit_return(pw_translator *t) {
    uint32_t count = t->type->func.result_count;
    if (count == 1 && !returns_many(t)) {
        return_one(t);
    } else if (count == 0) {
        uint32_t cell = pwi_emit(t, PW_H_ret_none, 2);
        pwi_set_lane(pwi_cell(t, cell + 1), 2, t->return_slot);
    } else {
        pwi_flush_top(t, count);
        uint32_t cell = pwi_emit(t, PW_H_ret_many, 2);
        pwi_set_lane(pwi_cell(t, cell + 1), 0, t->stack[t->height - count].home);
        pwi_set_lane(pwi_cell(t, cell + 1), 1, t->type->result_slots);
        pwi_set_lane(pwi_cell(t, cell + 1), 2, t->return_slot);
    }
}

void pwi_translate_return(pw_translator *t) {
    pwi_emit_return(t);
    make_dead(t);
}

/* ---- blocks ------------------------------------------------------------------------------------------------------------ */

int64_t pwi_translate_block_type(pw_translator *t) {
    int64_t block_type = pwi_leb_s64(&t->p);
    if (block_type == (int)PW_KIND_REF - 128 || block_type == (int)PW_KIND_REF_NULL - 128)
        (void)pwi_leb_s64(&t->p); /* the heap type of a long reference type */
    return block_type;
}

void pwi_branch_to(pw_translator *t, pw_label *label) {
    (void)label_moves(t, label, false);
    uint32_t cell = pwi_emit_paying(t, PW_H_br, 2);
    link_branch(t, label, cell + 1);
}

void pwi_translate_block(pw_translator *t, pw_label_kind kind) {
    int64_t block_type = pwi_translate_block_type(t);
    if (t->dead) {
        pwi_label_push(t, kind, block_type);
        return;
    }
    if (kind != PW_LABEL_IF) {
        pwi_label_push(t, kind, block_type);
        if (t->no_memory) return;
        pw_label *label = label_at(t, 0);
        pwi_flush_locals(t);
        if (kind == PW_LABEL_LOOP) {
            pwi_flush_top(t, label->param_count);
            pwi_forget(t);
            label->start = (uint32_t)t->cell_count;
            label->from = t->counted;
            pwi_arrive(t);
        }
        return;
    }
    pw_condition c = pwi_take_condition(t, pwi_pop(t));
    pwi_label_push(t, kind, block_type);
    if (t->no_memory) return;
    pwi_flush_locals(t);
    pwi_flush_top(t, label_at(t, 0)->param_count);
    uint32_t cell = pwi_emit_condition(t, &c, false);
    label_at(t, 0)->else_patch = cell;
    fall_through(t, cell);
}

/* Live code reaches the end of an arm: its results go home. Those of a handler are above the exception still. */
static void finish_arm(pw_translator *t, const pw_label *label) {
    if (t->dead) return;
    if (label->kind == PW_LABEL_CATCH) (void)label_moves(t, label, false);
    else pwi_flush_top(t, label->result_count);
}

void pwi_translate_else(pw_translator *t) {
    pw_label *label = label_at(t, 0);
    if (label->dead_before) return;
    if (!t->dead) {
        finish_arm(t, label);
        uint32_t cell = pwi_emit_paying(t, PW_H_br, 2);
        link_branch(t, label, cell + 1);
    }
    if (t->no_memory) return;
    land(t, label->else_patch);
    label->else_patch = 0;
    label->kind = PW_LABEL_ELSE;
    pwi_cut(t, label->height);
    for (uint32_t i = 0; i < label->param_count; i++) pwi_push_home(t, pwi_type_char(label->params[i]));
    pwi_forget(t);
    t->dead = false;
    pwi_arrive(t);
}

void pwi_translate_end(pw_translator *t) {
    pw_label label = *label_at(t, 0);
    if (label.kind == PW_LABEL_FUNC) {
        if (!t->dead) pwi_translate_return(t);
        pwi_emit_clause_returns(t, label.clauses);
        t->label_count--;
        return;
    }
    if (label.dead_before) {
        t->label_count--;
        return;
    }
    if (label.kind == PW_LABEL_TRY || label.kind == PW_LABEL_LEGACY_TRY) pwi_try_end(t, &label);
    bool joins = label.patches != 0 || label.else_patch != 0 || label.clauses != 0;
    joins = joins || (label.kind == PW_LABEL_CATCH && !t->dead);
    if (joins) {
        finish_arm(t, &label);
        if (t->no_memory) return;
        if (label.else_patch) land(t, label.else_patch);
        resolve(t, label.patches);
        pwi_resolve_clauses(t, label.clauses);
        pwi_cut(t, label.height);
        t->until_look -= (int64_t)label.result_count;
        for (uint32_t i = 0; i < label.result_count; i++) pwi_push_home(t, pwi_type_char(result_type(&label, i)));
        pwi_forget(t);
        t->dead = false;
        pwi_arrive(t);
    } /* else nothing arrives but the code before, if that does: its operands may stay where they are */
    t->label_count--;
    t->last.cell = -1;
    if (t->dead) pwi_cut(t, t->labels[t->label_count - 1].height);
}

/* ---- branches ----------------------------------------------------------------------------------------------------------- */

void pwi_translate_br(pw_translator *t, uint32_t depth) {
    if (is_function_label(t, depth)) {
        pwi_translate_return(t);
        return;
    }
    pw_label *label = label_at(t, depth);
    label_moves(t, label, false);
    uint32_t cell = pwi_emit_paying(t, PW_H_br, 2);
    link_branch(t, label, cell + 1);
    make_dead(t);
}

/* Code goes on behind what was made for the way of a condition that is not this one. */
static void land_behind(pw_translator *t, uint32_t over) {
    land(t, over);
    t->last.cell = -1;
    if (t->code->metered) pwi_forget(t);
    pwi_arrive(t);
}

/* Emits "branch to depth if the condition is sense"; code goes on behind it. */
static void branch_if(pw_translator *t, pw_condition *c, bool sense, uint32_t depth) {
    if (is_function_label(t, depth)) {
        if (returns_many(t)) pwi_flush_top(t, t->type->func.result_count);
        uint32_t over = pwi_emit_condition(t, c, !sense);
        pw_acc before[PW_ACC_COUNT];
        memcpy(before, t->acc, sizeof before);
        pwi_emit_return(t);
        memcpy(t->acc, before, sizeof before);
        land_behind(t, over);
        return;
    }
    pw_label *label = label_at(t, depth); /* the values of a wide one are home before the condition: on both ways */
    if (!label_moves(t, label, true)) {
        uint32_t cell = pwi_emit_condition(t, c, sense);
        link_branch(t, label, cell);
        fall_through(t, cell);
        return;
    }
    uint32_t over = pwi_emit_condition(t, c, !sense);
    pw_acc before[PW_ACC_COUNT];
    memcpy(before, t->acc, sizeof before);
    label_moves(t, label, false);
    uint32_t cell = pwi_emit_paying(t, PW_H_br, 2);
    link_branch(t, label, cell + 1);
    memcpy(t->acc, before, sizeof before); /* the moves were not made on the way that goes on */
    land_behind(t, over);
}

void pwi_translate_br_if(pw_translator *t, uint32_t depth) {
    pw_condition c = pwi_take_condition(t, pwi_pop(t));
    branch_if(t, &c, true, depth);
}

/* br_on_null branches without the reference, which stays on the other way; br_on_non_null branches with it. */
void pwi_translate_br_on_null(pw_translator *t, uint32_t depth, bool on_null) {
    pw_operand *top = &t->stack[t->height - 1];
    pwi_flush(t, t->height - 1);
    pw_condition c = {.value = *top};
    if (on_null) {
        t->height--; /* not popped for good: its home stays what it is */
        branch_if(t, &c, false, depth);
        t->height++;
        pwi_arrive(t);
    } else {
        branch_if(t, &c, true, depth);
        (void)pwi_pop(t);
    }
}

/* A target of br_table: the label itself where nothing has to move, else a piece of code that moves and branches.
 * The values are at home. */
static void table_target(pw_translator *t, uint32_t cell, uint32_t depth) {
    pw_label *label = label_at(t, depth);
    bool returns = is_function_label(t, depth);
    uint32_t arity = label_arity(label);
    if (!returns && (arity == 0 || t->stack[t->height - arity].home == pwi_label_home(t, label))) {
        link_branch(t, label, cell);
        return;
    }
    if (label->piece == 0) {
        label->piece = (uint32_t)t->cell_count;
        if (returns) {
            pwi_emit_return(t);
        } else {
            label_moves(t, label, false);
            uint32_t branch = pwi_emit_paying(t, PW_H_br, 2);
            link_branch(t, label, branch + 1);
        }
        pwi_forget(t);
    }
    if (!t->no_memory) pwi_emit_reloc(t, cell, label->piece);
}

void pwi_translate_br_table(pw_translator *t) {
    uint32_t count = pwi_leb_u32(&t->p);
    pw_operand index = pwi_pop(t);
    pwi_materialise(t, &index);
    const uint8_t *targets = t->p;
    pwi_flush_top(t, label_arity(label_at(t, pwi_leb_u32(&t->p))));
    uint32_t handler = pwi_class(t, &index, true) ? PW_H_br_table_A : PW_H_br_table_S;
    uint32_t pace = 1u + t->code->metered; /* cells of a target */
    uint32_t cell = pwi_emit(t, handler, 2 + (count + 1) * pace);
    if (t->no_memory) return;
    pwi_set_lane(pwi_cell(t, cell + 1), 0, index.slot);
    pwi_set_high(pwi_cell(t, cell + 1), count);
    pwi_forget(t); /* the pieces below are reached by branches */
    t->p = targets;
    for (uint32_t i = 0; i <= count && !t->no_memory && pwi_goes_on(t); i++) table_target(t, cell + 2 + i * pace, pwi_leb_u32(&t->p));
    t->p = targets;
    for (uint32_t i = 0; i <= count; i++) label_at(t, pwi_leb_u32(&t->p))->piece = 0;
    make_dead(t);
}
