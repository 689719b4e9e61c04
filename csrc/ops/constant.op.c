/* Constants: https://webassembly.github.io/spec/core/exec/instructions.html#numeric-instructions
 * Rows only: the translator takes a constant into the instruction that uses it. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(NONE)
ROW(0x41, "i32.const", i32_const, I32, ":i")
ROW(0x42, "i64.const", i64_const, I64, ":I")
ROW(0x43, "f32.const", f32_const, F32, ":f")
ROW(0x44, "f64.const", f64_const, F64, ":F")
