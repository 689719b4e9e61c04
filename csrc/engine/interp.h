/* interp.h - the interpreter: one dispatch shell around the generated cases. Included once by each shell_*.c, which
 * defines one of PW_SHELL_GOTO, PW_SHELL_SWITCH, PW_SHELL_TAIL, and PW_COUNTING for stores that count fuel.
 *
 * Handlers are leaf code. What needs a C call goes through PW_CALL_OUT, which saves the registers in the run; a helper
 * that is called in a body (memory.fill) is followed by PW_CLOBBER, so that no accumulator is live across a call.
 */
#include "engine/handler_words.h"
#ifdef PW_COUNTING
#include "engine/counting_words.h"
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The interpreter reads linear memory directly: it needs a little-endian host."
#endif

/* ---- the shells ------------------------------------------------------------------------------------------------ */

#define PW_CELL(number) shell->handlers[number]

#if defined(PW_SHELL_TAIL)

#define PW_PARAMS \
    const pw_cell *pc, pw_slot *fp, uint8_t *mem, uint64_t M, pw_instance *ctx, uint64_t A, float F, double D, \
        uint64_t L, uint64_t N, double P, int64_t slice
#define PW_ARGS pc, fp, mem, M, ctx, A, F, D, L, N, P, slice
#define PW_CC __attribute__((preserve_none))
typedef void(PW_CC pw_handler)(PW_PARAMS);
#define PW_CASE(name) static PW_CC PW_MAYBE_UNUSED void pwi_h_##name(PW_PARAMS)
#define PW_RUN (ctx->store->run)
#define PW_LEAVE() return
#define PW_JUMP(name) __attribute__((musttail)) return pwi_h_##name(PW_ARGS)
#define PW_NEXT(cells)                                                                       \
    do {                                                                                     \
        pc += (cells);                                                                       \
        __attribute__((musttail)) return ((pw_handler *)(uintptr_t)*pc)(PW_ARGS);            \
    } while (0)
#define PW_TRAP(kind)                                                                        \
    do {                                                                                     \
        A = PW_TRAP_##kind;                                                                  \
        __attribute__((musttail)) return pwi_h_trap(PW_ARGS);                                \
    } while (0)

#define PW_HANDLER(name) static pw_handler pwi_h_##name;
#define PW_BRANCHING PW_HANDLER
#include "op_handlers.h"
#include "op_pins.h"
#undef PW_HANDLER
#undef PW_BRANCHING

static PW_CC PW_COLD void pwi_h_trap(PW_PARAMS) {
    (void)mem, (void)M, (void)F, (void)D, (void)L, (void)N, (void)P;
    pw_run *run = PW_RUN;
    PW_SAVE(run);
    ctx->store->fuel_slice = slice; /* 0 is it where nobody counts; who counts traps in these handlers too */
    pwi_run_trap(run, (pw_trap_kind)A);
}

#include "op_cases.h"
#include "op_pins_cases.h"

#ifdef PW_COUNTING

/* The handlers are those of the other shell, but for those that branch or leave the code; of the rest nothing is compiled. */
static void pwi_tail_fill(volatile pw_cell *handler) {
#define PW_HANDLER(name) handler++;
#define PW_BRANCHING(name) *handler++ = (pw_cell)(uintptr_t)pwi_h_##name;
#include "op_handlers.h"
#include "op_pins.h"
#undef PW_HANDLER
#undef PW_BRANCHING
}

static void pwi_tail_enter(const pw_cell *pc, pw_slot *fp, pw_instance *ctx, uint64_t A, pw_shell_table *null) {
    (void)null;
    ((pw_handler *)(uintptr_t)*pc)(pc, fp, ctx->memory_base, ctx->memory_size, ctx, A, 0, 0, 0, 0, 0, ctx->store->fuel_slice);
}

void pwi_shell_tail_counting(pw_shell_table *shell) {
    pwi_shell_tail(shell);
    shell->enter = pwi_tail_enter;
    pwi_tail_fill(shell->handlers);
}

#else

static void pwi_tail_enter(const pw_cell *pc, pw_slot *fp, pw_instance *ctx, uint64_t A, pw_shell_table *null) {
    (void)null;
    ((pw_handler *)(uintptr_t)*pc)(pc, fp, ctx->memory_base, ctx->memory_size, ctx, A, 0, 0, 0, 0, 0, 0);
}

/* By code, as a table of pointers would be relocated whenever the library is loaded: 80 KB for each process to copy. Volatile,
 * for nothing is to be gained from pairing ten thousand stores. */
static void pwi_tail_fill(volatile pw_cell *handler) {
#define PW_HANDLER(name) *handler++ = (pw_cell)(uintptr_t)pwi_h_##name;
#define PW_BRANCHING PW_HANDLER
#include "op_handlers.h"
#include "op_pins.h"
#undef PW_HANDLER
#undef PW_BRANCHING
}

void pwi_shell_tail(pw_shell_table *shell) {
    shell->name = "tail";
    shell->enter = pwi_tail_enter;
    shell->pins = true;
    shell->make_counting = pwi_shell_tail_counting;
    pwi_tail_fill(shell->handlers);
}

#endif

#else

#define PW_RUN (ctx->store->run)
#define PW_LEAVE() return
#define PW_JUMP(name) goto L_##name
#define PW_TRAP(kind) goto L_trap_##kind

#ifdef PW_COUNTING
#define PW_SHELL_NAME(name) pwi_##name##_counting
#else
#define PW_SHELL_NAME(name) pwi_##name
#endif
#if defined(PW_SHELL_GOTO)
#define PW_SHELL_FUNCTION PW_SHELL_NAME(goto_run)
#define PW_CASE(name) L_##name:
#define PW_DISPATCH goto *(const void *)(uintptr_t)*pc;
#define PW_NEXT(cells)                               \
    do {                                             \
        pc += (cells);                               \
        goto *(const void *)(uintptr_t)*pc;          \
    } while (0)
#else
#define PW_SHELL_FUNCTION PW_SHELL_NAME(switch_run)
#define PW_CASE(name) \
    case PW_H_##name: \
    L_##name:         \
    PW_MAYBE_UNUSED_LABEL
#define PW_NEXT(cells)        \
    do {                      \
        pc += (cells);        \
        goto L_dispatch;      \
    } while (0)
#endif

/* pc NULL: fills in the table (labels are known only in here). One function, so that a call enters it at once. */
static PW_NOINLINE void PW_SHELL_FUNCTION(const pw_cell *pc, pw_slot *fp, pw_instance *ctx, uint64_t A,
                                          pw_shell_table *shell) {
    if (pc == NULL) {
#if defined(PW_SHELL_GOTO)
#define PW_HANDLER(name) PW_CELL(PW_H_##name) = (pw_cell)(uintptr_t) && L_##name;
#else
#define PW_HANDLER(name) PW_CELL(PW_H_##name) = PW_H_##name;
#endif
#define PW_BRANCHING PW_HANDLER
#include "op_handlers.h"
#undef PW_HANDLER
#undef PW_BRANCHING
        return;
    }
    uint8_t *mem;
    uint64_t M, L = 0, N = 0; /* without handlers that read them, pins take no registers */
    float F = 0;
    double D = 0, P = 0;
#ifdef PW_COUNTING
    uint64_t price;
    int64_t slice = ctx->store->fuel_slice;
#endif
    RELOAD_MEMORY();
#if defined(PW_SHELL_GOTO)
    PW_DISPATCH
#include "op_cases.h"
#else
L_dispatch:
    switch (*pc) {
#include "op_cases.h"
    default: return; /* cannot be: cells hold handler numbers only */
    }
#endif
#ifdef PW_COUNTING
L_pay_taken:
    PW_BRANCH_PAYING(price);
L_pay_passed:
    PW_BRANCH_PAYING(price);
#endif
/* A place for each kind: for gcc a constant on the way to a common one is a block of its own, for each handler that
 * traps, and it counts them (RATIONALE). */
#undef PW_TRAP
#define PW_TRAP(kind, text)                       \
    L_trap_##kind : PW_MAYBE_UNUSED_LABEL         \
    PW_KEEP_LOOP(A = PW_TRAP_##kind);             \
    goto L_trap;
#include "base/traps.def"
L_trap:;
    pw_run *run = PW_RUN;
    PW_SAVE(run);
    pwi_run_trap(run, (pw_trap_kind)A);
}

#if defined(PW_SHELL_GOTO)
void PW_SHELL_NAME(shell_goto)(pw_shell_table *table) {
    table->name = "goto";
    table->enter = PW_SHELL_FUNCTION;
    table->make_counting = pwi_shell_goto_counting;
    PW_SHELL_FUNCTION(NULL, NULL, NULL, 0, table);
}
#else
void PW_SHELL_NAME(shell_switch)(pw_shell_table *table) {
    table->name = "switch";
    table->enter = PW_SHELL_FUNCTION;
    table->make_counting = pwi_shell_switch_counting;
    PW_SHELL_FUNCTION(NULL, NULL, NULL, 0, table);
}
#endif
#endif
