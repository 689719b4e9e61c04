/* engine.h - what the api layer calls of the engine. */
#ifndef PW_ENGINE_ENGINE_H
#define PW_ENGINE_ENGINE_H

#include "base/sync.h"
#include "pywasi.h"
#include "runtime/instance.h"
#include "runtime/store.h"
#include "wasm/module.h"

struct pw_shell_table; /* handlers of one dispatch shell, engine/code.h */

struct pw_engine {
    uint32_t references;
    pw_type_registry registry;
    struct pw_shell_table *shell, *counting; /* the latter for stores that count fuel; NULL until one does */
};

/* engine.c */
PW_MUST_USE pw_result pwi_engine_make(const pw_engine_config *config, pw_engine **engine);
void pwi_engine_destroy(pw_engine *engine);
/* Gives a validated module its table of untranslated codes. */
PW_MUST_USE pw_result pwi_engine_prepare(pw_engine *engine, pw_module *module);
/* The same for stores that count fuel; once for a module. */
PW_MUST_USE pw_result pwi_engine_prepare_metered(pw_engine *engine, pw_module *module);
/* fuel.c: the store is to count, before it has instances. */
PW_MUST_USE pw_result pwi_engine_count_fuel(pw_store *store);
/* fuel.c: the engine's shell that counts is made, unless it has been. */
PW_MUST_USE pw_result pwi_engine_make_counting(pw_engine *engine);
/* call.c: calls any function; see pw_func_call. Errors go to store->error. */
PW_MUST_USE pw_result pwi_engine_call(pw_func *func, pw_slot *slots);
/* The same; arguments and results are at store->stack.top. */
PW_MUST_USE pw_result pwi_engine_call_at_top(pw_func *func);

#endif
