/* frames.c - the functions on the wasm stack, for the frames of a trap. Nothing is kept for this while code runs: the
 * function of a return address is found by its cells, the byte offset by translating the function once more. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/code.h"

/* Translated codes of a module, sorted by the address of their cells. */
typedef struct code_index {
    const pw_module *module;
    const pw_code **codes;
    size_t count;
} code_index;

static int by_cells(const void *a, const void *b) {
    uintptr_t left = (uintptr_t)(*(const pw_code *const *)a)->cells, right = (uintptr_t)(*(const pw_code *const *)b)->cells;
    return left < right ? -1 : left > right;
}

static bool index_codes(code_index *index, pw_module *module) {
    if (index->module == module) return true;
    pwi_free(index->codes);
    index->module = NULL;
    index->count = 0;
    index->codes = pwi_alloc((module->body_count + 1) * sizeof *index->codes);
    if (index->codes == NULL) return false;
    pwi_mutex_lock(&module->code_lock);
    for (uint32_t i = 0; i < module->body_count; i++)
        if (module->codes[i].state) index->codes[index->count++] = &module->codes[i];
    pwi_mutex_unlock(&module->code_lock);
    qsort(index->codes, index->count, sizeof *index->codes, by_cells);
    index->module = module;
    return true;
}

/* The code that holds the cell, or NULL. */
static const pw_code *find_code(const code_index *index, const pw_cell *cell) {
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const pw_code *code = index->codes[middle];
        if (cell < code->cells) high = middle;
        else if (cell >= code->cells + code->cell_count) low = middle + 1;
        else return code;
    }
    return NULL;
}

/* A place in a walk from the innermost frame outwards. pc is behind the instruction that is being executed. */
typedef struct walk {
    const pw_cell *pc;
    const pw_slot *fp;
    pw_instance *instance;
    const pw_cell *halt, *translate;
    pw_cell bridge_handler;
    code_index index;
    const pw_code *code; /* of this frame */
} walk;

static walk start(const pw_run *run) {
    const pw_shell_table *shell = run->context->store->engine->shell;
    return (walk){.pc = run->pc,
                  .fp = run->fp,
                  .instance = run->context,
                  .halt = &shell->halt[2],
                  .bridge_handler = shell->handlers[PW_H_bridge_return]};
}

/* Steps over bridges and finds the frame's function. False at the end. */
static bool settle(walk *w) {
    while (w->pc != w->halt && *w->pc == w->bridge_handler && w->fp != NULL) {
        /* fp is the bridge: see call.c */
        uint32_t saved = pwi_lane(w->pc + 1, 0);
        w->instance = (pw_instance *)(uintptr_t)w->fp[saved + 1];
        w->pc = (const pw_cell *)(uintptr_t)w->fp[saved];
        w->fp -= pwi_lane(w->pc - 2, 0);
    }
    if (w->pc == w->halt || !index_codes(&w->index, w->instance->module)) return false;
    w->code = find_code(&w->index, w->pc - 1);
    return w->code != NULL;
}

static void step(walk *w) {
    w->pc = (const pw_cell *)(uintptr_t)w->fp[w->code->return_slot];
    w->fp -= pwi_lane(w->pc - 2, 0);
}

static size_t count_frames(const pw_run *run) {
    size_t count = 0;
    walk w = start(run);
    for (; settle(&w); step(&w)) count++;
    pwi_free(w.index.codes);
    return count;
}

/* Byte offset of the instruction before a cell. The offsets of the last function are kept for recursion. */
typedef struct offset_cache {
    const pw_code *code;
    uint32_t *offsets;
} offset_cache;

static uint64_t offset_of(offset_cache *cache, const walk *w) {
    if (cache->code != w->code) {
        pwi_free(cache->offsets);
        cache->offsets = NULL;
        cache->code = w->code;
        if (pwi_translate(w->instance->module, (pw_code *)(uintptr_t)w->code, &cache->offsets) != PW_OK) cache->offsets = NULL;
    }
    return cache->offsets ? cache->offsets[w->pc - 1 - w->code->cells] : PW_NO_OFFSET;
}

void pwi_capture_frames(const pw_run *run, pw_error *error) {
    size_t total = count_frames(run), kept = total < PW_ERROR_FRAMES ? total : PW_ERROR_FRAMES;
    size_t inner = kept - kept / 2, i = 0; /* of a deep stack the innermost and the outermost half */
    offset_cache cache = {0};
    walk w = start(run);
    for (; settle(&w); step(&w), i++) {
        if (i >= inner && i < total - kept / 2) continue;
        size_t at = i < inner ? kept - 1 - i : total - 1 - i;
        error->frames[at] = (pw_frame_info){w.instance, w.code->func_index, offset_of(&cache, &w)};
    }
    error->frame_count = (uint32_t)kept;
    error->frames_left_out = (uint32_t)(total - kept);
    pwi_free(cache.offsets);
    pwi_free(w.index.codes);
}
