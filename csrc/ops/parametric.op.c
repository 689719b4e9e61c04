/* Parametric: https://webassembly.github.io/spec/core/exec/instructions.html#parametric-instructions
 * Rows only: any type, so the translator picks the handlers (internal.op.c). */
#include "op_prelude.h"

FEATURE(NONE)
ROW(0x1a, "drop", drop, NONE, "*")
ROW(0x1b, "select", select, NONE, "*")

FEATURE(REFERENCE_TYPES)
ROW(0x1c, "select", select_t, SELECT, "*")
