/* translate_memory.h - what translate_ops.c asks of translate_memory.c. */
#ifndef PW_ENGINE_TRANSLATE_MEMORY_H
#define PW_ENGINE_TRANSLATE_MEMORY_H

#include "engine/translate.h"

/* A popped operand as slot or register; constants go home first. The other one: as slot. */
uint8_t pwi_take(pw_translator *t, pw_operand *operand);
uint32_t pwi_take_slot(pw_translator *t, pw_operand *operand);
/* Notes what the last instruction was. */
void pwi_note_forms(pw_translator *t, const pw_op_forms *forms, uint8_t a, uint8_t b);
/* Memory 0 with 32-bit addresses and offset, what the fast forms can do. */
bool pwi_is_plain(const pw_translator *t, const pw_memarg *arg);
void pwi_translate_load(pw_translator *t, const pw_op_forms *forms);
void pwi_translate_store(pw_translator *t, const pw_op_forms *forms);
/* An i32.add of popped operands, one of them just multiplied by a constant. */
bool pwi_translate_scaled(pw_translator *t, const pw_op_forms *forms, pw_operand a, pw_operand b);

#endif
