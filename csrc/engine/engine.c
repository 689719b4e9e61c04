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

/* The cells that a callee in another instance returns to (see bridge_return in internal.op.c):
 * [operands: lane 0 size of the bridge][-][bridge_return][lane 0 size without saved slots, high half result slots] */
static void make_return_stub(pw_type_record *record, void *env) {
    const pw_engine *engine = env;
    uint32_t size = record->param_slots > record->result_slots ? record->param_slots : record->result_slots;
    memset(record->code, 0, sizeof record->code);
    pwi_set_lane(&record->code[PW_BRIDGE_CELL - 2], 0, size + PW_BRIDGE_SLOTS);
    record->code[PW_BRIDGE_CELL] = engine->shell->handlers[PW_H_bridge_return];
    pwi_set_lane(&record->code[PW_BRIDGE_CELL + 1], 0, size);
    pwi_set_high(&record->code[PW_BRIDGE_CELL + 1], record->result_slots);
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
    made->registry.on_new = make_return_stub;
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
    pwi_free(engine);
}

static void free_codes(pw_module *module) {
    for (uint32_t i = 0; module->codes && i < module->body_count; i++) {
        pwi_free(module->codes[i].cells);
        pwi_free(module->codes[i].catches);
        pwi_ref_map_free(module->codes[i].ref_map);
    }
    pwi_free(module->codes);
    pwi_code_index_free(module);
    module->codes = NULL;
}

pw_result pwi_engine_prepare(pw_engine *engine, pw_module *module) {
    module->codes = pwi_alloc_zero(module->body_count, sizeof *module->codes);
    if (module->codes == NULL) return PW_ERR_NO_MEMORY;
    module->free_codes = free_codes;
    for (uint32_t i = 0; i < module->body_count; i++) {
        pw_code *code = &module->codes[i];
        code->entry = &code->stub;
        code->stub = engine->shell->handlers[PW_H_translate];
        code->func_index = module->imported_funcs + i;
    }
    return PW_OK;
}
