/* op_forms_info.c - the tables of handlers, by opcode in constant time. Without pointers: what has some is copied and
 * changed by every process that loads the library. */
#include "engine/op_forms_info.h"

#include "wasm/op_info.h"

static const pw_op_forms rows[] = {
#define PW_FORMS(code, ident, shape, operands, result, base, branch, branch_not, fused, scaled, step, general, swap,       \
                 negate, cells, imm_cells)                                                                   \
    {code,   PW_SHAPE_##shape, cells, imm_cells, operands, result, base,                                     \
     branch, branch_not,       fused, scaled,    step,     general,  swap,    negate},
#include "op_forms.h"
#undef PW_FORMS
};

enum {
#define PW_FORMS(code, ident, ...) ROW_##ident,
#include "op_forms.h"
#undef PW_FORMS
};

/* The same for shells with pins. */
static const pw_op_forms pins_rows[] = {
#define PW_PINS_FORMS(code, ident, shape, operands, result, base, branch, branch_not, fused, scaled, step, general, swap, \
                        negate, cells, imm_cells)                                                            \
    {code,   PW_SHAPE_##shape, cells, imm_cells, operands, result, base,                                     \
     branch, branch_not,       fused, scaled,    step,     general,  swap,    negate},
#include "op_forms.h"
#undef PW_PINS_FORMS
};

/* 1 + row, 0 where there is none. */
static const uint16_t row_by_key[PW_OP_KEYS] = {
#define PW_FORMS(code, ident, ...) [PW_OP_KEY(code)] = ROW_##ident + 1,
#include "op_forms.h"
#undef PW_FORMS
};

const pw_op_forms *pwi_op_forms(uint32_t code)
{
    uint16_t row = pwi_op_has_key(code) ? row_by_key[PW_OP_KEY(code)] : 0;
    return row ? &rows[row - 1] : NULL;
}

const pw_op_forms *pwi_pins_forms(uint32_t code)
{
    uint16_t row = pwi_op_has_key(code) ? row_by_key[PW_OP_KEY(code)] : 0;
    return row ? &pins_rows[row - 1] : NULL;
}
