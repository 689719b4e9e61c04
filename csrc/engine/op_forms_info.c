/* op_forms_info.c - the tables of handlers, by opcode and by id in constant time. */
#include "engine/op_forms_info.h"

#include "wasm/op_info.h"

static const pw_op_forms rows[] = {
#define PW_FORMS(code, ident, shape, operands, result, base, branch, branch_not, fused, general, swap,       \
                 negate, cells, imm_cells)                                                                   \
    {code,   PW_SHAPE_##shape, cells, imm_cells, operands, result, base,                                     \
     branch, branch_not,       fused, general,   swap,     negate},
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
#define PW_PINS_FORMS(code, ident, shape, operands, result, base, branch, branch_not, fused, general, swap, \
                        negate, cells, imm_cells)                                                            \
    {code,   PW_SHAPE_##shape, cells, imm_cells, operands, result, base,                                     \
     branch, branch_not,       fused, general,   swap,     negate},
#include "op_forms.h"
#undef PW_PINS_FORMS
};

/* 1 + row, 0 where there is none. */
static const uint16_t row_by_key[PW_OP_KEYS] = {
#define PW_FORMS(code, ident, ...) [PW_OP_KEY(code)] = ROW_##ident + 1,
#include "op_forms.h"
#undef PW_FORMS
};

static const struct {
    const char *name;
    uint8_t cells;
} handlers[] = {
#define PW_HANDLER_INFO(name, cells) {#name, cells},
#include "op_forms.h"
#undef PW_HANDLER_INFO
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

uint8_t pwi_handler_cells(uint16_t handler)
{
    return handler < PW_PINS_END ? handlers[handler].cells : 0;
}

const char *pwi_handler_name(uint16_t handler)
{
    return handler < PW_PINS_END ? handlers[handler].name : NULL;
}
