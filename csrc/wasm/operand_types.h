/* operand_types.h - the types of a function's locals and operands at some of its instructions, exactly: nobody keeps them, so
 * the function is validated once more. */
#ifndef PW_WASM_OPERAND_TYPES_H
#define PW_WASM_OPERAND_TYPES_H

#include "wasm/module.h"

struct pw_validator;

/* What there is before the instruction at offsets[number]. Locals: pwi_local_type. */
typedef struct pw_seen_types {
    const pw_val_type *operands;
    uint32_t operand_count;
    const struct pw_validator *v;
} pw_seen_types;

typedef pw_result (*pw_types_fn)(void *env, size_t number, const pw_seen_types *types);

/* Calls see for each offset. They ascend, and are those of instructions of the function; its module is valid. */
PW_MUST_USE pw_result pwi_operand_types(pw_module *module, uint32_t func_index, const uint32_t *offsets,
                                        size_t count, pw_types_fn see, void *env);

pw_val_type pwi_local_type(const struct pw_validator *v, uint32_t index);

#endif
