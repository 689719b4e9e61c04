/* 128-bit integers, low half below high half: https://github.com/WebAssembly/wide-arithmetic */
#include "op_prelude.h"

FEATURE(WIDE_ARITHMETIC)
ROW(0xfc013, "i64.add128", i64_add128, NONE, "IIII:II")
ROW(0xfc014, "i64.sub128", i64_sub128, NONE, "IIII:II")
ROW(0xfc015, "i64.mul_wide_s", i64_mul_wide_s, NONE, "II:II")
ROW(0xfc016, "i64.mul_wide_u", i64_mul_wide_u, NONE, "II:II")
