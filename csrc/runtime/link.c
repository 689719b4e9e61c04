/* link.c - do the given things have the types that the imports ask for?
 * https://webassembly.github.io/spec/core/valid/matching.html */
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"

/* Names in error texts: cut to this many bytes, as an import may be named by 100,000. */
#define NAME_TEXT 64u
#define TYPE_TEXT 120u

void pwi_extern_type_of(const pw_extern *value, pw_extern_type *out)
{
    memset(out, 0, sizeof *out);
    out->kind = value->kind;
    switch (value->kind) {
    case PW_EXTERN_FUNC:
        out->func = value->of.func->type->func;
        break;
    case PW_EXTERN_TABLE:
        out->table = value->of.table->type;
        out->table.limits.min = value->of.table->size;
        break;
    case PW_EXTERN_MEMORY:
        out->memory = value->of.memory->type;
        out->memory.min = pwi_memory_size_now(value->of.memory) >> value->of.memory->type.page_bits;
        break;
    case PW_EXTERN_GLOBAL:
        out->global = value->of.global->type;
        break;
    case PW_EXTERN_TAG:
        out->func = value->of.tag->type->func;
        break;
    }
}

void pwi_module_extern_type(const pw_module *module, pw_extern_kind kind, uint32_t index, pw_extern_type *out)
{
    memset(out, 0, sizeof *out);
    out->kind = kind;
    switch (kind) {
    case PW_EXTERN_FUNC:
        out->func = pwi_func_type_record(module, index)->func;
        break;
    case PW_EXTERN_TABLE:
        out->table = module->tables[index].type;
        break;
    case PW_EXTERN_MEMORY:
        out->memory = module->memories[index];
        break;
    case PW_EXTERN_GLOBAL:
        out->global = module->globals[index].type;
        break;
    case PW_EXTERN_TAG:
        out->func = pwi_tag_type_record(module, index)->func;
        break;
    }
}

static const pw_store *store_of(const pw_extern *value)
{
    switch (value->kind) {
    case PW_EXTERN_FUNC:
        return value->of.func ? value->of.func->store : NULL;
    case PW_EXTERN_TABLE:
        return value->of.table ? value->of.table->store : NULL;
    case PW_EXTERN_MEMORY:
        return value->of.memory ? value->of.memory->store : NULL;
    case PW_EXTERN_GLOBAL:
        return value->of.global ? value->of.global->store : NULL;
    case PW_EXTERN_TAG:
        return value->of.tag ? value->of.tag->store : NULL;
    }
    return NULL;
}

static bool limits_match(const pw_limits *given, const pw_limits *wanted)
{
    if (given->is64 != wanted->is64 || given->shared != wanted->shared || given->min < wanted->min)
        return false;
    return !wanted->has_max || (given->has_max && given->max <= wanted->max);
}

bool pwi_import_fits(const pw_module *module, const pw_import *import, const pw_extern *value)
{
    const pw_store *store = store_of(value);
    if (!store || store->registry != module->registry || value->kind != import->kind)
        return false;
    pw_extern_type given, wanted;
    pwi_extern_type_of(value, &given);
    pwi_module_extern_type(module, import->kind, import->index, &wanted);
    switch (import->kind) {
    case PW_EXTERN_FUNC: {
        uint32_t given_id = value->of.func->type->id;
        uint32_t wanted_id = pwi_func_type_record(module, import->index)->id;
        return given_id == wanted_id || pwi_type_matches(module->registry, PW_REF_TYPE(PW_KIND_REF, given_id),
                                                         PW_REF_TYPE(PW_KIND_REF, wanted_id));
    }
    case PW_EXTERN_TABLE:
        return given.table.element == wanted.table.element &&
               limits_match(&given.table.limits, &wanted.table.limits);
    case PW_EXTERN_MEMORY:
        return given.memory.page_bits == wanted.memory.page_bits &&
               limits_match(&given.memory, &wanted.memory);
    case PW_EXTERN_GLOBAL:
        if (given.global.is_mutable != wanted.global.is_mutable)
            return false;
        return given.global.type == wanted.global.type ||
               (!wanted.global.is_mutable &&
                pwi_type_matches(module->registry, given.global.type, wanted.global.type));
    case PW_EXTERN_TAG:
        return value->of.tag->type == pwi_tag_type_record(module, import->index);
    }
    return false;
}

/* Copies a name for a message: control characters (NUL too) become '?', a long name is cut before a
 * character. */
static void name_text(pw_name name, char out[NAME_TEXT + 4])
{
    size_t length = name.length;
    if (length > NAME_TEXT) {
        length = NAME_TEXT;
        while (length && ((unsigned char)name.bytes[length] & 0xc0) == 0x80)
            length--;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)name.bytes[i];
        out[i] = byte < 0x20 || byte == 0x7f ? '?' : name.bytes[i];
    }
    memcpy(out + length, name.length > length ? "..." : "", name.length > length ? 4 : 1);
}

static pw_result unlinkable(const pw_module *module, const pw_import *import, const pw_extern *value,
                            bool other_store, pw_error *error)
{
    char module_name[NAME_TEXT + 4], name[NAME_TEXT + 4], wanted_text[TYPE_TEXT], given_text[TYPE_TEXT];
    pw_extern_type type;
    name_text(import->module, module_name);
    name_text(import->name, name);
    pwi_module_extern_type(module, import->kind, import->index, &type);
    pwi_extern_type_text(&type, wanted_text, sizeof wanted_text);
    if (!store_of(value))
        return pwi_fail(error, PW_ERR_UNLINKABLE, "unknown import: \"%s\" \"%s\" %s is missing", module_name,
                        name, wanted_text);
    if (other_store)
        return pwi_fail(error, PW_ERR_UNLINKABLE,
                        "import \"%s\" \"%s\": what is given belongs to another store", module_name, name);
    pwi_extern_type_of(value, &type);
    pwi_extern_type_text(&type, given_text, sizeof given_text);
    return pwi_fail(error, PW_ERR_UNLINKABLE, "incompatible import type: \"%s\" \"%s\": wanted %s, given %s",
                    module_name, name, wanted_text, given_text);
}

pw_result pwi_link_check(pw_store *store, const pw_module *module, const pw_extern *imports,
                         size_t import_count, pw_error *error)
{
    static const pw_extern missing = {PW_EXTERN_FUNC, {NULL}};
    if (module->registry != store->registry)
        return pwi_fail(error, PW_ERR_ARGUMENT, "the module and the store belong to different engines");
    if (import_count > module->import_count)
        return pwi_fail(error, PW_ERR_ARGUMENT, "%lu imports are given, the module has %lu",
                        (unsigned long)import_count, (unsigned long)module->import_count);
    for (uint32_t i = 0; i < module->import_count; i++) {
        const pw_extern *value = i < import_count ? &imports[i] : &missing;
        bool other_store = store_of(value) && store_of(value) != store;
        if (other_store || !pwi_import_fits(module, &module->imports[i], value))
            return unlinkable(module, &module->imports[i], value, other_store, error);
    }
    return PW_OK;
}
