/* op_prelude.h - makes *.op.c plain C for editors, linters and `gcc -fsyntax-only`. The build never compiles *.op.c
 * itself: csrc/gen reads it, and the engine defines the macros that bodies use anew (engine/interp.h).
 *
 * A definition is one header line, which the generator reads, and a body, which it copies unread:
 *
 *    OP(0x6d, "i32.div_s", i32_div_s, FORMS(binop) IN(i32 a, i32 b) OUT(i32 r))
 *    {
 *        TRAP_IF(b == 0, INTEGER_DIVIDE_BY_ZERO);
 *        ...
 *        r = ...;
 *    }
 *
 *    FORMS(binop), FORMS(cvt)   a handler per choice of operand classes, for IN(T a, T b) OUT(T r) and IN(T a) OUT(U r);
 *                               without: one handler, operands in slots
 *    IMM(KIND, imm x, ...)      immediates (KIND as in wasm/op_info.h): MEMORY, MEMORY_COPY, MEMORY_INIT, DATA, TABLE,
 *                               TABLE_COPY, TABLE_INIT, ELEM, LANE_2 to LANE_16; V128, SHUFFLE (two words)
 *    IMM(MEMARG, at64 p)        p points to 64 bits of memory at the address, the first operand, plus the offset: in
 *                               bounds, perhaps not aligned; at8 to at128. MEMARG_ATOMIC; MEMARG_LANE: and `imm x`
 *    IN(type name, ...)         operands, deepest first: i32 i64 f32 f64 v128, ref, idx (address or table index, i32 or i64
 *                               as the memory or table of the immediate says; always zero-extended)
 *    OUT(type name)             the result, which the body assigns on every path
 *
 *    ROW(code, "text", ident, IMMEDIATE, "ii:i")   an opcode without a body: its code is made by hand. "*" is a
 *                               signature that is validated by hand too; a C type behind it says how wide the access
 *                               to memory is, for the alignment
 *    INTERNAL(ident, cells)     a handler without an opcode; the body ends by itself (engine/interp.h has the words)
 *    FEATURE(NAME)              the definitions below need this feature of base/features.def; NONE is Wasm 1.0
 *
 * In a body: TRAP_IF(condition, KIND) with a kind of base/traps.def, ATTEMPT(expression) that gives a pw_result and ends
 * the run when that is an error (store->error tells which), TAKES_TIME(n, shift): n >> shift counts as so many
 * branches until the next poll; CTX (the pw_instance), RELOAD_MEMORY() after memory 0 may have grown. Bodies call no library function unless they are rare ops anyway: a call spills what the
 * interpreter keeps in registers.
 */
#ifndef PW_OPS_OP_PRELUDE_H
#define PW_OPS_OP_PRELUDE_H

#include "op_helpers.h"
#include "op_lanes.h"
#include "pywasi.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/table.h"

typedef uint32_t i32;
typedef uint64_t i64;
typedef float f32;
typedef double f64;
typedef uint64_t idx;
typedef uint64_t ref;
typedef uint64_t imm;
typedef pw_v128 v128;
typedef uint8_t *at8, *at16, *at32, *at64, *at128;

/* Nobody calls these functions, and results are parameters here, which nobody reads again. */
#if defined(__GNUC__) || defined(__clang__)
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-but-set-parameter"
#endif

#define OP(code, text, ident, ...) static inline void pwi_op_##ident(pw_instance *context __VA_ARGS__)
#define FORMS(kind)
#define IMM(kind, ...) , __VA_ARGS__
#define IN(...)        , __VA_ARGS__
#define OUT(...)       , __VA_ARGS__
#define ROW(code, text, ident, immediate, ...)
#ifndef INTERNAL /* internal.op.c brings its own, internal_prelude.h */
#define INTERNAL(ident, cells) static inline void pwi_internal_##ident(void)
#endif
#define FEATURE(name)

void pwi_op_trap(pw_trap_kind kind);
#ifndef TRAP_IF
#define TRAP_IF(condition, kind)                                                                             \
    do {                                                                                                     \
        if (condition) {                                                                                     \
            pwi_op_trap(PW_TRAP_##kind);                                                                     \
            return;                                                                                          \
        }                                                                                                    \
    } while (0)
#define ATTEMPT(expression)                                                                                  \
    do {                                                                                                     \
        if ((expression) != PW_OK)                                                                           \
            return;                                                                                          \
    } while (0)
#define CTX                  context
#define RELOAD_MEMORY()      ((void)0)
#define TAKES_TIME(n, shift) ((void)((uint64_t)(n) >> (shift)))
#endif

#endif
