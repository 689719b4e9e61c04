/* walk.c - stepping over frames; finding the function of a cell. */
#include "engine/walk.h"

#include <stdlib.h>

#include "base/alloc.h"

/* Translated codes sorted by the address of their cells. */
struct pw_code_index {
    size_t count;
    const pw_code *codes[];
};

static int by_cells(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t)(*(const pw_code *const *)a)->cells;
    uintptr_t right = (uintptr_t)(*(const pw_code *const *)b)->cells;
    return left < right ? -1 : left > right;
}

static void add_translated(struct pw_code_index *index, const pw_code *codes, uint32_t count)
{
    for (uint32_t i = 0; codes && i < count; i++) {
        if (codes[i].state)
            index->codes[index->count++] = &codes[i];
    }
}

/* Brings the index up to date; the module's code lock is held. On failure the old one stays. */
static void renew_index(pw_module *module)
{
    if (module->code_index && module->code_index->count == module->translated_count)
        return;
    struct pw_code_index *index =
        pwi_alloc(sizeof *index + module->translated_count * sizeof(const pw_code *));
    if (!index)
        return;
    index->count = 0;
    add_translated(index, module->codes, module->body_count);
    add_translated(index, module->metered_codes, module->body_count);
    qsort(index->codes, index->count, sizeof(const pw_code *), by_cells);
    pwi_free(module->code_index);
    module->code_index = index;
}

const pw_code *pwi_find_code(pw_module *module, const pw_cell *cell)
{
    const pw_code *found = NULL;
    pwi_mutex_lock(&module->code_lock);
    renew_index(module);
    size_t low = 0, high = module->code_index ? module->code_index->count : 0;
    while (low < high && !found) {
        size_t middle = low + (high - low) / 2;
        const pw_code *code = module->code_index->codes[middle];
        if (cell < code->cells)
            high = middle;
        else if (cell >= code->cells + code->cell_count)
            low = middle + 1;
        else
            found = code;
    }
    pwi_mutex_unlock(&module->code_lock);
    return found;
}

void pwi_code_index_free(pw_module *module)
{
    pwi_free(module->code_index);
    module->code_index = NULL;
}

pw_walk pwi_walk_start(const pw_run *run)
{
    const pw_shell_table *shell = run->context->store->shell;
    return (pw_walk){.pc = run->pc,
                     .fp = run->fp,
                     .instance = run->context,
                     .halt = &shell->halt[2],
                     .bridge_handler = shell->handlers[PW_H_bridge_return]};
}

bool pwi_walk_settle(pw_walk *walk)
{
    while (walk->pc != walk->halt && *walk->pc == walk->bridge_handler) {
        /* fp is the bridge: call.c draws it */
        uint32_t saved = pwi_lane(walk->pc + 1, 0);
        walk->instance = (pw_instance *)(uintptr_t)walk->fp[saved + 1];
        walk->pc = (const pw_cell *)(uintptr_t)walk->fp[saved];
        walk->fp -= pwi_lane(walk->pc - 2, 0);
    }
    if (walk->pc == walk->halt)
        return false;
    walk->code = pwi_find_code(walk->instance->module, walk->pc - 1);
    return walk->code != NULL;
}

void pwi_walk_out(pw_walk *walk)
{
    walk->pc = (const pw_cell *)(uintptr_t)walk->fp[walk->code->return_slot];
    walk->fp -= pwi_lane(walk->pc - 2, 0);
}
