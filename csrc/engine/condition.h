/* condition.h - conditional branches in the translator: what they test, made part of the branch. */
#ifndef PW_ENGINE_CONDITION_H
#define PW_ENGINE_CONDITION_H

#include "engine/translate.h"

/* What a conditional branch tests. */
typedef struct pw_condition {
    const pw_op_forms *compare; /* what has been taken back; NULL: the value, against zero */
    bool opposite;              /* of that */
    bool tests_mask;            /* compare is an `and`: any of these bits */
    bool steps;                 /* the first operand is a local that is stepped before: operands are those of the step */
    uint8_t class_a, class_b;
    pw_cell operands, constant;
    uint32_t other; /* of a step: the other operand, a slot or a constant */
    pw_operand value;
} pw_condition;

/* Takes back what made the popped value. */
pw_condition pwi_take_condition(pw_translator *t, pw_operand value);
/* Emits the branch, taken if the condition is `sense`; returns the cell of its target. */
uint32_t pwi_emit_condition(pw_translator *t, pw_condition *c, bool sense);

#endif
