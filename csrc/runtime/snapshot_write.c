/* snapshot_write.c - a snapshot as bytes, through a buffer. */
#include <string.h>

#include "runtime/gc_object.h"
#include "runtime/snapshot.h"
#include "runtime/snapshot_format.h"

typedef struct writer {
    pw_write_fn write;
    void *env;
    pw_result result;
    size_t count;
    uint8_t buffer[32768];
} writer;

static void flush(writer *w)
{
    if (w->result == PW_OK && w->count)
        w->result = w->write(w->env, w->buffer, w->count);
    w->count = 0;
}

static void put(writer *w, const void *bytes, size_t count)
{
    if (count > sizeof w->buffer - w->count)
        flush(w);
    memcpy(w->buffer + w->count, bytes, count);
    w->count += count;
}

static void put_u32(writer *w, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    put(w, bytes, sizeof bytes);
}

static void put_u64(writer *w, uint64_t value)
{
    put_u32(w, (uint32_t)value);
    put_u32(w, (uint32_t)(value >> 32));
}

static void put_words(writer *w, const pw_slot *words, uint64_t count)
{
    for (uint64_t i = 0; i < count && w->result == PW_OK; i++)
        put_u64(w, words[i]);
}

static void put_objects(writer *w, const pw_snapshot *snapshot)
{
    put_u64(w, snapshot->object_count);
    for (size_t i = 0; i < snapshot->object_count && w->result == PW_OK; i++) {
        const pw_saved_object *object = &snapshot->objects[i];
        put_u32(w, object->kind);
        put_u32(w, object->type);
        put_u32(w, object->tag);
        put_u32(w, object->length);
        put_words(w, snapshot->payload + object->payload,
                  pwi_saved_payload_slots(snapshot->module->types[object->type], object));
    }
}

static void put_segments(writer *w, const pw_snapshot *snapshot)
{
    const pw_module *module = snapshot->module;
    for (uint32_t i = 0; i < module->elem_count; i++) {
        uint8_t flags = (uint8_t)((snapshot->dropped_elems[i] ? PW_SNAPSHOT_DROPPED : 0) |
                                  (snapshot->elem_values[i] ? PW_SNAPSHOT_VALUES : 0));
        put(w, &flags, 1);
    }
    for (uint32_t i = 0; i < module->data_count; i++) {
        uint8_t flags = snapshot->dropped_datas[i] ? PW_SNAPSHOT_DROPPED : 0;
        put(w, &flags, 1);
    }
    for (uint32_t i = 0; i < module->elem_count; i++) {
        if (snapshot->elem_values[i])
            put_words(w, snapshot->elem_values[i], module->elems[i].count);
    }
}

static void put_memory(writer *w, const pwi_vm_image *image)
{
    put_u64(w, image->size);
    for (size_t i = 0; i < image->run_count && w->result == PW_OK; i++) {
        const pwi_vm_run *run = &image->runs[i];
        put_u64(w, run->offset);
        put_u64(w, run->length);
        flush(w);
        for (uint64_t at = 0; at < run->length && w->result == PW_OK; at += w->count, flush(w)) {
            uint64_t left = run->length - at;
            w->count = left < sizeof w->buffer ? (size_t)left : sizeof w->buffer;
            if (!pwi_vm_image_read(image, i, at, w->buffer, w->count))
                w->result = PW_ERR_NO_MEMORY;
        }
    }
    put_u64(w, 0);
    put_u64(w, 0);
}

static void put_calls(writer *w, const pw_snapshot *snapshot)
{
    const pw_saved_frame *frame = snapshot->frames;
    put_u64(w, snapshot->fuel);
    put_u32(w, (uint32_t)snapshot->call_count);
    if (snapshot->call_count)
        put_u64(w, snapshot->call_build);
    for (size_t i = 0; i < snapshot->call_count && w->result == PW_OK; i++) {
        put_u32(w, snapshot->calls[i].func_index);
        put_u32(w, snapshot->calls[i].frame_count);
        put_u64(w, snapshot->calls[i].owed);
        for (uint32_t k = snapshot->calls[i].frame_count; k > 0; k--, frame++) {
            put_u32(w, frame->func_index);
            put_u32(w, frame->offset);
            put_u32(w, frame->ordinal);
            put_u32(w, frame->slot_count);
            put_words(w, snapshot->frame_slots + frame->first, frame->slot_count);
        }
    }
}

pw_result pwi_snapshot_write(const pw_snapshot *snapshot, pw_write_fn write, void *env)
{
    const pw_module *module = snapshot->module;
    uint32_t counts[PW_SNAPSHOT_COUNTS];
    writer w;
    w.write = write;
    w.env = env;
    w.result = PW_OK;
    w.count = 0;
    pwi_snapshot_counts(module, counts);
    put_u32(&w, PW_SNAPSHOT_MAGIC);
    put_u32(&w, PW_SNAPSHOT_VERSION);
    for (int i = 0; i < PW_SNAPSHOT_COUNTS; i++)
        put_u32(&w, counts[i]);
    put_objects(&w, snapshot);
    put_words(&w, snapshot->globals, module->global_slots);
    for (uint32_t i = module->imported_tables; i < module->table_count; i++) {
        put_u64(&w, snapshot->tables[i].size);
        put_words(&w, snapshot->tables[i].elements, snapshot->tables[i].size);
    }
    put_segments(&w, snapshot);
    for (uint32_t i = module->imported_memories; i < module->memory_count; i++)
        put_memory(&w, snapshot->memories[i]);
    put_calls(&w, snapshot);
    flush(&w);
    return w.result;
}
