/* Control: https://webassembly.github.io/spec/core/exec/instructions.html#control-instructions
 * Rows only: validated in wasm/validate_control.c, translated in engine/translate_control.c. */
#include "op_prelude.h"

FEATURE(NONE)
ROW(0x00, "unreachable", unreachable, NONE, "*")
ROW(0x01, "nop", nop, NONE, ":")
ROW(0x02, "block", block, BLOCK, "*")
ROW(0x03, "loop", loop, BLOCK, "*")
ROW(0x04, "if", if, BLOCK, "*")
ROW(0x05, "else", else, NONE, "*")
ROW(0x0b, "end", end, NONE, "*")
ROW(0x0c, "br", br, LABEL, "*")
ROW(0x0d, "br_if", br_if, LABEL, "*")
ROW(0x0e, "br_table", br_table, BR_TABLE, "*")
ROW(0x0f, "return", return, NONE, "*")
ROW(0x10, "call", call, FUNC, "*")
ROW(0x11, "call_indirect", call_indirect, CALL_INDIRECT, "*")

FEATURE(LEGACY_EXCEPTIONS)
ROW(0x06, "try", try, BLOCK, "*")
ROW(0x07, "catch", catch, TAG, "*")
ROW(0x09, "rethrow", rethrow, LABEL, "*")
ROW(0x18, "delegate", delegate, LABEL, "*")
ROW(0x19, "catch_all", catch_all, NONE, "*")

FEATURE(EXCEPTIONS)
ROW(0x08, "throw", throw, TAG, "*")
ROW(0x0a, "throw_ref", throw_ref, NONE, "*")
ROW(0x1f, "try_table", try_table, TRY_TABLE, "*")

FEATURE(TAIL_CALL)
ROW(0x12, "return_call", return_call, FUNC, "*")
ROW(0x13, "return_call_indirect", return_call_indirect, CALL_INDIRECT, "*")

FEATURE(FUNCTION_REFERENCES)
ROW(0x14, "call_ref", call_ref, TYPE, "*")
ROW(0x15, "return_call_ref", return_call_ref, TYPE, "*")
ROW(0xd5, "br_on_null", br_on_null, LABEL, "*")
ROW(0xd6, "br_on_non_null", br_on_non_null, LABEL, "*")
