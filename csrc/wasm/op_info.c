/* op_info.c - the table of opcodes, by code in constant time. */
#include "wasm/op_info.h"

enum {
    FEATURE_NONE = 64, /* no bit of pw_features */
#define PW_FEATURE(name, text, supported, standard) FEATURE_##name,
    FEATURE_FIRST = -1,
#include "base/features.def"
#undef PW_FEATURE
};
#define FEATURE_BIT(bit) ((bit) > 63 ? (pw_features)0 : (pw_features)1 << ((bit) & 63))

static const pw_op_info rows[] = {
#define PW_OPCODE(code, text, ident, imm, params, results, feature, align)                                   \
    {code, PW_IMM_##imm, align, text, params, results, FEATURE_BIT(FEATURE_##feature)},
#include "op_table.h"
#undef PW_OPCODE
};

enum {
#define PW_OPCODE(code, text, ident, imm, params, results, feature, align) ROW_##ident,
#include "op_table.h"
#undef PW_OPCODE
};

/* 1 + row, 0 where there is none. */
static const uint16_t row_by_key[PW_OP_KEYS] = {
#define PW_OPCODE(code, text, ident, imm, params, results, feature, align)                                   \
    [PW_OP_KEY(code)] = ROW_##ident + 1,
#include "op_table.h"
#undef PW_OPCODE
};

const pw_op_info *pwi_op_info(uint32_t code)
{
    uint16_t row = pwi_op_has_key(code) ? row_by_key[PW_OP_KEY(code)] : 0;
    return row ? &rows[row - 1] : NULL;
}
