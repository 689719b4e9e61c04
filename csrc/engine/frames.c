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
} offset_cache;

static uint64_t offset_of(offset_cache *cache, const pw_walk *walk)
{
    if (cache->code != walk->code) {
        pwi_free(cache->offsets);
        cache->offsets = NULL;
        cache->code = walk->code;
        if (pwi_translate(walk->instance->module, (pw_code *)(uintptr_t)walk->code, &cache->offsets) != PW_OK)
            cache->offsets = NULL;
    }
    return cache->offsets ? cache->offsets[walk->pc - 1 - walk->code->cells] : PW_NO_OFFSET;
}

void pwi_capture_frames(const pw_run *run, pw_error *error)
{
    size_t total = count_frames(run), kept = total < PW_ERROR_FRAMES ? total : PW_ERROR_FRAMES;
    size_t inner = kept - kept / 2, i = 0; /* of a deep stack the innermost and the outermost half */
    offset_cache cache = {0};
    for (pw_walk walk = pwi_walk_start(run); pwi_walk_settle(&walk); pwi_walk_out(&walk), i++) {
        if (i >= inner && i < total - kept / 2)
            continue;
        size_t at = i < inner ? kept - 1 - i : total - 1 - i;
        error->frames[at] = (pw_frame_info){walk.instance, walk.code->func_index, offset_of(&cache, &walk)};
    }
    error->frame_count = (uint32_t)kept;
    error->frames_left_out = (uint32_t)(total - kept);
    pwi_free(cache.offsets);
}
