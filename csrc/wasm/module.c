/* module.c - the end of a module. */
#include "wasm/module.h"

#include "base/alloc.h"

void pwi_module_destroy(pw_module *module)
{
    if (module->free_codes)
        module->free_codes(module);
    for (uint32_t i = 0; i < module->type_count; i++)
        pwi_types_drop(module->registry, module->types[i]);
    pwi_free(module->types);
    pwi_free(module->imports);
    pwi_free(module->funcs);
    pwi_free(module->tables);
    pwi_free(module->memories);
    pwi_free(module->globals);
    pwi_free(module->tags);
    pwi_free(module->exports);
    pwi_free(module->elems);
    pwi_free(module->datas);
    pwi_free(module->bodies);
    pwi_free(module->sections);
    pwi_free(module->customs);
    pwi_free(module->func_names);
    pwi_mutex_destroy(&module->code_lock);
    pwi_free(module->bytes);
    pwi_free(module);
}
