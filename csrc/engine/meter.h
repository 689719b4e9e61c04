/* meter.h - fuel, in the code of stores that count it. */
#ifndef PW_ENGINE_METER_H
#define PW_ENGINE_METER_H

#include "engine/translate.h"

/* Before the instruction is translated: counts it, and emits what pays for its block when it is the first. */
void pwi_meter(pw_translator *t, uint32_t code);
/* The entry of a function, which pays for its first block, and what it needs behind the function. */
uint32_t pwi_meter_entry(pw_translator *t);
void pwi_meter_end(pw_translator *t, uint32_t entry);
/* Code may arrive here, or go on here, without what was before: a block begins. */
static inline void pwi_block_begins(pw_translator *t) { t->meter_due = true; }

#endif
