/* internal_prelude.h - makes internal.op.c plain C for editors and linters: the words of engine/handler_words.h, and a
 * stand-in for those that a dispatch shell would give. Each handler is a function of the interpreter's registers.
 */
#ifndef PW_OPS_INTERNAL_PRELUDE_H
#define PW_OPS_INTERNAL_PRELUDE_H

#include "engine/handler_words.h"

#define PW_REGISTERS                                                                                         \
    const pw_cell *pc, pw_slot *fp, uint8_t *mem, uint64_t M, pw_instance *ctx, uint64_t A, float F, double D, \
        uint64_t L, uint64_t N, double P
#define INTERNAL(ident, cells) static inline void pwi_internal_##ident(PW_REGISTERS)

void pwi_internal_next(const pw_cell *pc, const pw_slot *fp, uint64_t A);
#define PW_LEAVE() return
#define PW_RUN     (ctx->store->run)
#define PW_NEXT(cells)                                                                                       \
    do {                                                                                                     \
        pwi_internal_next(pc + (cells), fp, A);                                                              \
        return;                                                                                              \
    } while (0)
#define PW_JUMP(name)                                                                                        \
    do {                                                                                                     \
        pwi_internal_next(&ctx->store->engine->shell->handlers[PW_H_##name], fp, A);                         \
        return;                                                                                              \
    } while (0)
#define PW_TRAP(kind)                                                                                        \
    do {                                                                                                     \
        pwi_run_trap(PW_RUN, PW_TRAP_##kind);                                                                \
        return;                                                                                              \
    } while (0)

#endif
