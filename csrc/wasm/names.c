/* names.c - the name section (https://webassembly.github.io/spec/core/appendix/custom.html#name-section).
 *
 *   "name"  id:byte size:u32 content ...        0 module: name      1 functions: vector of (index, name), sorted
 *
 * It is not part of the semantics, so nothing in it can make a module bad: reading stops at the first thing that
 * is wrong and keeps what was good until then. Locals, types and other subsections are skipped.
 */
#include <string.h>

#include "base/alloc.h"
#include "wasm/compile_watch.h"
#include "wasm/decoder.h"

enum { NAMES_MODULE = 0, NAMES_FUNCTIONS = 1 };

static pw_result read_func_names(pw_reader *reader, pw_error *error)
{
    pw_module *module = reader->module;
    uint32_t count;
    PW_TRY(pwi_read_count(reader, 2, UINT32_MAX, "names", &count));
    if (count > module->func_count)
        count = module->func_count;
    pw_func_name *names = pwi_realloc(module->func_names, count, sizeof *names);
    if (!names)
        return pwi_no_memory(error);
    module->func_names = names;
    module->func_name_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        pw_func_name *entry = &names[i];
        PW_TRY(pwi_watch(module, 1));
        PW_TRY(pwi_read_u32(reader, &entry->func_index));
        PW_TRY(pwi_read_name(reader, &entry->name));
        if (entry->func_index >= module->func_count ||
            (i > 0 && entry->func_index <= names[i - 1].func_index))
            return PW_ERR_INVALID;
        module->func_name_count = i + 1;
    }
    return PW_OK;
}

/* Subsections come in the order of their ids, each at most once. */
static pw_result read_subsections(pw_reader *reader, pw_error *error)
{
    const uint8_t *end = reader->end;
    int last_id = -1;
    while (reader->at < end) {
        uint8_t id;
        uint32_t size;
        PW_TRY(pwi_read_byte(reader, &id));
        PW_TRY(pwi_read_count(reader, 1, UINT32_MAX, "bytes", &size));
        if (id <= last_id)
            return PW_ERR_INVALID;
        last_id = id;
        pw_reader part = *reader;
        part.end = reader->at + size;
        if (id == NAMES_MODULE)
            PW_TRY(pwi_read_name(&part, &reader->module->name));
        else if (id == NAMES_FUNCTIONS)
            PW_TRY(read_func_names(&part, error));
        reader->at += size;
    }
    return PW_OK;
}

pw_result pwi_names_read(pw_module *module, pw_error *error)
{
    for (uint32_t i = 0; i < module->custom_count; i++) {
        const pw_custom *custom = &module->customs[i];
        if (custom->name.length != 4 || memcmp(custom->name.bytes, "name", 4) != 0)
            continue;
        const uint8_t *start = module->bytes + custom->offset;
        pw_reader reader = {start, start + custom->size, module, NULL, NULL, false, PW_NO_INDEX, false, 0, false};
        pw_result result = read_subsections(&reader, error);
        return result == PW_ERR_MALFORMED || result == PW_ERR_INVALID ? PW_OK : result;
    }
    return PW_OK;
}
