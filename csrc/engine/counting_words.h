/* counting_words.h - the words of entries and branches anew, for shells that count fuel: each has one more cell, with what
 * is paid for the instructions that it goes on to (meter.c). The slice of the store's fuel that code uses before it looks
 * around again takes the place of the poll budget, so that counting adds a load to a branch that is taken, and to one
 * that is not what it otherwise adds to a taken one.
 */
#ifndef PW_ENGINE_COUNTING_WORDS_H
#define PW_ENGINE_COUNTING_WORDS_H

#include "engine/handler_words.h"

#undef PW_TAKE
#undef PW_BRANCH
#undef PW_BRANCH_TABLE
#undef PW_BRANCH_IF
#undef PW_BRANCH_IN
#undef PW_BRANCH_PAYING

/* A register: payments in memory would wait for each other. Who leaves the code, or calls what may look at the fuel, has it in
 * the store meanwhile; in the tail shell handlers that do are of this shell, like those that branch (gen/emit.py). */
#undef PW_SLICE_OUT
#undef PW_SLICE_IN
#define PW_SLICE_OUT() (ctx->store->fuel_slice = slice)
#define PW_SLICE_IN() (slice = ctx->store->fuel_slice)

/* pc is where it goes on already. */
#define PW_BRANCH_PAYING(cost)                                                                    \
    do {                                                                                          \
        if (PW_UNLIKELY((slice -= (int64_t)(cost)) < 0)) PW_JUMP(fuel_slow);                      \
        PW_APART();                                                                               \
        PW_NEXT(0);                                                                               \
    } while (0)
#define PW_BRANCH(cell)                                 \
    do {                                                \
        uint32_t cost = PW_LOW((cell) + 1);             \
        pc = (const pw_cell *)(uintptr_t)pc[cell];      \
        PW_BRANCH_PAYING(cost);                         \
    } while (0)
#define PW_BRANCH_TABLE(cell, index) PW_BRANCH((cell) + 2 * (size_t)(index))
#if defined(PW_SHELL_TAIL)
#define PW_PAY_ELSEWHERE(condition, cell) ((void)0)
#else
/* The shell is one function: if each branch in it had all of this, compilers would give up on good allocation (RATIONALE).
 * So branches on f32, a quarter of them, go on at one place if taken, and at another if not. `a` is an operand. */
#define PW_PAY_ELSEWHERE(condition, cell)                   \
    if (_Generic(a, float: 1, default: 0)) {                \
        if (condition) {                                    \
            price = PW_LOW((cell) + 1);                     \
            pc = (const pw_cell *)(uintptr_t)pc[cell];      \
            goto L_pay_taken;                               \
        }                                                   \
        price = PW_HIGH((cell) + 1);                        \
        pc += (cell) + 2;                                   \
        goto L_pay_passed;                                  \
    }
#endif
#define PW_BRANCH_IF(condition, cell)                       \
    do {                                                    \
        PW_PAY_ELSEWHERE(condition, cell);                  \
        if (condition) PW_BRANCH(cell);                     \
        uint32_t cost = PW_HIGH((cell) + 1);                \
        pc += (cell) + 2;                                   \
        PW_BRANCH_PAYING(cost);                             \
    } while (0)
#define PW_BRANCH_IN(cells)                             \
    do {                                                \
        uint32_t cost = PW_LOW(cells);                  \
        pc += (cells) + 1;                              \
        PW_BRANCH_PAYING(cost);                         \
    } while (0)

#endif
