/* op_forms_info.h - the handlers of each opcode, as the translator picks them: the rows of op_forms.h, which csrc/gen
 * makes of csrc/ops.
 *
 * A handler is one version of an op for one choice of operand classes:
 *
 *    S   slot of the frame          as result: slot and accumulator are written
 *    A   accumulator (one for i32 and i64, one for f32, one for f64)
 *                                   as result: only the accumulator is written
 *    K   constant in the code
 *
 * Shells with pins have families with more places, between A and K:
 *
 *    L, N  registers of two integer locals, P  of an f64 local; as result: register and slot are written
 *
 * There the numbers of places below are 4 for integers (S A L N, K = 4), 3 for f64 (S A P, K = 3) and 2 for f32; results of
 * comparisons are S and A only.
 *
 * The versions of a family are contiguous; the id is `first + offset`, with S = 0, A = 1, K = 2:
 *
 *    family                                  operands             offset                 cells
 *    base of BINOP, CMPOP, FCMPOP            a in SA, b in SAK    (a * 3 + b) * 2 + d    2; floats with b = K: 3
 *    branch of CMPOP                         a in SA, b in SAK    a * 3 + b              3
 *    branch, branch_not of FCMPOP            a in SA, b in SAK    a * 3 + b              3; b = K: 4
 *    step of CMPOP                           a in S, b in SK      a * 2 + b              4
 *    base of UNOP, LOAD                      a in SA              a * 2 + d              2
 *    fused of LOAD (address a + b, 32 bits)  a in SA, b in SAK    (a * 3 + b) * 2 + d    3
 *    scaled of LOAD, i32.add (a * factor     a in SA, b in SAK    (a * 3 + b) * 2 + d    3
 *      + b), in shells with pins
 *    base of STORE                           a in SA, v in SAK    a * 3 + v              2; v = K: 3
 *    base of FSTORE                          a in SA, v in SA     a * 2 + v              2
 *    fused of STORE, FSTORE (a + constant)   as base                                     one more
 *    general of LOAD, STORE, FSTORE          slots                0                      4
 *    base of GENERIC, not of atomic ones     slots                0                      `cells`
 *    general of GENERIC (memory arguments)   slots                0                      `cells` + 1
 *    fused of GENERIC (vector shifts)        a slot, a constant   0                      2
 *
 * Where the operands stand (lanes are the 16-bit quarters of a cell, 0 lowest; cell 0 is the handler):
 *
 *    BINOP, CMPOP, FCMPOP   a: cell 1 lane 0    result: cell 1 lane 1    b: cell 1 lane 2
 *                           b constant: integers sign-extended from the high half of cell 1, floats bits in cell 2
 *    branches               a, b as above; target in the last cell
 *    step                   a: cell 1 lanes 0 and 1, what is added: high half of cell 1    b: cell 2 lane 0, constant:
 *                           low half of cell 2; target in cell 3
 *    UNOP                   a: cell 1 lane 0    result: cell 1 lane 1
 *    LOAD                   address: cell 1 lane 0    result: cell 1 lane 1    offset: high half of cell 1
 *      fused, scaled        b: cell 2 lane 0, constant: low half of cell 2; factor: high half of cell 2
 *    STORE, FSTORE          address: cell 1 lane 0    value: cell 1 lane 1     offset: high half of cell 1
 *                           constant: 64 bits in cell 2
 *      fused                added to the address: low half of cell 2; constant: 64 bits in cell 3
 *    general                address: cell 1 lane 0    value or result: cell 1 lane 1    memory index: cell 2
 *                           offset: cell 3
 *    GENERIC                lanes from cell 1 on, four a cell: the operands, deepest first, then the result; then
 *                           `imm_cells` cells, one per immediate in the order of the binary format: 128 bits take
 *                           two, a memory argument is its offset (memory 0, 32 bits)
 *      general              instead of the offset: memory index, offset
 *      fused                a: cell 1 lane 0    result: cell 1 lane 1    constant: high half of cell 1
 *
 * Ops with general forms only (another memory than 0, 64-bit addresses, offsets beyond 32 bits) write slots; so do
 * generic ops; neither keeps an accumulator.
 */
#ifndef PW_ENGINE_OP_FORMS_INFO_H
#define PW_ENGINE_OP_FORMS_INFO_H

#include "pywasi.h"

typedef enum pw_op_shape {
    PW_SHAPE_BINOP,  /* two operands of one type, result of the same */
    PW_SHAPE_CMPOP,  /* comparison of integers */
    PW_SHAPE_FCMPOP, /* comparison of floats */
    PW_SHAPE_UNOP,   /* one operand, a result of any type: conversions too */
    PW_SHAPE_LOAD,
    PW_SHAPE_STORE,   /* of integers */
    PW_SHAPE_FSTORE,  /* of floats: the value is never constant */
    PW_SHAPE_GENERIC, /* slots only */
    PW_SHAPE_ROW      /* no handler: control, variables, constants, translated by hand */
} pw_op_shape;

#define PW_NO_HANDLER 0xffffu
#define PW_NO_OPCODE  UINT32_MAX

typedef struct pw_op_forms {
    uint32_t code;
    uint8_t shape;        /* pw_op_shape */
    uint8_t cells;        /* GENERIC: in all, with the handler; else 0 */
    uint8_t imm_cells;    /* GENERIC */
    char operands[6];     /* types: i I f F V, a (address), t (table index), r (reference); "" for ROW */
    char result[2];       /* one character, or "" */
    uint16_t base;        /* first handler of each family, or PW_NO_HANDLER */
    uint16_t branch;      /* branches when the comparison holds */
    uint16_t branch_not;  /* FCMPOP: branches when it does not (not the same as the opposite comparison: NaN) */
    uint16_t fused;
    uint16_t scaled;
    uint16_t step;        /* a local changes by a constant, then as branch */
    uint16_t general;
    uint32_t swap;   /* op that gives the same for (b, a): itself where commutative; or PW_NO_OPCODE */
    uint32_t negate; /* CMPOP: op that gives the opposite for (a, b); or PW_NO_OPCODE */
} pw_op_forms;

/* Handler ids: PW_H_<handler> for each; the first of each family as PW_F_<ident> (base), PW_FBR_, PW_FBRN_, PW_FX_
 * and PW_FG_<ident>; PW_HANDLER_COUNT. Handlers of pinned families go on from there to PW_PINS_END, in some of them those of
 * S, A and K once more. */
#include "op_forms.h"

/* The row of a code, NULL where there is no such opcode; the second one has the families of shells with pins. */
const pw_op_forms *pwi_op_forms(uint32_t code);
const pw_op_forms *pwi_pins_forms(uint32_t code);

/* handler_info.c: cells of a handler with all it reads: `[handler][...]`. 0 for ids that do not exist. */
uint8_t pwi_handler_cells(uint16_t handler);
/* Name of a handler, "i32_add_SKA"; NULL for ids that do not exist. */
const char *pwi_handler_name(uint16_t handler);

#endif
