/* compile_watch.h - asks the embedder now and then whether the making of a module is to go on: a module of 1 GB keeps a
 * thread busy for many seconds, and one that was made for it takes longest.
 */
#ifndef PW_WASM_COMPILE_WATCH_H
#define PW_WASM_COMPILE_WATCH_H

#include "base/config.h"
#include "wasm/module.h"

/* A unit is work of some 20 ns, as an entry of a section or an instruction is; so many lie between two questions. */
#ifdef PW_TORTURE
#define PW_WATCH_UNITS 3
#else
#define PW_WATCH_UNITS 32768
#endif
/* Code is counted by its length, in pieces: a count for each instruction would cost a tenth of validation. */
#define PW_WATCH_BYTES 4096u

PW_MUST_USE PW_COLD pw_result pwi_watch_ask(pw_module *module);

/* Not PW_OK: what the embedder said. */
PW_MUST_USE static inline pw_result pwi_watch(pw_module *module, uint32_t units)
{
    module->watch.left -= (int32_t)units;
    return PW_LIKELY(module->watch.left >= 0) ? PW_OK : pwi_watch_ask(module);
}

#endif
