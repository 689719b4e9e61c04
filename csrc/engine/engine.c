/* engine.c - making an engine: the dispatch shell, the type registry with its return stubs, codes of modules. */
#include "engine/engine.h"

#include <string.h>

#include "base/alloc.h"
#include "engine/code.h"
#include "engine/gc_roots.h"
#include "engine/walk.h"

/* The shells of this build; the build's default one has its PW_DEFAULT_SHELL_ macro set. */
static void (*shell_of(pw_shell shell))(pw_shell_table *) {
    switch (shell) {
#ifdef PW_HAVE_SHELL_GOTO
    case PW_SHELL_ID_GOTO: return pwi_shell_goto;
#endif
#ifdef PW_HAVE_SHELL_SWITCH
    case PW_SHELL_ID_SWITCH: return pwi_shell_switch;
#endif
#ifdef PW_HAVE_SHELL_TAIL
    case PW_SHELL_ID_TAIL: return pwi_shell_tail;
#endif
    case PW_SHELL_DEFAULT:
#if defined(PW_DEFAULT_SHELL_TAIL)
        return pwi_shell_tail;
#elif defined(PW_DEFAULT_SHELL_GOTO)
        return pwi_shell_goto;
#else
        return pwi_shell_switch;
#endif
    default: return NULL;
    }
}

/* The cells that a callee in another instance returns to (see bridge_return in internal.op.c), twice: see code.h
 * [operands: lane 0 size of the bridge][-][bridge_return][lane 0 size without saved slots, high half result slots] */
static void make_return_stubs(pw_type_record *record, void *env) {
    const pw_engine *engine = env;
    uint32_t size = record->param_slots > record->result_slots ? record->param_slots : record->result_slots;
    memset(record->code, 0, sizeof record->code);
    for (unsigned at = PW_BRIDGE_CELL; at <= PW_COUNTING_BRIDGE_CELL; at += PW_COUNTING_BRIDGE_CELL - PW_BRIDGE_CELL) {
        pwi_set_lane(&record->code[at - 2], 0, size + PW_BRIDGE_SLOTS);
        pwi_set_lane(&record->code[at + 1], 0, size);
        pwi_set_high(&record->code[at + 1], record->result_slots);
    }
    record->code[PW_BRIDGE_CELL] = engine->shell->handlers[PW_H_bridge_return];
}

/* The handler of the second one is of a shell that there may not have been when the record was made. */
const pw_cell *pwi_bridge_return(const pw_store *store, const pw_type_record *type) {
    if (!store->counts_fuel) return type->code + PW_BRIDGE_CELL;
    pw_cell *stub = (pw_cell *)(uintptr_t)type->code + PW_COUNTING_BRIDGE_CELL;
    if (__atomic_load_n(stub, __ATOMIC_ACQUIRE) == 0) /* any thread may be the first, all write the same */
        __atomic_store_n(stub, store->shell->handlers[PW_H_bridge_return], __ATOMIC_RELEASE);
    return stub;
}

pw_result pwi_engine_make(const pw_engine_config *config, pw_engine **engine) {
    void (*fill)(pw_shell_table *) = shell_of(config ? config->shell : PW_SHELL_DEFAULT);
    if (fill == NULL) return PW_ERR_ARGUMENT;
    pw_engine *made = pwi_alloc_zero(1, sizeof *made);
    if (made == NULL) return PW_ERR_NO_MEMORY;
    pw_result result = PW_ERR_NO_MEMORY;
    made->references = 1;
    made->shell = pwi_alloc_zero(1, sizeof *made->shell);
    if (made->shell == NULL) goto fail;
    fill(made->shell);
    made->shell->halt[2] = made->shell->handlers[PW_H_halt];
    result = pwi_types_init(&made->registry);
    if (result != PW_OK) goto fail;
    made->registry.on_new = make_return_stubs;
    made->registry.env = made;
    *engine = made;
    return PW_OK;
fail:
    pwi_free(made->shell);
    pwi_free(made);
    return result;
}

void pwi_engine_destroy(pw_engine *engine) {
    pwi_types_destroy(&engine->registry);
    pwi_free(engine->shell);
    pwi_free(engine->counting);
    pwi_free(engine);
}

static void free_all(pw_code *codes, uint32_t count) {
    for (uint32_t i = 0; codes && i < count; i++) {
        pwi_free(codes[i].cells);
        pwi_free(codes[i].catches);
        pwi_ref_map_free(codes[i].ref_map);
    }
    pwi_free(codes);
}

static void free_codes(pw_module *module) {
    free_all(module->codes, module->body_count);
    free_all(module->metered_codes, module->body_count);
    pwi_code_index_free(module);
    module->codes = module->metered_codes = NULL;
}

/* Untranslated codes of all functions; NULL: no memory. */
static pw_code *make_codes(const pw_engine *engine, const pw_module *module, bool metered) {
    pw_code *codes = pwi_alloc_zero(module->body_count, sizeof *codes);
    for (uint32_t i = 0; codes && i < module->body_count; i++) {
        codes[i].entry = &codes[i].stub;
        codes[i].stub = (metered ? engine->counting : engine->shell)->handlers[PW_H_translate];
        codes[i].func_index = module->imported_funcs + i;
        codes[i].metered = metered;
    }
    return codes;
}

pw_result pwi_engine_prepare(pw_engine *engine, pw_module *module) {
    module->codes = make_codes(engine, module, false);
    if (module->codes == NULL) return PW_ERR_NO_MEMORY;
    module->free_codes = free_codes;
    return PW_OK;
}

pw_result pwi_engine_prepare_metered(pw_engine *engine, pw_module *module) {
    if (pwi_engine_make_counting(engine) != PW_OK) return PW_ERR_NO_MEMORY;
    pwi_mutex_lock(&module->code_lock);
    if (module->metered_codes == NULL) module->metered_codes = make_codes(engine, module, true);
    bool made = module->metered_codes != NULL;
    pwi_mutex_unlock(&module->code_lock);
    return made ? PW_OK : PW_ERR_NO_MEMORY;
}
