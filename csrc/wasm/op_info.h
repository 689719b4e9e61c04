/* op_info.h - what the decoder, the validator and the disassembler know of an opcode: the rows of op_table.h, which
 * csrc/gen makes of csrc/ops.
 *
 * Codes are numbered as in instr_reader.h: the byte, or prefix << 12 | sub-opcode (memory.copy is 0xfc00a).
 */
#ifndef PW_WASM_OP_INFO_H
#define PW_WASM_OP_INFO_H

#include "pywasi.h"

/* What follows the opcode in the binary format, in this order. u32 and s33 are LEB128. */
typedef enum pw_imm_kind {
    PW_IMM_NONE,
    PW_IMM_BLOCK,         /* s33 block type: empty, a value type or a type index */
    PW_IMM_LABEL,         /* u32 relative depth */
    PW_IMM_BR_TABLE,      /* vector of u32 depths, u32 default depth */
    PW_IMM_FUNC,          /* u32 function index */
    PW_IMM_TYPE,          /* u32 type index */
    PW_IMM_CALL_INDIRECT, /* u32 type index, u32 table index */
    PW_IMM_LOCAL,         /* u32 local index */
    PW_IMM_GLOBAL,        /* u32 global index */
    PW_IMM_TABLE,         /* u32 table index */
    PW_IMM_TABLE_COPY,    /* u32 table index of the destination, then of the source */
    PW_IMM_TABLE_INIT,    /* u32 element segment, u32 table index */
    PW_IMM_ELEM,          /* u32 element segment */
    PW_IMM_MEMARG,        /* u32 alignment and flags, u32 memory index if flagged, u64 offset */
    PW_IMM_MEMORY,        /* u32 memory index */
    PW_IMM_MEMORY_COPY,   /* u32 memory index of the destination, then of the source */
    PW_IMM_MEMORY_INIT,   /* u32 data segment, u32 memory index */
    PW_IMM_DATA,          /* u32 data segment */
    PW_IMM_I32,           /* s32 */
    PW_IMM_I64,           /* s64 */
    PW_IMM_F32,           /* 4 bytes, little-endian */
    PW_IMM_F64,           /* 8 bytes, little-endian */
    PW_IMM_HEAP,          /* s33 heap type */
    PW_IMM_SELECT,        /* vector of value types */
    PW_IMM_V128,          /* 16 bytes */
    PW_IMM_SHUFFLE,       /* 16 bytes, each the index of one of 32 lanes */
    PW_IMM_LANE_2,        /* a byte, the index of one of 2 lanes; and so on */
    PW_IMM_LANE_4,
    PW_IMM_LANE_8,
    PW_IMM_LANE_16,
    PW_IMM_MEMARG_LANE,   /* as MEMARG, then a byte: the index of a lane as wide as the access */
    PW_IMM_MEMARG_ATOMIC, /* as MEMARG; the alignment must be the natural one */
    PW_IMM_ZERO,          /* a byte, 0 */
    PW_IMM_TAG,           /* u32 tag index */
    PW_IMM_TRY_TABLE,     /* block type as BLOCK, vector of catch clauses: kind byte, u32 tag index (kinds 0 and 1),
                           * u32 relative depth */
    PW_IMM_FIELD,         /* u32 type index, u32 field index */
    PW_IMM_TYPE_LENGTH,   /* u32 type index, u32 number of elements */
    PW_IMM_TYPE_DATA,     /* u32 type index, u32 data segment */
    PW_IMM_TYPE_ELEM,     /* u32 type index, u32 element segment */
    PW_IMM_TYPE_TYPE,     /* u32 type index of the destination, then of the source */
    PW_IMM_CAST,          /* s33 heap type, of a non-nullable reference */
    PW_IMM_CAST_NULL,     /* s33 heap type, of a nullable reference */
    PW_IMM_BR_CAST        /* flags byte (1: from a nullable type, 2: to one), u32 relative depth, s33 heap types: from, to */
} pw_imm_kind;

/* params and results are the signature, one character a value, deepest operand first:
 *
 *    i I f F V    i32 i64 f32 f64 v128
 *    a            address: i32 or i64, as the memory of the immediate is addressed
 *    t            table index: i32 or i64, as the table of the immediate is addressed
 *    *            alone in params: validated by hand (results is "" then)
 *
 * memory.copy ("aaa") and table.copy ("ttt") name two: the first operand goes by the destination, the second by the
 * source, the count is i64 only if both are.
 */
typedef struct pw_op_info {
    uint32_t code;
    uint8_t imm;      /* pw_imm_kind */
    uint8_t align;    /* loads and stores: log2 of the natural alignment, else 0 */
    const char *text; /* "i32.add" */
    const char *params;
    const char *results;
    pw_features feature; /* the bit that has to be allowed; 0: Wasm 1.0 */
} pw_op_info;

/* PW_OP_i32_add = 0x6a, ...: one for every row. */
enum {
#define PW_OPCODE(code, text, ident, imm, params, results, feature, align) PW_OP_##ident = code,
#include "op_table.h"
#undef PW_OPCODE
};

/* The row of a code, NULL where there is no such opcode. */
const pw_op_info *pwi_op_info(uint32_t code);

/* A small index for tables by opcode: 256 plain codes, then 512 for each of the prefixes 0xfb to 0xfe. Constant
 * for a constant code, so that it serves in designated initialisers. Valid for codes of rows only. */
#define PW_OP_KEY(code)                                                                                      \
    ((code) < 256 ? (uint32_t)(code)                                                                         \
                  : 256u + ((((uint32_t)(code) >> 12) - 0xfbu) << 9) + ((uint32_t)(code) & 0x1ffu))
#define PW_OP_KEYS (256u + 4u * 512u)

/* Whether a code, as read from unknown bytes, has a key at all. */
static inline bool pwi_op_has_key(uint32_t code)
{
    return code < 256 || (code >= 0xfb000u && code < 0xff000u && (code & 0xfffu) < 512);
}

#endif
