/* frames.c - the frames of a trap. The byte offset of an instruction is found by translating its function once more. */
#include "base/alloc.h"
#include "engine/walk.h"

static size_t count_frames(const pw_run *run)
{
    size_t count = 0;
    for (pw_walk walk = pwi_walk_start(run); pwi_walk_settle(&walk); pwi_walk_out(&walk))
        count++;
    return count;
}

/* The offsets of the last function are kept, for recursion. */
typedef struct offset_cache {
    const pw_code *code;
    uint32_t *offsets;
    uint32_t *looks;   /* that are left, or NULL */
    pw_result stopped; /* by the poll hook: no more offsets */
} offset_cache;

static void renew(offset_cache *cache, pw_store *store, const pw_walk *walk)
{
    pwi_free(cache->offsets);
    cache->offsets = NULL;
    cache->code = walk->code;
    if (cache->stopped != PW_OK)
        return;
    pw_result result = pwi_translate_offsets(store, walk->instance->module, (pw_code *)(uintptr_t)walk->code, cache->looks,
                                             &cache->offsets);
    if (result != PW_ERR_NO_MEMORY && result != PW_ERR_LIMIT)
        cache->stopped = result;
}

static uint64_t offset_of(offset_cache *cache, pw_store *store, const pw_walk *walk)
{
    if (cache->code != walk->code)
        renew(cache, store, walk);
    return cache->offsets ? cache->offsets[walk->pc - 1 - walk->code->cells] : PW_NO_OFFSET;
}

/* A call that ends by its embedder's will ends soon: few looks of LOOK_EVERY instructions are then taken for offsets. */
#ifdef PW_TORTURE
#define LOOKS_AFTER_STOP 100000
#else
#define LOOKS_AFTER_STOP 8
#endif

pw_result pwi_capture_frames(const pw_run *run, pw_store *store, pw_error *error)
{
    size_t total = count_frames(run), kept = total < PW_ERROR_FRAMES ? total : PW_ERROR_FRAMES;
    size_t inner = kept - kept / 2, i = 0; /* of a deep stack the innermost and the outermost half */
    uint32_t looks = LOOKS_AFTER_STOP;
    offset_cache cache = {.looks = run->result == PW_ERR_HOST ? &looks : NULL};
    for (pw_walk walk = pwi_walk_start(run); pwi_walk_settle(&walk); pwi_walk_out(&walk), i++) {
        if (i >= inner && i < total - kept / 2)
            continue;
        size_t at = i < inner ? kept - 1 - i : total - 1 - i;
        uint64_t offset = offset_of(&cache, store, &walk);
        error->frames[at] = (pw_frame_info){walk.instance, walk.code->func_index, offset};
    }
    error->frame_count = (uint32_t)kept;
    error->frames_left_out = (uint32_t)(total - kept);
    pwi_free(cache.offsets);
    return cache.stopped;
}
