/* func_names.c - names of functions: from the name section, and where it has none, from the first export.
 * The exports are merged into the sorted list once, as looking through up to a million of them for each
 * function would take hours. */
#include "api/func_names.h"

#include "base/alloc.h"
#include "base/config.h"

/* For each function the index of its first export, or PW_NO_INDEX. */
static uint32_t *first_exports(const pw_module *module)
{
    uint32_t *first = pwi_alloc_zero(module->func_count, sizeof *first);
    if (!first)
        return NULL;
    for (uint32_t i = 0; i < module->func_count; i++)
        first[i] = PW_NO_INDEX;
    for (uint32_t i = module->export_count; i-- > 0;) {
        if (module->exports[i].kind == PW_EXTERN_FUNC)
            first[module->exports[i].index] = i;
    }
    return first;
}

/* Takes those functions out of first that have a name; returns how many are left. */
static uint32_t keep_unnamed(const pw_module *module, uint32_t *first)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < module->func_name_count; i++)
        first[module->func_names[i].func_index] = PW_NO_INDEX;
    for (uint32_t i = 0; i < module->func_count; i++)
        count += first[i] != PW_NO_INDEX;
    return count;
}

/* out has room for both; both are sorted by function and no function is in both. */
static void merge(const pw_module *module, const uint32_t *first, pw_func_name *out)
{
    uint32_t named = 0;
    for (uint32_t i = 0; i < module->func_count; i++) {
        if (named < module->func_name_count && module->func_names[named].func_index == i) {
            *out++ = module->func_names[named++];
        } else if (first[i] != PW_NO_INDEX) {
            out->func_index = i;
            out->name = module->exports[first[i]].name;
            out++;
        }
    }
}

static bool exports_functions(const pw_module *module)
{
    for (uint32_t i = 0; i < module->export_count; i++) {
        if (module->exports[i].kind == PW_EXTERN_FUNC)
            return true;
    }
    return false;
}

pw_result pwi_func_names_complete(pw_module *module)
{
    if (!exports_functions(module))
        return PW_OK;
    pw_result result = PW_ERR_NO_MEMORY;
    uint32_t *first = first_exports(module);
    if (first) {
        uint32_t added = keep_unnamed(module, first);
        pw_func_name *names = pwi_alloc_zero((size_t)module->func_name_count + added, sizeof *names);
        if (names) {
            merge(module, first, names);
            pwi_free(module->func_names);
            module->func_names = names;
            module->func_name_count += added;
            result = PW_OK;
        }
    }
    pwi_free(first);
    return result;
}

pw_name pw_module_func_name(const pw_module *module, uint32_t func_index)
{
    static const pw_name none = {"", 0};
    uint32_t low = 0, high = module->func_name_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (module->func_names[middle].func_index < func_index)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < module->func_name_count && module->func_names[low].func_index == func_index)
        return module->func_names[low].name;
    return none;
}
