/* snapshot_read.c - bytes back to a snapshot. Every count is checked against the bytes that are left, so that nothing is asked
 * for that is larger than what came; whether the state makes sense is snapshot_check.c's. */
#include <string.h>

#include "base/error.h"
#include "runtime/gc_object.h"
#include "runtime/snapshot.h"
#include "runtime/snapshot_format.h"

typedef struct reading {
    const uint8_t *at, *end;
    pw_snapshot *snapshot;
    pw_error *error;
    pw_result result; /* the first that was not PW_OK; from then on numbers are 0 */
} reading;

static void fail(reading *r, const char *what)
{
    if (r->result == PW_OK)
        r->result = pwi_fail(r->error, PW_ERR_ARGUMENT, "the bytes are no snapshot: %s", what);
}

static bool check(reading *r, pw_result result)
{
    if (r->result == PW_OK && result != PW_OK)
        r->result = pwi_no_memory(r->error);
    return r->result == PW_OK;
}

/* count things of `width` bytes, or NULL. */
static const uint8_t *take(reading *r, uint64_t count, size_t width)
{
    const uint8_t *bytes = r->at;
    if (r->result != PW_OK)
        return NULL;
    if (count > (uint64_t)(r->end - r->at) / width) {
        fail(r, "they end too early");
        return NULL;
    }
    r->at += count * width;
    return bytes;
}

static uint64_t little(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = count; bytes && i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static uint32_t get_u32(reading *r) { return (uint32_t)little(take(r, 1, 4), 4); }
static uint64_t get_u64(reading *r) { return little(take(r, 1, 8), 8); }

static void get_words(reading *r, pw_slot *out, uint64_t count)
{
    const uint8_t *bytes = take(r, count, 8);
    for (uint64_t i = 0; bytes && i < count; i++)
        out[i] = little(bytes + i * 8, 8);
}

static void get_head(reading *r)
{
    uint32_t counts[PW_SNAPSHOT_COUNTS];
    if (get_u32(r) != PW_SNAPSHOT_MAGIC)
        fail(r, "they do not begin as one");
    uint32_t version = get_u32(r);
    if (r->result == PW_OK && version != PW_SNAPSHOT_VERSION)
        r->result = pwi_fail(r->error, PW_ERR_ARGUMENT, "the snapshot is of version %lu of the format; this build reads %u",
                             (unsigned long)version, PW_SNAPSHOT_VERSION);
    pwi_snapshot_counts(r->snapshot->module, counts);
    for (int i = 0; i < PW_SNAPSHOT_COUNTS; i++) {
        if (get_u32(r) != counts[i])
            fail(r, "they are of another module");
    }
}

static void get_object(reading *r)
{
    pw_snapshot *snapshot = r->snapshot;
    const pw_module *module = snapshot->module;
    uint32_t kind = get_u32(r);
    pw_saved_object object = {.kind = (uint8_t)kind, .type = get_u32(r)};
    object.tag = get_u32(r);
    object.length = get_u32(r);
    if (r->result != PW_OK)
        return;
    if (kind > UINT8_MAX || object.type >= module->type_count ||
        (kind == PW_OBJECT_ARRAY && module->types[object.type]->kind != PW_DEF_ARRAY)) {
        fail(r, "an object is of no type of the module");
        return;
    }
    uint64_t slots = pwi_saved_payload_slots(module->types[object.type], &object);
    if (slots > (uint64_t)(r->end - r->at) / 8)
        fail(r, "they end too early");
    else if (check(r, pwi_snapshot_add_object(snapshot, &object)))
        get_words(r, snapshot->payload + snapshot->objects[snapshot->object_count - 1].payload, slots);
}

static void get_tables(reading *r)
{
    const pw_module *module = r->snapshot->module;
    for (uint32_t i = module->imported_tables; i < module->table_count && r->result == PW_OK; i++) {
        uint64_t size = get_u64(r);
        if (size > (uint64_t)(r->end - r->at) / 8)
            fail(r, "they end too early");
        else if (check(r, pwi_snapshot_add_table(r->snapshot, i, size)))
            get_words(r, r->snapshot->tables[i].elements, size);
    }
}

static void get_segments(reading *r)
{
    pw_snapshot *snapshot = r->snapshot;
    const pw_module *module = snapshot->module;
    const uint8_t *elems = take(r, module->elem_count, 1);
    const uint8_t *datas = take(r, module->data_count, 1);
    for (uint32_t i = 0; datas && i < module->data_count; i++)
        snapshot->dropped_datas[i] = datas[i] & PW_SNAPSHOT_DROPPED;
    for (uint32_t i = 0; datas && i < module->elem_count; i++) {
        uint32_t count = module->elems[i].count;
        snapshot->dropped_elems[i] = elems[i] & PW_SNAPSHOT_DROPPED;
        if (!(elems[i] & PW_SNAPSHOT_VALUES))
            continue;
        if (count > (uint64_t)(r->end - r->at) / 8)
            fail(r, "they end too early");
        else if (check(r, pwi_snapshot_add_elem(snapshot, i)))
            get_words(r, snapshot->elem_values[i], count);
    }
}

static void get_memory(reading *r, uint32_t index)
{
    uint64_t size = get_u64(r), end = 0;
    if (r->result != PW_OK)
        return;
    pwi_vm_image *image = pwi_vm_image_new(size, true);
    r->snapshot->memories[index] = image;
    while (check(r, image ? PW_OK : PW_ERR_NO_MEMORY)) {
        uint64_t offset = get_u64(r), length = get_u64(r);
        if (!length)
            break;
        if (offset < end || offset > size || length > size - offset)
            fail(r, "a piece of a memory lies outside of it");
        const uint8_t *bytes = take(r, length, 1);
        if (bytes && !pwi_vm_image_add(image, offset, bytes, (size_t)length))
            r->result = pwi_no_memory(r->error);
        end = offset + length;
    }
    if (image)
        pwi_vm_image_close(image);
}

static void get_frame(reading *r)
{
    pw_snapshot *snapshot = r->snapshot;
    pw_saved_frame frame = {.func_index = get_u32(r)};
    frame.offset = get_u32(r);
    frame.ordinal = get_u32(r);
    frame.slot_count = get_u32(r);
    if (r->result != PW_OK)
        return;
    if (frame.slot_count > (uint64_t)(r->end - r->at) / 8)
        fail(r, "they end too early");
    else if (check(r, pwi_snapshot_add_frame(snapshot, &frame)))
        get_words(r, snapshot->frame_slots + snapshot->frames[snapshot->frame_count - 1].first, frame.slot_count);
}

static void get_calls(reading *r)
{
    r->snapshot->fuel = get_u64(r);
    uint32_t count = get_u32(r);
    if (count)
        r->snapshot->call_build = get_u64(r);
    for (uint32_t i = 0; i < count && r->result == PW_OK; i++) {
        uint32_t func_index = get_u32(r), frames = get_u32(r);
        if (!check(r, pwi_snapshot_add_call(r->snapshot, func_index, get_u64(r))))
            return;
        for (uint32_t k = 0; k < frames && r->result == PW_OK; k++)
            get_frame(r);
    }
}

static void get_all(reading *r)
{
    const pw_module *module = r->snapshot->module;
    get_head(r);
    for (uint64_t i = get_u64(r); i > 0 && r->result == PW_OK; i--)
        get_object(r);
    get_words(r, r->snapshot->globals, module->global_slots);
    get_tables(r);
    get_segments(r);
    for (uint32_t i = module->imported_memories; i < module->memory_count && r->result == PW_OK; i++)
        get_memory(r, i);
    get_calls(r);
    if (r->at != r->end)
        fail(r, "something follows their end");
}

pw_result pwi_snapshot_read(pw_module *module, const uint8_t *bytes, size_t size, pw_snapshot **snapshot, pw_error *error)
{
    reading r = {.at = bytes, .end = bytes + size, .error = error, .result = PW_OK};
    *snapshot = NULL;
    pw_result result = pwi_snapshot_make(module, &r.snapshot, error);
    if (result != PW_OK)
        return result;
    get_all(&r);
    result = r.result == PW_OK ? pwi_snapshot_check(r.snapshot, error) : r.result;
    if (result == PW_OK)
        *snapshot = r.snapshot;
    else
        pwi_snapshot_destroy(r.snapshot);
    return result;
}
