/* snapshot_format.h - a snapshot as bytes. Numbers are little-endian, words are the slots of snapshot.h:
 *
 *   u32 magic, u32 version
 *   u32 types, u32 functions, u32 tables, u32 memories, u32 slots of globals, u32 tags, u32 element segments, u32 data segments
 *                                                    of the module: it is the same one
 *   objects         u64 count, for each: u32 kind, u32 type, u32 tag, u32 length, words of the payload
 *   globals         words
 *   tables          for each that is not imported: u64 size, words
 *   segments        a byte for each element segment: 1 dropped | 2 its values follow; a byte for each data segment: 1 dropped;
 *                   then words of the values
 *   memories        for each that is not imported: u64 size, runs: u64 offset, u64 length (not 0), bytes; u64 0, u64 0
 *   calls           u64 fuel left; u32 count; if there are any, u64 build of the engine; for each: u32 function, u32 frames, u64 owed,
 *                   the innermost first: u32 function, u32 offset, u32 ordinal (engine/places.h), u32 slots, words
 *
 * Elements of packed arrays are in the order of memory, which is little-endian on all hosts that this library runs on. */
#ifndef PW_RUNTIME_SNAPSHOT_FORMAT_H
#define PW_RUNTIME_SNAPSHOT_FORMAT_H

#include "wasm/module.h"

#define PW_SNAPSHOT_MAGIC 0x4e535750u /* "PWSN" */
#define PW_SNAPSHOT_VERSION 3u

enum { PW_SNAPSHOT_COUNTS = 8, PW_SNAPSHOT_DROPPED = 1, PW_SNAPSHOT_VALUES = 2 };

static inline void pwi_snapshot_counts(const pw_module *module, uint32_t out[PW_SNAPSHOT_COUNTS])
{
    const uint32_t counts[PW_SNAPSHOT_COUNTS] = {
        module->type_count,   module->func_count, module->table_count, module->memory_count,
        module->global_slots, module->tag_count,  module->elem_count,  module->data_count};
    for (int i = 0; i < PW_SNAPSHOT_COUNTS; i++)
        out[i] = counts[i];
}

#endif
