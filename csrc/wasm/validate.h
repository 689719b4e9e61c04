/* validate.h - the state of validation, shared by the validate*.c files.
 *
 * The algorithm is that of the spec's appendix (https://webassembly.github.io/spec/core/appendix/algorithm.html): a
 * stack of operand types, a stack of open blocks, no recursion. Both are vectors that live as long as the module's
 * validation and are reused by every function.
 *
 *   ctrls     function | block | loop | ...          one for every open block
 *                 |        |      |
 *               height   height height
 *                 v        v      v
 *   stack     [                       i32 i64 | f32 ]
 *                                     ^ floor: what lies below belongs to outer blocks
 *
 * After an instruction that does not return, the block's stack is polymorphic: popping at the floor gives
 * PW_TYPE_BOTTOM, which matches everything.
 */
#ifndef PW_WASM_VALIDATE_H
#define PW_WASM_VALIDATE_H

#include "wasm/op_info.h"
#include "wasm/reader.h"
#include "wasm/subtype.h"

#define PW_TYPE_BOTTOM ((pw_val_type)0)

enum pw_ctrl_kind {
    PW_CTRL_FUNCTION,
    PW_CTRL_BLOCK, /* try_table too */
    PW_CTRL_LOOP,
    PW_CTRL_IF,
    PW_CTRL_ELSE,
    PW_CTRL_TRY, /* legacy exceptions: its body, and its handlers */
    PW_CTRL_CATCH,
    PW_CTRL_CATCH_ALL
};

/* An open block: 16 bytes, as a function body can open millions of them. */
typedef struct pw_ctrl {
    uint32_t height;     /* of the operand stack below it */
    uint32_t type;       /* block type, see reader.h */
    uint32_t init_count; /* locals that had been initialised when it began */
    uint8_t kind;
    bool unreachable;
} pw_ctrl;

/* A sequence of types that somebody else owns. */
typedef struct pw_types {
    const pw_val_type *types;
    uint32_t count;
} pw_types;

/* Locals of one declaration: those from the end of the group before up to here. */
typedef struct pw_local_group {
    uint32_t end;
    pw_val_type type;
} pw_local_group;

/* Types of so many locals are found without a search. Bounds the work for a function that declares 50,000 locals in
 * four bytes and uses none. */
#define PW_DIRECT_LOCALS 256

typedef struct pw_validator {
    pw_reader reader; /* over the code; its errors are final */
    pw_module *module;
    const uint8_t *instr; /* the instruction that is being validated */
    const uint8_t *counted; /* up to here: compile_watch.h */

    pw_val_type *stack;
    size_t stack_capacity;
    uint32_t height, floor;
    uint32_t peak; /* the highest the stack was in this function; the stack has room up to here */
    pw_ctrl *ctrls;
    size_t ctrl_capacity;
    uint32_t depth; /* open blocks */

    pw_val_type direct_locals[PW_DIRECT_LOCALS];
    uint32_t direct_count, local_count, local_slots;
    pw_local_group *groups;
    size_t group_capacity;
    uint32_t group_count;
    uint8_t *unset; /* bit i: local i must be set before it is read; only if has_unset */
    size_t unset_capacity;
    uint32_t *set_log; /* locals set so far that had to be, in this order */
    size_t set_capacity;
    uint32_t set_count;
    bool has_unset;

    pw_types results;         /* of the function */
    bool constant;            /* a constant expression, not a function */
    uint32_t visible_globals; /* to it */
    uint32_t func_index;
} pw_validator;

/* validate.c: frees its stacks and itself. */
void pwi_validator_free(pw_validator *v);

/* ---- validate_stack.c: operands, slow paths, errors ------------------------------------------------------------- */

/* PW_ERR_INVALID at the current instruction. */
PW_COLD pw_result pwi_invalid(pw_validator *v, const char *format, ...) PW_PRINTF(2, 3);
/* The error text "type mismatch in <op>: expected ..., got ...". */
PW_MUST_USE PW_COLD pw_result pwi_type_mismatch(pw_validator *v, pw_val_type expected, pw_val_type actual);
/* Makes room for one more operand than ever before in this function. */
PW_MUST_USE PW_COLD pw_result pwi_raise_peak(pw_validator *v, uint32_t needed);
/* The same question at the end of a function, when it is known whether it could hold vectors. */
PW_MUST_USE pw_result pwi_check_frame(pw_validator *v);
PW_MUST_USE pw_result pwi_pop_slow(pw_validator *v, pw_val_type expected);
PW_MUST_USE pw_result pwi_pop_any(pw_validator *v, pw_val_type *type);
/* Pops a reference; *type is PW_TYPE_BOTTOM or a reference type. */
PW_MUST_USE pw_result pwi_pop_ref(pw_validator *v, pw_val_type *type);
/* Do the topmost operands have these types? They stay; `retype` gives them exactly these. */
PW_MUST_USE pw_result pwi_check_top(pw_validator *v, pw_types types, bool retype);
PW_MUST_USE pw_result pwi_pop_types(pw_validator *v, pw_types types);
PW_MUST_USE pw_result pwi_push_types(pw_validator *v, pw_types types);
/* Pops and pushes by a signature of op_table.h; `a` and `t` in it are address. */
PW_MUST_USE pw_result pwi_apply_signature(pw_validator *v, const char *params, const char *results,
                                          pw_val_type address);
/* What follows cannot be reached: the block's operands are gone, and its stack is polymorphic. */
void pwi_set_unreachable(pw_validator *v);

static inline pw_ctrl *pwi_current(const pw_validator *v)
{
    return &v->ctrls[v->depth - 1];
}

PW_MUST_USE static inline pw_result pwi_push(pw_validator *v, pw_val_type type)
{
    if (PW_UNLIKELY(v->height == v->peak))
        PW_TRY(pwi_raise_peak(v, v->height + 1));
    v->stack[v->height++] = type;
    return PW_OK;
}

PW_MUST_USE static inline pw_result pwi_pop(pw_validator *v, pw_val_type expected)
{
    if (PW_LIKELY(v->height > v->floor && v->stack[v->height - 1] == expected)) {
        v->height--;
        return PW_OK;
    }
    return pwi_pop_slow(v, expected);
}

/* The type that a character of a signature stands for. */
PW_INLINE pw_val_type pwi_signature_type(char c, pw_val_type address)
{
    switch (c) {
    case 'i':
        return PW_I32;
    case 'I':
        return PW_I64;
    case 'f':
        return PW_F32;
    case 'F':
        return PW_F64;
    case 'V':
        return PW_V128;
    default:
        return address;
    }
}

static inline pw_types pwi_types_of_params(const pw_type_record *record)
{
    return (pw_types){record->func.params, record->func.param_count};
}

static inline pw_types pwi_types_of_results(const pw_type_record *record)
{
    return (pw_types){record->func.results, record->func.result_count};
}

/* ---- validate_locals.c ------------------------------------------------------------------------------------------ */

/* Reads the declarations of a body. Parameters come first. */
PW_MUST_USE pw_result pwi_locals_read(pw_validator *v, const pw_type_record *type);
pw_val_type pwi_local_type_slow(const pw_validator *v, uint32_t index);
void pwi_local_mark_set(pw_validator *v, uint32_t index);
/* Forgets what was set since the log had that length. */
void pwi_locals_rewind(pw_validator *v, uint32_t set_count);

static inline bool pwi_local_unset(const pw_validator *v, uint32_t index)
{
    return v->has_unset && (v->unset[index >> 3] >> (index & 7) & 1);
}

/* ---- validate_control.c ----------------------------------------------------------------------------------------- */

/* Opens a block whose parameters, if it has any, are on the stack already. */
PW_MUST_USE pw_result pwi_ctrl_push(pw_validator *v, uint8_t kind, uint32_t type);
/* Begins the next part of the current block: `else`, `catch`. The part before must have the block's results. */
PW_MUST_USE pw_result pwi_ctrl_divide(pw_validator *v, uint8_t kind);
/* The types that a branch to the label carries. Used at once: they may be in v->ctrls. */
PW_MUST_USE pw_result pwi_label_types(pw_validator *v, uint32_t label, pw_types *types);
PW_MUST_USE pw_result pwi_validate_block(pw_validator *v, uint32_t code);
PW_MUST_USE pw_result pwi_validate_else(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_end(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_br(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_br_if(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_br_table(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_br_on_null(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_br_on_non_null(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_return(pw_validator *v);

/* ---- validate_exception.c --------------------------------------------------------------------------------------- */

PW_MUST_USE pw_result pwi_validate_throw(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_throw_ref(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_try_table(pw_validator *v);
/* Legacy exceptions; `try` itself is pwi_validate_block's. */
PW_MUST_USE pw_result pwi_validate_catch(pw_validator *v, bool all);
PW_MUST_USE pw_result pwi_validate_delegate(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_rethrow(pw_validator *v);

/* ---- validate_call.c -------------------------------------------------------------------------------------------- */

PW_MUST_USE pw_result pwi_validate_call(pw_validator *v, bool tail);
PW_MUST_USE pw_result pwi_validate_call_indirect(pw_validator *v, bool tail);
PW_MUST_USE pw_result pwi_validate_call_ref(pw_validator *v, bool tail);

/* ---- validate_instr.c: everything else that is not a plain signature --------------------------------------------- */

/* By hand: rows with "*" that are no control instruction. */
PW_MUST_USE pw_result pwi_validate_special(pw_validator *v, uint32_t code);
/* A signature with an address or index type, after immediates that say which. */
PW_MUST_USE pw_result pwi_validate_access(pw_validator *v, pw_imm_kind imm, const char *params,
                                          const char *results, uint32_t align);

/* A data segment's index, checked; in code only after a data count section. */
PW_MUST_USE pw_result pwi_read_data_segment(pw_validator *v);

/* ---- validate_gc.c ---------------------------------------------------------------------------------------------- */

/* All instructions of the proposal gc. */
PW_MUST_USE pw_result pwi_validate_gc(pw_validator *v, uint32_t code);

/* ---- validate_func.c -------------------------------------------------------------------------------------------- */

/* Validates instructions up to the `end` that closes the outermost open block. */
PW_MUST_USE pw_result pwi_validate_instructions(pw_validator *v);
PW_MUST_USE pw_result pwi_validate_body(pw_validator *v, uint32_t body_index);
/* validate_const.c: a constant expression that sees the first `visible_globals` globals. */
PW_MUST_USE pw_result pwi_validate_const_expr(pw_validator *v, const pw_const_expr *expr,
                                              uint32_t visible_globals);

#endif
