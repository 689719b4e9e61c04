/* meter.h - fuel, in the code of stores that count it. */
#ifndef PW_ENGINE_METER_H
#define PW_ENGINE_METER_H

#include "engine/translate.h"

/* Before the instruction is translated: counts it. */
void pwi_meter(pw_translator *t, uint32_t code);
/* Nothing more belongs to what code that arrived here will execute: those who arrived get to know what they pay. */
void pwi_meter_run_ends(pw_translator *t);

/* Where a cost goes: a half of a cell, or a clause. */
enum { PW_TOLL_LOW, PW_TOLL_HIGH, PW_TOLL_CATCH };
/* It pays for what comes behind instruction number `from` of the current run. Nothing, like the others here, in code that
 * does not count. */
void pwi_meter_toll(pw_translator *t, uint32_t kind, uint32_t at, uint32_t from);
/* Who pays goes to the loop. */
void pwi_meter_loop(pw_translator *t, const pw_label *loop, uint32_t kind, uint32_t at);
/* Who pays arrives here. */
static inline void pwi_meter_here(pw_translator *t, uint32_t kind, uint32_t at) { pwi_meter_toll(t, kind, at, t->counted); }

/* An entry or a branch, with a cell behind it for its costs in code that counts. */
static inline uint32_t pwi_emit_paying(pw_translator *t, uint32_t handler, uint32_t cells) {
    return pwi_emit(t, handler, cells + t->code->metered);
}

#endif
