/* validate_control.c - blocks and branches
 * (https://webassembly.github.io/spec/core/valid/instructions.html#control-instructions). */
#include "wasm/validate.h"

#include "base/alloc.h"
#include "wasm/compile_watch.h"

/* ---- blocks --------------------------------------------------------------------------------------------------- */

/* The types that a block takes. The result points into ctrl for blocks with one result: use it at once. */
static pw_types params_of(const pw_validator *v, const pw_ctrl *ctrl)
{
    if (PW_BLOCK_IS_INDEXED(ctrl->type))
        return pwi_types_of_params(v->module->types[PW_BLOCK_INDEX(ctrl->type)]);
    return (pw_types){NULL, 0};
}

static pw_types results_of(const pw_validator *v, const pw_ctrl *ctrl)
{
    if (PW_BLOCK_IS_INDEXED(ctrl->type))
        return pwi_types_of_results(v->module->types[PW_BLOCK_INDEX(ctrl->type)]);
    return (pw_types){&ctrl->type, ctrl->type == PW_BLOCK_EMPTY ? 0 : 1};
}

/* What a branch to the block carries: to a loop its parameters, to all others their results. */
static pw_types label_of(const pw_validator *v, const pw_ctrl *ctrl)
{
    return ctrl->kind == PW_CTRL_LOOP ? params_of(v, ctrl) : results_of(v, ctrl);
}

pw_result pwi_ctrl_push(pw_validator *v, uint8_t kind, uint32_t type)
{
    if (PW_UNLIKELY(v->depth == v->ctrl_capacity) &&
        !pwi_reserve((void **)&v->ctrls, &v->ctrl_capacity, (size_t)v->depth + 1, sizeof *v->ctrls))
        return pwi_no_memory(v->reader.error);
    v->ctrls[v->depth++] = (pw_ctrl){v->height, type, v->set_count, kind, false};
    v->floor = v->height;
    return PW_OK;
}

pw_result pwi_validate_block(pw_validator *v, uint32_t code)
{
    uint32_t type;
    uint8_t kind = code == PW_OP_loop  ? PW_CTRL_LOOP
                   : code == PW_OP_if  ? PW_CTRL_IF
                   : code == PW_OP_try ? PW_CTRL_TRY
                                       : PW_CTRL_BLOCK;
    PW_TRY(pwi_read_block_type(&v->reader, &type));
    if (kind == PW_CTRL_IF)
        PW_TRY(pwi_pop(v, PW_I32));
    if (PW_LIKELY(!PW_BLOCK_IS_INDEXED(type)))
        return pwi_ctrl_push(v, kind, type);
    pw_types params = pwi_types_of_params(v->module->types[PW_BLOCK_INDEX(type)]);
    PW_TRY(pwi_pop_types(v, params));
    PW_TRY(pwi_ctrl_push(v, kind, type));
    return pwi_push_types(v, params);
}

/* The operands of the block are its results, no more and no less. */
static pw_result check_results(pw_validator *v, pw_types results)
{
    PW_TRY(pwi_check_top(v, results, false));
    uint32_t present = v->height - v->floor;
    if (present > results.count)
        return pwi_invalid(
            v, "type mismatch: %u values remaining on the stack at the end of a block of %u results", present,
            results.count);
    v->height = v->floor;
    return PW_OK;
}

pw_result pwi_ctrl_divide(pw_validator *v, uint8_t kind)
{
    pw_ctrl *ctrl = pwi_current(v);
    PW_TRY(check_results(v, results_of(v, ctrl)));
    pwi_locals_rewind(v, ctrl->init_count);
    ctrl->kind = kind;
    ctrl->unreachable = false;
    return PW_OK;
}

pw_result pwi_validate_else(pw_validator *v)
{
    if (pwi_current(v)->kind != PW_CTRL_IF)
        return pwi_reader_malformed(&v->reader, v->instr, "misplaced else, END opcode expected");
    PW_TRY(pwi_ctrl_divide(v, PW_CTRL_ELSE));
    return pwi_push_types(v, params_of(v, pwi_current(v)));
}

/* An `if` without `else` passes its parameters on as results. */
static pw_result check_missing_else(pw_validator *v, const pw_ctrl *ctrl)
{
    pw_types params = params_of(v, ctrl), results = results_of(v, ctrl);
    bool same = params.count == results.count;
    for (uint32_t i = 0; same && i < params.count; i++)
        same = pwi_type_matches(v->module->registry, params.types[i], results.types[i]);
    return same ? PW_OK
                : pwi_invalid(v, "type mismatch: an if with results other than its parameters needs an else");
}

pw_result pwi_validate_end(pw_validator *v)
{
    pw_ctrl *ctrl = pwi_current(v);
    pw_ctrl closed = *ctrl;
    PW_TRY(check_results(v, results_of(v, ctrl)));
    if (closed.kind == PW_CTRL_IF)
        PW_TRY(check_missing_else(v, ctrl));
    pwi_locals_rewind(v, closed.init_count);
    v->depth--;
    v->floor = v->depth > 0 ? pwi_current(v)->height : 0;
    return pwi_push_types(v, results_of(v, &closed));
}

/* ---- branches ------------------------------------------------------------------------------------------------- */

pw_result pwi_label_types(pw_validator *v, uint32_t label, pw_types *types)
{
    if (label >= v->depth)
        return pwi_invalid(v, "unknown label %u", label);
    *types = label_of(v, &v->ctrls[v->depth - 1 - label]);
    return PW_OK;
}

static pw_result read_target(pw_validator *v, pw_types *types)
{
    uint32_t label;
    PW_TRY(pwi_read_u32(&v->reader, &label));
    return pwi_label_types(v, label, types);
}

pw_result pwi_validate_br(pw_validator *v)
{
    pw_types types;
    PW_TRY(read_target(v, &types));
    PW_TRY(pwi_check_top(v, types, false));
    pwi_set_unreachable(v);
    return PW_OK;
}

pw_result pwi_validate_br_if(pw_validator *v)
{
    pw_types types;
    PW_TRY(read_target(v, &types));
    PW_TRY(pwi_pop(v, PW_I32));
    return pwi_check_top(v, types, true);
}

/* All labels must take as many values as the first, and fit what is on the stack; the same label in a row is
 * looked at once. */
pw_result pwi_validate_br_table(pw_validator *v)
{
    uint32_t count, previous = UINT32_MAX, arity = UINT32_MAX;
    PW_TRY(pwi_read_count(&v->reader, 1, UINT32_MAX, "labels", &count));
    PW_TRY(pwi_pop(v, PW_I32));
    for (uint64_t i = 0; i <= count; i++) {
        uint32_t label;
        pw_types types;
        PW_TRY(pwi_read_u32(&v->reader, &label));
        if (label == previous)
            continue;
        PW_TRY(pwi_label_types(v, label, &types));
        if (arity == UINT32_MAX)
            arity = types.count;
        if (types.count != arity)
            return pwi_invalid(v, "type mismatch in br_table: labels of %u and of %u values", arity,
                               types.count);
        PW_TRY(pwi_check_top(v, types, false));
        PW_TRY(pwi_watch(v->module, 1 + types.count));
        previous = label;
    }
    pwi_set_unreachable(v);
    return PW_OK;
}

/* br_on_null l: [t* (ref null ht)] -> [t* (ref ht)], l takes t* */
pw_result pwi_validate_br_on_null(pw_validator *v)
{
    pw_types types;
    pw_val_type ref;
    PW_TRY(read_target(v, &types));
    PW_TRY(pwi_pop_ref(v, &ref));
    PW_TRY(pwi_check_top(v, types, true));
    uint32_t heap = ref == PW_TYPE_BOTTOM ? PW_HEAP_BOTTOM : PW_TYPE_HEAP(ref);
    return pwi_push(v, PW_REF_TYPE(PW_KIND_REF, heap));
}

/* br_on_non_null l: [t* (ref null ht)] -> [t*], l takes t* (ref ht) */
pw_result pwi_validate_br_on_non_null(pw_validator *v)
{
    pw_types types;
    pw_val_type ref;
    PW_TRY(read_target(v, &types));
    PW_TRY(pwi_pop_ref(v, &ref));
    if (types.count == 0)
        return pwi_invalid(v, "type mismatch in br_on_non_null: the label takes no reference");
    uint32_t heap = ref == PW_TYPE_BOTTOM ? PW_HEAP_BOTTOM : PW_TYPE_HEAP(ref);
    pw_val_type carried = PW_REF_TYPE(PW_KIND_REF, heap), last = types.types[types.count - 1];
    if (!pwi_type_matches(v->module->registry, carried, last))
        return pwi_type_mismatch(v, last, carried);
    types.count--;
    return pwi_check_top(v, types, true);
}

pw_result pwi_validate_return(pw_validator *v)
{
    PW_TRY(pwi_check_top(v, v->results, false));
    pwi_set_unreachable(v);
    return PW_OK;
}
