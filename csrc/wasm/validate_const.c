/* validate_const.c - constant expressions
 * (https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions). */
#include "wasm/validate.h"

pw_result pwi_validate_const_expr(pw_validator *v, const pw_const_expr *expr, uint32_t visible_globals)
{
    v->reader.at = v->module->bytes + expr->offset;
    v->reader.end = v->reader.at + expr->size;
    v->instr = v->reader.at;
    v->func_index = PW_NO_INDEX;
    v->constant = true;
    v->visible_globals = visible_globals;
    v->height = v->floor = v->depth = v->peak = 0;
    v->local_count = v->local_slots = v->set_count = 0;
    v->has_unset = false;
    v->results = (pw_types){NULL, 0};
    PW_TRY(pwi_raise_peak(v, 1));
    PW_TRY(pwi_ctrl_push(v, PW_CTRL_BLOCK, expr->type));
    return pwi_validate_instructions(v);
}
