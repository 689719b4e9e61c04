/* handler_words.h - the words that handlers are written in: operands, memory, control. The generated cases and
 * ops/internal.op.c use them; a dispatch shell (interp.h) gives them a few words of its own: PW_CASE, PW_NEXT, PW_JUMP,
 * PW_TRAP, PW_RUN and PW_LEAVE.
 *
 * Registers of a running shell (locals, or parameters of the tail-calling handlers):
 *   pc   current cell            fp   frame                ctx  instance
 *   mem  base of memory 0        M    size of memory 0     A, F, D  accumulators: integer, f32, f64
 *   L, N, P  in shells with pins: copies of two integer locals and of an f64 local of the function that runs
 */
#ifndef PW_ENGINE_HANDLER_WORDS_H
#define PW_ENGINE_HANDLER_WORDS_H

#include <string.h>

#include "base/config.h"
#include "engine/code.h"
#include "engine/vector_inline.h"
#include "ops/op_atomics.h"
#include "ops/op_helpers.h"
#include "ops/op_lanes.h"
#include "runtime/gc_object.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"

/* ---- operands ------------------------------------------------------------------------------------------------- */

#define CTX ctx
#define PW_LANE(cell, lane) (((const pw_lane *)(pc + (cell)))[lane])
#define PW_LOW(cell) (((const pw_half *)(pc + (cell)))[0])
#define PW_HIGH(cell) (((const pw_half *)(pc + (cell)))[1])
#define PW_OFFSET ((uint64_t)PW_HIGH(1))
#define PW_IMM64(cell) (pc[cell])

#define PW_GET_i32_S(cell, lane) ((uint32_t)fp[PW_LANE(cell, lane)])
#define PW_GET_i64_S(cell, lane) (fp[PW_LANE(cell, lane)])
#define PW_GET_f32_S(cell, lane) pwi_f32_from_bits((uint32_t)fp[PW_LANE(cell, lane)])
#define PW_GET_f64_S(cell, lane) pwi_f64_from_bits(fp[PW_LANE(cell, lane)])
#define PW_GET_ref_S(cell, lane) PW_GET_i64_S(cell, lane)
#define PW_GET_idx_S(cell, lane) PW_GET_i64_S(cell, lane)
#define PW_GET_v128_S(cell, lane) (*(const pw_v128 *)(fp + PW_LANE(cell, lane)))
#define PW_GET_i32_A ((uint32_t)A)
#define PW_GET_i64_A (A)
#define PW_GET_f32_A (F)
#define PW_GET_f64_A (D)
#define PW_GET_i32_L ((uint32_t)L)
#define PW_GET_i64_L (L)
#define PW_GET_i32_N ((uint32_t)N)
#define PW_GET_i64_N (N)
#define PW_GET_f64_P (P)
#define PW_GET_i32_K (PW_HIGH(1))
#define PW_GET_i64_K ((uint64_t)(int64_t)(int32_t)PW_HIGH(1))
#define PW_GET_f32_K pwi_f32_from_bits((uint32_t)pc[2])
#define PW_GET_f64_K pwi_f64_from_bits(pc[2])
#define PW_GET_i32_K2 ((uint32_t)pc[2])
#define PW_GET_i64_K2 (pc[2])
#define PW_GET_i32_K3 ((uint32_t)pc[3])
#define PW_GET_i64_K3 (pc[3])
#define PW_SCALE (PW_HIGH(2))
#define PW_GET_i32_XK (PW_LOW(2))
#define PW_GET_i64_XK ((uint64_t)(int64_t)(int32_t)PW_LOW(2))

#define PW_PUT_i32_A(value) A = (uint64_t)(uint32_t)(value)
#define PW_PUT_i64_A(value) A = (value)
#define PW_PUT_f32_A(value) F = (value)
#define PW_PUT_f64_A(value) D = (value)
#define PW_PUT_i32_S(cell, lane, value) (PW_PUT_i32_A(value), fp[PW_LANE(cell, lane)] = A)
#define PW_PUT_i64_S(cell, lane, value) (PW_PUT_i64_A(value), fp[PW_LANE(cell, lane)] = A)
#define PW_PUT_f32_S(cell, lane, value) (F = (value), fp[PW_LANE(cell, lane)] = pwi_f32_to_bits(F))
#define PW_PUT_f64_S(cell, lane, value) (D = (value), fp[PW_LANE(cell, lane)] = pwi_f64_to_bits(D))
#define PW_PUT_i32_L(cell, lane, value) (L = (uint64_t)(uint32_t)(value), fp[PW_LANE(cell, lane)] = L)
#define PW_PUT_i64_L(cell, lane, value) (L = (value), fp[PW_LANE(cell, lane)] = L)
#define PW_PUT_i32_N(cell, lane, value) (N = (uint64_t)(uint32_t)(value), fp[PW_LANE(cell, lane)] = N)
#define PW_PUT_i64_N(cell, lane, value) (N = (value), fp[PW_LANE(cell, lane)] = N)
#define PW_PUT_f64_P(cell, lane, value) (P = (value), fp[PW_LANE(cell, lane)] = pwi_f64_to_bits(P))
#define PW_PUT_i32_O(cell, lane, value) fp[PW_LANE(cell, lane)] = (uint64_t)(uint32_t)(value)
#define PW_PUT_i64_O(cell, lane, value) fp[PW_LANE(cell, lane)] = (value)
#define PW_PUT_f32_O(cell, lane, value) fp[PW_LANE(cell, lane)] = pwi_f32_to_bits(value)
#define PW_PUT_f64_O(cell, lane, value) fp[PW_LANE(cell, lane)] = pwi_f64_to_bits(value)
#define PW_PUT_ref_O(cell, lane, value) PW_PUT_i64_O(cell, lane, value)
#define PW_PUT_idx_O(cell, lane, value) PW_PUT_i64_O(cell, lane, value)
#define PW_PUT_v128_O(cell, lane, value) (*(pw_v128 *)(fp + PW_LANE(cell, lane)) = (value))

#define PW_SELECT(condition, a, b)                                 \
    {                                                              \
        uint64_t if_true = (a), if_false = (b);                    \
        A = (uint32_t)(condition) != 0 ? if_true : if_false;       \
    }

/* A loop over slots that the compiler must not turn into a call of memset or memcpy: these made calls 40 % slower. */
#if defined(__GNUC__) || defined(__clang__)
#define PW_KEEP_LOOP(statement)        \
    do {                               \
        statement;                     \
        __asm__ volatile("");          \
    } while (0)
#else
#define PW_KEEP_LOOP(statement) statement
#endif

/* ---- memory --------------------------------------------------------------------------------------------------- */

/* ea is a 32-bit address plus a 32-bit offset: 33 bits, so ea + size cannot wrap. */
#define PW_BOUNDS(ea, size) \
    if (PW_UNLIKELY((ea) + (size) > M)) PW_JUMP(out_of_bounds)
#define PW_DEFINE_READ(ctype)                                                   \
    static inline ctype pwi_read_##ctype(const uint8_t *from) {                 \
        ctype value;                                                            \
        memcpy(&value, from, sizeof value);                                     \
        return value;                                                           \
    }                                                                           \
    static inline void pwi_write_##ctype(uint8_t *to, ctype value) { memcpy(to, &value, sizeof value); }
PW_DEFINE_READ(uint8_t)
PW_DEFINE_READ(int8_t)
PW_DEFINE_READ(uint16_t)
PW_DEFINE_READ(int16_t)
PW_DEFINE_READ(uint32_t)
PW_DEFINE_READ(int32_t)
PW_DEFINE_READ(uint64_t)
PW_DEFINE_READ(float)
PW_DEFINE_READ(double)
#define PW_READ(ctype, ea) pwi_read_##ctype(mem + (ea))
#define PW_WRITE(ctype, ea, value) pwi_write_##ctype(mem + (ea), (ctype)(value))

#define PW_COPY(ctype)                                              \
    uint64_t from = PW_GET_i32_S(1, 0) + (uint64_t)PW_LOW(2);       \
    PW_BOUNDS(from, sizeof(ctype));                                 \
    uint64_t to = PW_GET_i32_S(1, 1) + (uint64_t)PW_HIGH(2);        \
    PW_BOUNDS(to, sizeof(ctype));                                   \
    PW_WRITE(ctype, to, PW_READ(ctype, from))

/* Memory 0 with 32-bit addresses, slots only: cell 2 offset, 32 bits of it. */
#define PW_ADDRESS_P(p, address, width)                 \
    uint8_t *p;                                         \
    {                                                   \
        uint64_t first = (address) + pc[2];             \
        PW_BOUNDS(first, width);                        \
        p = mem + first;                                \
    }
/* The general form: any memory, 32 or 64-bit addresses, 64-bit offsets; cell 2 memory index, cell 3 offset. */
#define PW_ADDRESS_G(ea, address, width)                                                                    \
    uint8_t *ea;                                                                                            \
    {                                                                                                       \
        const pw_memory *memory_g = ctx->memories[pc[2]];                                                   \
        uint64_t first = (address) + pc[3];                                                                 \
        if (PW_UNLIKELY(first < pc[3] || memory_g->size < (width) || first > memory_g->size - (width)))     \
            PW_JUMP(out_of_bounds);                                                                         \
        ea = memory_g->base + first;                                                                        \
    }
#define PW_READ_G(ctype, ea) pwi_read_##ctype(ea)
#define PW_WRITE_G(ctype, ea, value) pwi_write_##ctype((ea), (ctype)(value))
#define RELOAD_MEMORY() (mem = ctx->memory_base, M = ctx->memory_size)

/* The array in lane 0 and the index in lane 2, checked. */
#define PW_ARRAY(array, at)                                     \
    pw_object *array = pwi_object(fp[PW_LANE(1, 0)]);           \
    TRAP_IF(array == NULL, NULL_ARRAY_REFERENCE);               \
    uint32_t at = (uint32_t)fp[PW_LANE(1, 2)];                  \
    TRAP_IF(at >= array->length, OUT_OF_BOUNDS_ARRAY)

/* ---- control -------------------------------------------------------------------------------------------------- */

#define TRAP_IF(condition, kind) \
    if (PW_UNLIKELY(condition)) PW_TRAP(kind)
/* At the end of a branch in the goto shell: clang would make one place of all such ends, since each leads to the one indirect
 * jump that a function has for it, and then keep fp in memory. No two of these are the same to it. */
#if defined(__clang__) && defined(PW_SHELL_GOTO)
#define PW_APART() __asm__ volatile("" : "+r"(pc), "+r"(fp) : "i"(__COUNTER__))
#else
#define PW_APART() ((void)0)
#endif
/* Taken branches count against the poll budget. Accumulators are dead at branch targets. */
#define PW_TAKE(target)                                                     \
    do {                                                                    \
        pc = (const pw_cell *)(uintptr_t)(target);                          \
        if (PW_UNLIKELY(--ctx->poll_budget < 0)) PW_JUMP(poll_slow);        \
        PW_APART();                                                         \
        PW_NEXT(0);                                                         \
    } while (0)
#define PW_BRANCH(cell) PW_TAKE(pc[cell])
#define PW_BRANCH_TABLE(cell, index) PW_BRANCH((cell) + (index))
#define PW_BRANCH_IF(condition, cell)               \
    if (condition) PW_TAKE(pc[cell]);               \
    PW_NEXT((cell) + 1)
/* An entry is done. */
#define PW_BRANCH_IN(cells)                                                 \
    do {                                                                    \
        pc += (cells);                                                      \
        if (PW_UNLIKELY(--ctx->poll_budget < 0)) PW_JUMP(poll_slow);        \
        PW_APART();                                                         \
        PW_NEXT(0);                                                         \
    } while (0)
/* So much fuel: only shells that count have instructions that get here. */
#define PW_BRANCH_PAYING(cost) do { (void)(cost); PW_NEXT(0); } while (0)
#if defined(__GNUC__) || defined(__clang__)
#define PW_ENTRY(code) __atomic_load_n(&(code)->entry, __ATOMIC_ACQUIRE)
#else
#define PW_ENTRY(code) (*(const uint64_t *const volatile *)&(code)->entry)
#endif

/* A function of another type may still be of a subtype. */
#define PW_CHECK_FUNC_TYPE(func, cell)                                                                                    \
    if (PW_UNLIKELY((func)->type != (const pw_type_record *)(uintptr_t)pc[cell])) {                                    \
        bool matches = pwi_record_matches((func)->type, (const pw_type_record *)(uintptr_t)pc[cell]);                  \
        F = 0, D = 0; /* not live across the call */                                                                 \
        TRAP_IF(!matches, INDIRECT_CALL_TYPE);                                                                       \
    }
/* `cells` of the calling instruction: the operand cell is the last but one. */
#define PW_CALL_FUNC(callee, cells)                             \
    do {                                                        \
        pw_func *func_to_call = (callee);                       \
        if (PW_LIKELY(func_to_call->instance == ctx)) {         \
            A = (uint64_t)(uintptr_t)(pc + (cells));            \
            fp += PW_LANE((cells) - 2, 0);                      \
            pc = PW_ENTRY(func_to_call->code);                  \
            PW_NEXT(0);                                         \
        }                                                       \
        A = (uint64_t)(uintptr_t)func_to_call;                  \
        pc += (cells);                                          \
        PW_JUMP(call_slow);                                     \
    } while (0)
/* Reads the return address before the arguments overwrite its slot. */
#define PW_MOVE_ARGUMENTS()                                                                         \
    A = fp[PW_LANE(1, 2)];                                                                          \
    {                                                                                               \
        const pw_slot *from = fp + PW_LANE(1, 0);                                                   \
        pw_slot *to = fp;                                                                           \
        for (uint32_t n = PW_LANE(1, 3); n != 0; n--) PW_KEEP_LOOP(*to++ = *from++);                \
    }
#define PW_TAIL_CALL_FUNC(callee)                               \
    do {                                                        \
        pw_func *func_to_call = (callee);                       \
        PW_MOVE_ARGUMENTS();                                    \
        if (PW_LIKELY(func_to_call->instance == ctx)) {         \
            pc = PW_ENTRY(func_to_call->code);                  \
            PW_NEXT(0);                                         \
        }                                                       \
        pc = (const pw_cell *)(uintptr_t)A;                     \
        A = (uint64_t)(uintptr_t)func_to_call;                  \
        PW_JUMP(tail_call_slow);                                \
    } while (0)
/* Lanes 1 to 3 of a cell are the slots of the locals in L, N and P. */
#if defined(PW_SHELL_TAIL)
#define PW_LOAD_PINS(cell)                                  \
    (L = fp[PW_LANE(cell, 1)], N = fp[PW_LANE(cell, 2)], P = PW_GET_f64_S(cell, 3))
#else
#define PW_LOAD_PINS(cell) ((void)0)
#endif
#define PW_RETURN()                                             \
    do {                                                        \
        pc = (const pw_cell *)(uintptr_t)fp[PW_LANE(1, 2)];     \
        fp -= PW_LANE(-2, 0);                                   \
        PW_LOAD_PINS(-2);                                       \
        PW_NEXT(0);                                             \
    } while (0)

#define PW_CLOBBER() (A = 0, F = 0, D = 0)
/* Shells that count have the slice of fuel in a register (counting_words.h). */
#define PW_SLICE_OUT() ((void)0)
#define PW_SLICE_IN() ((void)0)
#define PW_SAVE(run) ((run)->pc = pc, (run)->fp = fp, (run)->context = ctx, (run)->accumulator = A, PW_SLICE_OUT())
#define PW_LOAD(run) (pc = (run)->pc, fp = (run)->fp, ctx = (run)->context, A = (run)->accumulator, RELOAD_MEMORY(), F = 0, D = 0, PW_SLICE_IN())
/* Runs an out-of-line part: everything may change, an error ends the run. */
#define PW_CALL_OUT(function)                                   \
    do {                                                        \
        pw_run *run_now = PW_RUN;                               \
        PW_SAVE(run_now);                                       \
        run_now->result = function(run_now);                    \
        if (PW_UNLIKELY(run_now->result != PW_OK)) PW_LEAVE();  \
        PW_LOAD(run_now);                                       \
    } while (0)
/* In a body: what may take long or fail, without touching the frame; an error ends the run. */
#define ATTEMPT(expression)                                     \
    {                                                           \
        pw_run *run_now = PW_RUN;                               \
        PW_SAVE(run_now);                                       \
        run_now->result = (expression);                         \
        if (PW_UNLIKELY(run_now->result != PW_OK)) {            \
            run_now->pc++; /* in this instruction */            \
            PW_LEAVE();                                         \
        }                                                       \
        PW_SLICE_IN();                                          \
    }
/* In a body: what moved n >> shift cache lines or the like counts as so many branches until the next poll. */
#define TAKES_TIME(n, shift) (ctx->poll_budget -= (int64_t)((uint64_t)(n) >> (shift)))
#define PW_HALT()               \
    do {                        \
        PW_SLICE_OUT();         \
        PW_LEAVE();             \
    } while (0)

#endif
