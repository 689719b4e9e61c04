/* References: https://webassembly.github.io/spec/core/exec/instructions.html#reference-instructions
 * A reference is a pointer or a handle in a slot; 0 is null. Rows only: translated by hand. */
#include "op_prelude.h"

FEATURE(REFERENCE_TYPES)
ROW(0xd0, "ref.null", ref_null, HEAP, "*")
ROW(0xd1, "ref.is_null", ref_is_null, NONE, "*")
ROW(0xd2, "ref.func", ref_func, FUNC, "*")

FEATURE(FUNCTION_REFERENCES)
ROW(0xd4, "ref.as_non_null", ref_as_non_null, NONE, "*")
