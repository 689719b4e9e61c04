/* code.h - the code that the interpreter runs, its frames, and what the shells share.
 *
 * A function's code is an array of 8-byte cells. An instruction is a handler cell, an operand cell, and further
 * cells where it needs them:
 *
 *   cell 0   handler (an address, or a number in the switch shell)
 *   cell 1   operands:   63      48 47      32 31      16 15       0
 *                       +----------+----------+----------+----------+
 *                       | lane 3   | lane 2   | lane 1   | lane 0   |   lanes: slots of the frame
 *                       +----------+----------+----------+----------+
 *                       | 32-bit immediate    | lane 1   | lane 0   |   constant or memory offset
 *                       +---------------------+----------+----------+
 *   cell 2.. branch target (address of a cell), 64-bit constant, pointer, ...
 *
 * By convention operand a is lane 0, the result lane 1, operand b lane 2. The operand classes (slot, accumulator,
 * constant) are part of the handler: csrc/gen makes one handler per combination that pays.
 *
 * A frame, in slots of 8 bytes, growing upwards:
 *
 *   fp ->          params, then locals         results are left at 0.. when the function returns
 *   return_slot    return address              address of the cell behind the call
 *                  operands                    the arguments of a call are the callee's first slots
 *
 * The operand cell of every call is two cells before its return address, and its lane 0 is the distance from the
 * caller's fp to the callee's: returning is `fp -= lane 0 of pc[-2]`; lanes 1 to 3 are slots to be loaded (pins). Calls into another instance put a bridge
 * between the frames (call.c), calls from the host start with a return address of halting cells.
 */
#ifndef PW_ENGINE_CODE_H
#define PW_ENGINE_CODE_H

#include "base/config.h"
#include "engine/engine.h"
#include "engine/op_forms_info.h"

typedef uint64_t pw_cell;

#if defined(__GNUC__) || defined(__clang__)
typedef uint16_t __attribute__((may_alias)) pw_lane;
typedef uint32_t __attribute__((may_alias)) pw_half;
#else
typedef uint16_t pw_lane;
typedef uint32_t pw_half;
#endif

static inline uint16_t pwi_lane(const pw_cell *cell, unsigned lane) { return ((const pw_lane *)cell)[lane]; }
static inline void pwi_set_lane(pw_cell *cell, unsigned lane, uint32_t value) {
    ((pw_lane *)cell)[lane] = (uint16_t)value;
}
static inline uint32_t pwi_high(const pw_cell *cell) { return ((const pw_half *)cell)[1]; }
static inline void pwi_set_high(pw_cell *cell, uint32_t value) { ((pw_half *)cell)[1] = value; }
static inline void pwi_set_low(pw_cell *cell, uint32_t value) { ((pw_half *)cell)[0] = value; }

/* One run of code: what the shell keeps in registers, written back when it leaves or calls out. Runs nest when a
 * host function calls wasm again. */
typedef struct pw_run {
    const pw_cell *pc; /* after a trap: one cell behind its instruction's first, so that pc - 1 is always "in" it */
    pw_slot *fp;
    pw_instance *context;
    uint64_t accumulator;
    pw_result result;
    pw_trap_kind trap;
    uint64_t owed; /* fuel, when there was not enough of it: for what comes at pc */
    struct pw_run *outer;
} pw_run;

typedef struct pw_shell_table {
    const char *name;
    /* Runs until halt, trap or error: result of the store's run, which is PW_OK before. */
    void (*enter)(const pw_cell *pc, pw_slot *fp, pw_instance *context, uint64_t accumulator, struct pw_shell_table *null);
    pw_cell halt[4];            /* cells that a call from the host returns to; the return address is &halt[2] */
    bool pins;                  /* keeps locals in registers: it has the handlers of op_pins.h */
    void (*make_counting)(struct pw_shell_table *table); /* fills in that of the shell for stores that count fuel */
    pw_cell handlers[PW_PINS_END];
} pw_shell_table;

/* Registers of a shell with pins: two for integers, one for f64. A call names in lanes 1 to 3 of its operand cell the slots
 * of the caller's locals that are in them, for the return; slots are always written along. */
enum { PW_PIN_L, PW_PIN_N, PW_PIN_P, PW_PIN_COUNT };

/* Fill in a table. Only the shells that the build has exist. Those that count fuel are shells of their own, with the same
 * instructions, but that entries and branches have a cell more (counting_words.h). */
void pwi_shell_goto(pw_shell_table *table);
void pwi_shell_switch(pw_shell_table *table);
void pwi_shell_tail(pw_shell_table *table);
void pwi_shell_goto_counting(pw_shell_table *table);
void pwi_shell_switch_counting(pw_shell_table *table);
void pwi_shell_tail_counting(pw_shell_table *table);

/* ---- Out-of-line parts of handlers (call.c, translate.c): all state is in run, before and after ---------------- */

/* Calls a function that is not of run->context: of the host or of another instance. run->accumulator is the function,
 * run->fp the first argument, run->pc the return address. Afterwards execution goes on at run->pc. */
PW_MUST_USE pw_result pwi_call_foreign(pw_run *run);
/* The same for a tail call: run->pc is the return address of the frame that goes away. */
PW_MUST_USE pw_result pwi_tail_call_foreign(pw_run *run);
/* Translates the function whose stub is at run->pc and sets run->pc to its code. */
PW_MUST_USE pw_result pwi_run_translate(pw_run *run);
/* unwind.c: run->pc is the throwing instruction. PW_OK: a handler was found, execution goes on at run->pc. */
PW_MUST_USE pw_result pwi_run_throw(pw_run *run);
PW_MUST_USE pw_result pwi_run_throw_ref(pw_run *run);
/* gc_calls.c: allocations and ranges of arrays. */
PW_MUST_USE pw_result pwi_run_struct_new(pw_run *run);
PW_MUST_USE pw_result pwi_run_array_new(pw_run *run);
PW_MUST_USE pw_result pwi_run_array_new_fixed(pw_run *run);
PW_MUST_USE pw_result pwi_run_array_new_from(pw_run *run);
PW_MUST_USE pw_result pwi_run_array_fill(pw_run *run);
PW_MUST_USE pw_result pwi_run_array_copy(pw_run *run);
PW_MUST_USE pw_result pwi_run_array_init(pw_run *run);
/* The poll budget is used up. */
PW_MUST_USE pw_result pwi_run_poll(pw_run *run);
/* fuel.c: the slice of fuel is. */
PW_MUST_USE pw_result pwi_run_fuel(pw_run *run);
/* Notes that the host has no memory left. */
PW_COLD pw_result pwi_no_memory_in_call(pw_run *run);
/* Leaves a trap in the run. */
PW_COLD void pwi_run_trap(pw_run *run, pw_trap_kind kind);
/* PW_TRAP_STACK_EXHAUSTED, with what there is too little of. */
PW_COLD pw_result pwi_stack_trap(pw_store *store);

/* Slots of a bridge behind the arguments and results: return address and the caller's context. */
#define PW_BRIDGE_SLOTS 2 /* no check for them: they fit PW_STACK_HEADROOM_SLOTS (runtime/store.h) */

/* Return address of a bridge, in the type record's cells (engine.c fills them): of stores that do not count fuel, and
 * that do. */
#define PW_BRIDGE_CELL 2
#define PW_COUNTING_BRIDGE_CELL 6
const pw_cell *pwi_bridge_return(const pw_store *store, const pw_type_record *type);

/* translate.c: makes the code of a function, unless another thread has done so; or, for the frames of a trap, an array
 * (owned by the caller) with the byte offset in the module of the instruction that each cell came from. Both ask the
 * store's poll hook now and then and give what it said; the second one also gives PW_ERR_LIMIT when so many looks are used up. */
PW_MUST_USE pw_result pwi_translate(pw_store *store, pw_module *module, pw_code *code);
PW_MUST_USE pw_result pwi_translate_offsets(pw_store *store, pw_module *module, pw_code *code, uint32_t *looks,
                                            uint32_t **offsets);

/* The same unless it has code already. Outside of the module's lock: it may take long, and the poll hook may wait for a
 * lock of the embedder. store NULL: nobody is asked. */
PW_MUST_USE pw_result pwi_translate_once(pw_store *store, pw_module *module, pw_code *code);

/* call.c: goes on with a call of func whose frames begin at `base`, the top of the stack, where results are left. With
 * `waiting` the place is behind a call of that host function, which is called again first. */
PW_MUST_USE pw_result pwi_engine_resume(pw_func *func, pw_run *run, pw_slot *base, pw_func *waiting);

/* frames.c: fills error->frames with the frames of this run (not of outer runs: their own calls report them).
 * Not PW_OK: the store's poll hook, if one is given, ended it; the store's error says so, and the frames are there with the
 * offsets that were known. */
PW_MUST_USE pw_result pwi_capture_frames(const pw_run *run, pw_store *store, pw_error *error);

#endif
