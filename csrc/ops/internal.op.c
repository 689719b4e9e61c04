/* Handlers without an opcode of their own: moves, branches, calls, returns. The translator emits them for control and
 * variable instructions (engine/translate_*.c). Bodies end by themselves; cells are drawn in engine/code.h.
 */
#include "internal_prelude.h"
#include "op_prelude.h"

/* ---- moves: lane 0 -> slot of lane 1; K: 64 bits in cell 2, I: 32 bits zero-extended in the high half ---------- */

INTERNAL(mov_S, 2)
{
    fp[PW_LANE(1, 1)] = fp[PW_LANE(1, 0)];
    PW_NEXT(2);
}

INTERNAL(mov_A, 2)
{
    fp[PW_LANE(1, 1)] = A;
    PW_NEXT(2);
}

INTERNAL(mov_F, 2)
{
    fp[PW_LANE(1, 1)] = pwi_f32_to_bits(F);
    PW_NEXT(2);
}

INTERNAL(mov_D, 2)
{
    fp[PW_LANE(1, 1)] = pwi_f64_to_bits(D);
    PW_NEXT(2);
}

INTERNAL(mov_I, 2)
{
    fp[PW_LANE(1, 1)] = PW_HIGH(1);
    PW_NEXT(2);
}

INTERNAL(mov_K, 3)
{
    fp[PW_LANE(1, 1)] = pc[2];
    PW_NEXT(3);
}

/* Two in a row: lane 2 -> slot of lane 3 behind the first. */
INTERNAL(mov_SS, 2)
{
    fp[PW_LANE(1, 1)] = fp[PW_LANE(1, 0)];
    fp[PW_LANE(1, 3)] = fp[PW_LANE(1, 2)];
    PW_NEXT(2);
}

/* Memory to memory: addresses in lanes 0 (from) and 1 (to), their offsets in the halves of cell 2. */
INTERNAL(copy_8, 3) { PW_COPY(uint8_t); PW_NEXT(3); }
INTERNAL(copy_16, 3) { PW_COPY(uint16_t); PW_NEXT(3); }
INTERNAL(copy_32, 3) { PW_COPY(uint32_t); PW_NEXT(3); }
INTERNAL(copy_64, 3) { PW_COPY(uint64_t); PW_NEXT(3); }

/* To locals with pins. */
INTERNAL(mov_SL, 2) { PW_PUT_i64_L(1, 1, fp[PW_LANE(1, 0)]); PW_NEXT(2); }
INTERNAL(mov_AL, 2) { PW_PUT_i64_L(1, 1, A); PW_NEXT(2); }
INTERNAL(mov_IL, 2) { PW_PUT_i64_L(1, 1, PW_HIGH(1)); PW_NEXT(2); }
INTERNAL(mov_KL, 3) { PW_PUT_i64_L(1, 1, pc[2]); PW_NEXT(3); }
INTERNAL(mov_SN, 2) { PW_PUT_i64_N(1, 1, fp[PW_LANE(1, 0)]); PW_NEXT(2); }
INTERNAL(mov_AN, 2) { PW_PUT_i64_N(1, 1, A); PW_NEXT(2); }
INTERNAL(mov_IN, 2) { PW_PUT_i64_N(1, 1, PW_HIGH(1)); PW_NEXT(2); }
INTERNAL(mov_KN, 3) { PW_PUT_i64_N(1, 1, pc[2]); PW_NEXT(3); }
INTERNAL(mov_SP, 2) { PW_PUT_f64_P(1, 1, PW_GET_f64_S(1, 0)); PW_NEXT(2); }
INTERNAL(mov_DP, 2) { PW_PUT_f64_P(1, 1, D); PW_NEXT(2); }
INTERNAL(mov_KP, 3) { PW_PUT_f64_P(1, 1, PW_GET_f64_K); PW_NEXT(3); }

/* i32 locals in lanes 0 and 1 change by the halves of cell 2. */
INTERNAL(steps_SS, 3) { PW_PUT_i32_S(1, 0, PW_GET_i32_S(1, 0) + PW_LOW(2)); PW_PUT_i32_S(1, 1, PW_GET_i32_S(1, 1) + PW_HIGH(2)); PW_NEXT(3); }
INTERNAL(steps_SL, 3) { PW_PUT_i32_S(1, 0, PW_GET_i32_S(1, 0) + PW_LOW(2)); PW_PUT_i32_L(1, 1, PW_GET_i32_L + PW_HIGH(2)); PW_NEXT(3); }
INTERNAL(steps_SN, 3) { PW_PUT_i32_S(1, 0, PW_GET_i32_S(1, 0) + PW_LOW(2)); PW_PUT_i32_N(1, 1, PW_GET_i32_N + PW_HIGH(2)); PW_NEXT(3); }
INTERNAL(steps_LS, 3) { PW_PUT_i32_L(1, 0, PW_GET_i32_L + PW_LOW(2)); PW_PUT_i32_S(1, 1, PW_GET_i32_S(1, 1) + PW_HIGH(2)); PW_NEXT(3); }
INTERNAL(steps_NS, 3) { PW_PUT_i32_N(1, 0, PW_GET_i32_N + PW_LOW(2)); PW_PUT_i32_S(1, 1, PW_GET_i32_S(1, 1) + PW_HIGH(2)); PW_NEXT(3); }
INTERNAL(steps_LN, 3) { PW_PUT_i32_L(1, 0, PW_GET_i32_L + PW_LOW(2)); PW_PUT_i32_N(1, 1, PW_GET_i32_N + PW_HIGH(2)); PW_NEXT(3); }
INTERNAL(steps_NL, 3) { PW_PUT_i32_N(1, 0, PW_GET_i32_N + PW_LOW(2)); PW_PUT_i32_L(1, 1, PW_GET_i32_L + PW_HIGH(2)); PW_NEXT(3); }

/* A vector: the places may overlap by half. */
INTERNAL(mov_V, 2)
{
    pw_v128 value = PW_GET_v128_S(1, 0);
    PW_PUT_v128_O(1, 1, value);
    PW_NEXT(2);
}

/* mov_many: lane 2 slots from lane 0 on, to lane 1 on, where the destination is lower or equal. */
INTERNAL(mov_many, 2)
{
    const pw_slot *from = fp + PW_LANE(1, 0);
    pw_slot *to = fp + PW_LANE(1, 1);
    for (uint32_t n = PW_LANE(1, 2); n != 0; n--) PW_KEEP_LOOP(*to++ = *from++);
    PW_NEXT(2);
}

/* ---- select: condition in lane 0 or A, result lane 1, a and b in lanes 2 and 3 or halves of cell 2 -------------- */
/* names: condition S A, a S I, b S I, result S A; I are 32-bit constants, zero-extended */

INTERNAL(select_SSSS, 2) { PW_SELECT(fp[PW_LANE(1, 0)], fp[PW_LANE(1, 2)], fp[PW_LANE(1, 3)]); PW_PUT_i64_S(1, 1, A); PW_NEXT(2); }
INTERNAL(select_SSSA, 2) { PW_SELECT(fp[PW_LANE(1, 0)], fp[PW_LANE(1, 2)], fp[PW_LANE(1, 3)]); PW_NEXT(2); }
INTERNAL(select_SSIS, 3) { PW_SELECT(fp[PW_LANE(1, 0)], fp[PW_LANE(1, 2)], PW_HIGH(2)); PW_PUT_i64_S(1, 1, A); PW_NEXT(3); }
INTERNAL(select_SSIA, 3) { PW_SELECT(fp[PW_LANE(1, 0)], fp[PW_LANE(1, 2)], PW_HIGH(2)); PW_NEXT(3); }
INTERNAL(select_SISS, 3) { PW_SELECT(fp[PW_LANE(1, 0)], PW_LOW(2), fp[PW_LANE(1, 3)]); PW_PUT_i64_S(1, 1, A); PW_NEXT(3); }
INTERNAL(select_SISA, 3) { PW_SELECT(fp[PW_LANE(1, 0)], PW_LOW(2), fp[PW_LANE(1, 3)]); PW_NEXT(3); }
INTERNAL(select_SIIS, 3) { PW_SELECT(fp[PW_LANE(1, 0)], PW_LOW(2), PW_HIGH(2)); PW_PUT_i64_S(1, 1, A); PW_NEXT(3); }
INTERNAL(select_SIIA, 3) { PW_SELECT(fp[PW_LANE(1, 0)], PW_LOW(2), PW_HIGH(2)); PW_NEXT(3); }
INTERNAL(select_ASSS, 2) { PW_SELECT(A, fp[PW_LANE(1, 2)], fp[PW_LANE(1, 3)]); PW_PUT_i64_S(1, 1, A); PW_NEXT(2); }
INTERNAL(select_ASSA, 2) { PW_SELECT(A, fp[PW_LANE(1, 2)], fp[PW_LANE(1, 3)]); PW_NEXT(2); }
INTERNAL(select_ASIS, 3) { PW_SELECT(A, fp[PW_LANE(1, 2)], PW_HIGH(2)); PW_PUT_i64_S(1, 1, A); PW_NEXT(3); }
INTERNAL(select_ASIA, 3) { PW_SELECT(A, fp[PW_LANE(1, 2)], PW_HIGH(2)); PW_NEXT(3); }
INTERNAL(select_AISS, 3) { PW_SELECT(A, PW_LOW(2), fp[PW_LANE(1, 3)]); PW_PUT_i64_S(1, 1, A); PW_NEXT(3); }
INTERNAL(select_AISA, 3) { PW_SELECT(A, PW_LOW(2), fp[PW_LANE(1, 3)]); PW_NEXT(3); }
INTERNAL(select_AIIS, 3) { PW_SELECT(A, PW_LOW(2), PW_HIGH(2)); PW_PUT_i64_S(1, 1, A); PW_NEXT(3); }
INTERNAL(select_AIIA, 3) { PW_SELECT(A, PW_LOW(2), PW_HIGH(2)); PW_NEXT(3); }

INTERNAL(select_V, 2)
{
    const pw_slot *from = fp + ((uint32_t)fp[PW_LANE(1, 0)] != 0 ? PW_LANE(1, 2) : PW_LANE(1, 3));
    uint64_t low = from[0], high = from[1];
    PW_PUT_v128_O(1, 1, pwi_v128_of(low, high));
    PW_NEXT(2);
}

/* ---- globals: slot number in the high half; P: the slot holds a pointer to the value ---------------------------- */

INTERNAL(global_get_S, 2) { PW_PUT_i64_S(1, 1, CTX->globals[PW_HIGH(1)]); PW_NEXT(2); }
INTERNAL(global_get_A, 2) { PW_PUT_i64_A(CTX->globals[PW_HIGH(1)]); PW_NEXT(2); }
INTERNAL(global_get_P, 2) { PW_PUT_i64_S(1, 1, *(pw_slot *)(uintptr_t)CTX->globals[PW_HIGH(1)]); PW_NEXT(2); }
INTERNAL(global_set_S, 2) { CTX->globals[PW_HIGH(1)] = fp[PW_LANE(1, 0)]; PW_NEXT(2); }
INTERNAL(global_set_A, 2) { CTX->globals[PW_HIGH(1)] = A; PW_NEXT(2); }
INTERNAL(global_set_K, 3) { CTX->globals[PW_HIGH(1)] = pc[2]; PW_NEXT(3); }
INTERNAL(global_set_P, 2) { *(pw_slot *)(uintptr_t)CTX->globals[PW_HIGH(1)] = fp[PW_LANE(1, 0)]; PW_NEXT(2); }

INTERNAL(global_get_V, 2) { PW_PUT_v128_O(1, 1, *(const pw_v128 *)(CTX->globals + PW_HIGH(1))); PW_NEXT(2); }
INTERNAL(global_get_VP, 2) { PW_PUT_v128_O(1, 1, *(const pw_v128 *)(uintptr_t)CTX->globals[PW_HIGH(1)]); PW_NEXT(2); }
INTERNAL(global_set_V, 2) { *(pw_v128 *)(CTX->globals + PW_HIGH(1)) = PW_GET_v128_S(1, 0); PW_NEXT(2); }
INTERNAL(global_set_VP, 2) { *(pw_v128 *)(uintptr_t)CTX->globals[PW_HIGH(1)] = PW_GET_v128_S(1, 0); PW_NEXT(2); }

/* ---- references ------------------------------------------------------------------------------------------------- */

INTERNAL(ref_func_S, 2) { PW_PUT_i64_S(1, 1, (uint64_t)(uintptr_t)CTX->funcs[PW_HIGH(1)]); PW_NEXT(2); }
INTERNAL(ref_check, 2)
{
    TRAP_IF(fp[PW_LANE(1, 0)] == 0, NULL_REFERENCE);
    PW_NEXT(2);
}

/* ---- branches ---------------------------------------------------------------------------------------------------- */

INTERNAL(br, 2)
{
    PW_BRANCH(1);
}

/* Any of the bits in the high half, or none of them: target in cell 2. */
INTERNAL(br_mask_S, 3) { uint32_t a = PW_GET_i32_S(1, 0) & PW_HIGH(1); PW_BRANCH_IF(a != 0, 2); }
INTERNAL(br_mask_A, 3) { uint32_t a = (uint32_t)A & PW_HIGH(1); PW_BRANCH_IF(a != 0, 2); }
INTERNAL(br_mask_L, 3) { uint32_t a = (uint32_t)L & PW_HIGH(1); PW_BRANCH_IF(a != 0, 2); }
INTERNAL(br_mask_N, 3) { uint32_t a = (uint32_t)N & PW_HIGH(1); PW_BRANCH_IF(a != 0, 2); }
INTERNAL(brn_mask_S, 3) { uint32_t a = PW_GET_i32_S(1, 0) & PW_HIGH(1); PW_BRANCH_IF(a == 0, 2); }
INTERNAL(brn_mask_A, 3) { uint32_t a = (uint32_t)A & PW_HIGH(1); PW_BRANCH_IF(a == 0, 2); }
INTERNAL(brn_mask_L, 3) { uint32_t a = (uint32_t)L & PW_HIGH(1); PW_BRANCH_IF(a == 0, 2); }
INTERNAL(brn_mask_N, 3) { uint32_t a = (uint32_t)N & PW_HIGH(1); PW_BRANCH_IF(a == 0, 2); }

/* br_table: index in lane 0 or A, number of targets in the high half, targets from cell 2 on, the default one last. */
INTERNAL(br_table_S, 2)
{
    uint32_t index = (uint32_t)fp[PW_LANE(1, 0)], count = PW_HIGH(1);
    if (index > count) index = count;
    PW_BRANCH_TABLE(2, index);
}

INTERNAL(br_table_A, 2)
{
    uint32_t index = (uint32_t)A, count = PW_HIGH(1);
    if (index > count) index = count;
    PW_BRANCH_TABLE(2, index);
}

INTERNAL(unreachable, 2)
{
    PW_TRAP(UNREACHABLE);
}

/* ---- exceptions: found handlers are entered like branch targets ---------------------------------------------------- */

INTERNAL(throw, 3)
{
    PW_CALL_OUT(pwi_run_throw);
    PW_NEXT(0);
}

INTERNAL(throw_ref, 2)
{
    PW_CALL_OUT(pwi_run_throw_ref);
    PW_NEXT(0);
}

/* ---- entry: lane 0 return slot, lanes 1 and 2 first and number of slots to zero, cell 2 slots of the frame ------- */

INTERNAL(enter, 3)
{
    if (PW_UNLIKELY(fp + pc[2] > CTX->stack_limit)) PW_JUMP(stack_exhausted);
    fp[PW_LANE(1, 0)] = A;
    pw_slot *zero = fp + PW_LANE(1, 1);
    for (uint32_t n = PW_LANE(1, 2); n != 0; n--) PW_KEEP_LOOP(*zero++ = 0);
    PW_BRANCH_IN(3);
}

INTERNAL(enter_plain, 3)
{
    if (PW_UNLIKELY(fp + pc[2] > CTX->stack_limit)) PW_JUMP(stack_exhausted);
    fp[PW_LANE(1, 0)] = A;
    PW_BRANCH_IN(3);
}

/* The same with pins: cell 3 tells them. */
INTERNAL(enter_pins, 4)
{
    if (PW_UNLIKELY(fp + pc[2] > CTX->stack_limit)) PW_JUMP(stack_exhausted);
    fp[PW_LANE(1, 0)] = A;
    pw_slot *zero = fp + PW_LANE(1, 1);
    for (uint32_t n = PW_LANE(1, 2); n != 0; n--) PW_KEEP_LOOP(*zero++ = 0);
    PW_LOAD_PINS(3);
    PW_BRANCH_IN(4);
}

/* The frame does not fit: the trap belongs to the caller, nothing of the callee's frame has been written. */
INTERNAL(stack_exhausted, 0)
{
    pc = (const pw_cell *)(uintptr_t)A - 1; /* in the call: a trap is at its instruction, not behind it */
    fp -= PW_LANE(-1, 0);
    PW_TRAP(STACK_EXHAUSTED);
}

/* First call of a function: translate, then go on with its code; A (the return address) passes through. */
INTERNAL(translate, 1)
{
    PW_CALL_OUT(pwi_run_translate);
    PW_NEXT(0);
}

/* An access outside of what this store has seen of its memories. A shared one may have grown meanwhile: then the
 * instruction begins anew, its operands in the accumulators still. */
INTERNAL(out_of_bounds, 0)
{
    float f = F;
    double d = D;
    pw_run *now = PW_RUN;
    PW_SAVE(now);
    if (!pwi_memory_catch_up(ctx)) PW_TRAP(OUT_OF_BOUNDS_MEMORY);
    PW_LOAD(now);
    F = f, D = d;
    PW_NEXT(0);
}

/* ---- fuel: engine/meter.c draws the cells ------------------------------------------------------------------------- */

INTERNAL(fuel_by, 3)
{
    uint64_t number = fp[PW_LANE(1, 0)] & (PW_HIGH(2) ? UINT32_MAX : UINT64_MAX), cost = number >> PW_LOW(2);
    pc += 3;
    PW_BRANCH_PAYING(cost);
}

/* The slice of fuel is used up, at the latest by what has just been paid. */
INTERNAL(fuel_slow, 0)
{
    PW_CALL_OUT(pwi_run_fuel);
    PW_NEXT(0);
}

/* A is the place to go on at; lane 0 the slot of what is in A there, lanes 1 to 3 pins; cell 2 what is still to be paid for:
 * engine/suspend.c. */
INTERNAL(resume, 3)
{
    const pw_cell *place = (const pw_cell *)(uintptr_t)A;
    uint64_t cost = pc[2];
    A = fp[PW_LANE(1, 0)];
    PW_LOAD_PINS(1);
    pc = place;
    PW_BRANCH_PAYING(cost);
}

INTERNAL(poll_slow, 0)
{
    PW_CALL_OUT(pwi_run_poll);
    PW_NEXT(0);
}

/* ---- calls: in the operand cell, the last but one, lane 0 distance to the callee's frame, lanes 1 to 3 pins ----------------------------------------------------------------- */

INTERNAL(call, 3)
{
    A = (uint64_t)(uintptr_t)(pc + 3);
    fp += PW_LANE(1, 0);
    pc = PW_ENTRY((const pw_code *)(uintptr_t)pc[2]);
    PW_NEXT(0);
}

INTERNAL(call_import, 3)
{
    PW_CALL_FUNC(CTX->funcs[pc[2]], 3);
}

/* lane 1 slot of the index, lane 2 table; then the operand cell; cell 3 the type's record */
INTERNAL(call_indirect, 4)
{
    const pw_table *table = CTX->tables[PW_LANE(1, 2)];
    uint64_t index = fp[PW_LANE(1, 1)];
    TRAP_IF(index >= table->size, UNDEFINED_ELEMENT);
    pw_func *func = (pw_func *)(uintptr_t)table->elements[index];
    TRAP_IF(func == NULL, UNINITIALIZED_ELEMENT);
    PW_CHECK_FUNC_TYPE(func, 3);
    PW_CALL_FUNC(func, 4);
}

/* cell 2 slot of the reference */
INTERNAL(call_ref, 3)
{
    pw_func *func = (pw_func *)(uintptr_t)fp[pc[2]];
    TRAP_IF(func == NULL, NULL_FUNCTION_REFERENCE);
    PW_CALL_FUNC(func, 3);
}

/* A is a function of the host or of another instance, pc the return address. */
INTERNAL(call_slow, 0)
{
    fp += PW_LANE(-2, 0);
    PW_CALL_OUT(pwi_call_foreign);
    PW_NEXT(0);
}

/* ---- tail calls: lane 0 slot of the first argument, lane 3 number of argument slots, lane 1 slot of index or
 *      reference, lane 2 the frame's return slot. Arguments move down to slot 0; the return address passes on. ------ */

INTERNAL(return_call, 3)
{
    const pw_code *code = (const pw_code *)(uintptr_t)pc[2];
    PW_MOVE_ARGUMENTS();
    pc = PW_ENTRY(code);
    PW_NEXT(0);
}

INTERNAL(return_call_import, 3)
{
    PW_TAIL_CALL_FUNC(CTX->funcs[pc[2]]);
}

/* cell 2 the type's record, cell 3 the table */
INTERNAL(return_call_indirect, 4)
{
    const pw_table *table = CTX->tables[pc[3]];
    uint64_t index = fp[PW_LANE(1, 1)];
    TRAP_IF(index >= table->size, UNDEFINED_ELEMENT);
    pw_func *func = (pw_func *)(uintptr_t)table->elements[index];
    TRAP_IF(func == NULL, UNINITIALIZED_ELEMENT);
    PW_CHECK_FUNC_TYPE(func, 2);
    PW_TAIL_CALL_FUNC(func);
}

INTERNAL(return_call_ref, 3)
{
    pw_func *func = (pw_func *)(uintptr_t)fp[PW_LANE(1, 1)];
    TRAP_IF(func == NULL, NULL_FUNCTION_REFERENCE);
    PW_TAIL_CALL_FUNC(func);
}

/* A is the function, pc the return address of the frame that is gone; arguments are at fp. */
INTERNAL(tail_call_slow, 0)
{
    const pw_cell *back = pc;
    PW_CALL_OUT(pwi_tail_call_foreign);
    if (pc == back) PW_LOAD_PINS(-2);
    PW_NEXT(0);
}

/* ---- returns: lane 2 the return slot. A integer result is left in A too. ------------------------------------------- */

INTERNAL(ret_none, 2)
{
    PW_RETURN();
}

INTERNAL(ret_S, 2)
{
    A = fp[PW_LANE(1, 0)];
    fp[0] = A;
    PW_RETURN();
}

INTERNAL(ret_A, 2)
{
    fp[0] = A;
    PW_RETURN();
}

INTERNAL(ret_F, 2)
{
    fp[0] = pwi_f32_to_bits(F);
    PW_RETURN();
}

INTERNAL(ret_D, 2)
{
    fp[0] = pwi_f64_to_bits(D);
    PW_RETURN();
}

INTERNAL(ret_K, 3)
{
    A = pc[2];
    fp[0] = A;
    PW_RETURN();
}

/* lane 1 result slots from lane 0 on */
INTERNAL(ret_many, 2)
{
    const pw_slot *from = fp + PW_LANE(1, 0);
    pw_slot *to = fp;
    for (uint32_t n = PW_LANE(1, 1); n != 0; n--) PW_KEEP_LOOP(*to++ = *from++);
    PW_RETURN();
}

/* Behind a call into another instance: fp is the bridge, lane 0 its size without the two saved slots, the high half
 * the number of result slots. Restores the caller's context and returns to it. */
INTERNAL(bridge_return, 2)
{
    uint32_t saved = PW_LANE(1, 0);
    const pw_slot *from = fp + saved + PW_BRIDGE_SLOTS;
    pw_slot *to = fp;
    for (uint32_t n = PW_HIGH(1); n != 0; n--) PW_KEEP_LOOP(*to++ = *from++);
    CTX = (pw_instance *)(uintptr_t)fp[saved + 1];
    pc = (const pw_cell *)(uintptr_t)fp[saved];
    RELOAD_MEMORY();
    A = fp[0];
    fp -= PW_LANE(-2, 0);
    PW_LOAD_PINS(-2);
    PW_NEXT(0);
}

INTERNAL(halt, 2)
{
    PW_HALT();
}
