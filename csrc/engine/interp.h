/* interp.h - the interpreter: one dispatch shell around the generated cases. Included once by each shell_*.c, which
 * defines one of PW_SHELL_GOTO, PW_SHELL_SWITCH, PW_SHELL_TAIL.
 *
 * Handlers are leaf code. What needs a C call goes through PW_CALL_OUT, which saves the registers in the run; a helper
 * that is called in a body (memory.fill) is followed by PW_CLOBBER, so that no accumulator is live across a call.
 */
#include "engine/handler_words.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The interpreter reads linear memory directly: it needs a little-endian host."
#endif

/* ---- the shells ------------------------------------------------------------------------------------------------ */

#define PW_CELL(number) shell->handlers[number]

#if defined(PW_SHELL_TAIL)

#define PW_PARAMS \
    const pw_cell *pc, pw_slot *fp, uint8_t *mem, uint64_t M, pw_instance *ctx, uint64_t A, float F, double D, \
        uint64_t L, uint64_t N, double P
#define PW_ARGS pc, fp, mem, M, ctx, A, F, D, L, N, P
#define PW_CC __attribute__((preserve_none))
typedef void(PW_CC pw_handler)(PW_PARAMS);
#define PW_CASE(name) static PW_CC void pwi_h_##name(PW_PARAMS)
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
#include "op_handlers.h"
#include "op_pins.h"
#undef PW_HANDLER

static PW_CC PW_COLD void pwi_h_trap(PW_PARAMS) {
    (void)mem, (void)M, (void)F, (void)D, (void)L, (void)N, (void)P;
    pw_run *run = PW_RUN;
    PW_SAVE(run);
    pwi_run_trap(run, (pw_trap_kind)A);
}

#include "op_cases.h"
#include "op_pins_cases.h"

static void pwi_tail_enter(const pw_cell *pc, pw_slot *fp, pw_instance *ctx, uint64_t A, pw_shell_table *null) {
    (void)null;
    ((pw_handler *)(uintptr_t)*pc)(pc, fp, ctx->memory_base, ctx->memory_size, ctx, A, 0, 0, 0, 0, 0);
}

/* By code, as a table of pointers would be relocated whenever the library is loaded: 80 KB for each process to copy. Volatile,
 * for nothing is to be gained from pairing ten thousand stores. */
static void pwi_tail_fill(volatile pw_cell *handler) {
#define PW_HANDLER(name) *handler++ = (pw_cell)(uintptr_t)pwi_h_##name;
#include "op_handlers.h"
#include "op_pins.h"
#undef PW_HANDLER
}

void pwi_shell_tail(pw_shell_table *shell) {
    shell->name = "tail";
    shell->enter = pwi_tail_enter;
    shell->pins = true;
    pwi_tail_fill(shell->handlers);
}

#else

#define PW_RUN (ctx->store->run)
#define PW_LEAVE() return
#define PW_JUMP(name) goto L_##name
#define PW_TRAP(kind)              \
    do {                           \
        A = PW_TRAP_##kind;        \
        goto L_trap;               \
    } while (0)

#if defined(PW_SHELL_GOTO)
#define PW_SHELL_FUNCTION pwi_goto_run
#define PW_CASE(name) L_##name:
#define PW_DISPATCH goto *(const void *)(uintptr_t)*pc;
#define PW_NEXT(cells)                               \
    do {                                             \
        pc += (cells);                               \
        goto *(const void *)(uintptr_t)*pc;          \
    } while (0)
#else
#define PW_SHELL_FUNCTION pwi_switch_run
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
#include "op_handlers.h"
#undef PW_HANDLER
        return;
    }
    uint8_t *mem;
    uint64_t M, L = 0, N = 0; /* without handlers that read them, pins take no registers */
    float F = 0;
    double D = 0, P = 0;
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
L_trap:;
    pw_run *run = PW_RUN;
    PW_SAVE(run);
    pwi_run_trap(run, (pw_trap_kind)A);
}

#if defined(PW_SHELL_GOTO)
void pwi_shell_goto(pw_shell_table *table) {
    table->name = "goto";
    table->enter = pwi_goto_run;
    pwi_goto_run(NULL, NULL, NULL, 0, table);
}
#else
void pwi_shell_switch(pw_shell_table *table) {
    table->name = "switch";
    table->enter = pwi_switch_run;
    pwi_switch_run(NULL, NULL, NULL, 0, table);
}
#endif
#endif
