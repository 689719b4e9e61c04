/* Variables: https://webassembly.github.io/spec/core/exec/instructions.html#variable-instructions
 * Rows only: locals are slots of the frame, so the translator folds these away or picks internal handlers. */
#include "op_prelude.h"

FEATURE(NONE)
ROW(0x20, "local.get", local_get, LOCAL, "*")
ROW(0x21, "local.set", local_set, LOCAL, "*")
ROW(0x22, "local.tee", local_tee, LOCAL, "*")
ROW(0x23, "global.get", global_get, GLOBAL, "*")
ROW(0x24, "global.set", global_set, GLOBAL, "*")
