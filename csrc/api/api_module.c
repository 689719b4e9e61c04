/* api_module.c - making modules, and what can be asked about them. */
#include <string.h>

#include "api/func_names.h"
#include "base/config.h"
#include "base/error.h"
#include "engine/engine.h"

/* The features to allow: PW_ERR_ARGUMENT when the build lacks one that was asked for. */
static pw_result choose_features(const pw_compile_config *config, pw_features *features, pw_error *error)
{
    pw_features supported = pw_features_supported();
    *features = config && config->features ? config->features : pw_features_default();
    for (uint32_t bit = 0; bit < 64; bit++) {
        if ((*features & ~supported) >> bit & 1)
            return pwi_fail(error, PW_ERR_ARGUMENT, "this build does not support the feature %s",
                            pw_feature_text(bit) ? pw_feature_text(bit) : "of an unknown bit");
    }
    return PW_OK;
}

/* What a decoded module needs to be used. */
static pw_result finish(pw_module *module, pw_error *error)
{
    pw_result result = pwi_module_validate(module, error);
    if (result != PW_OK)
        return result;
    result = pwi_func_names_complete(module);
    if (result == PW_OK)
        result = pwi_engine_prepare(module->engine, module);
    return result == PW_OK ? PW_OK : pwi_fail(error, result, "the host refused memory");
}

/* The poll gives no text. */
static pw_result ended(pw_result result, pw_error *error)
{
    return error && error->result == PW_OK ? pwi_fail(error, result, "interrupted") : result;
}

pw_result pw_module_new(pw_engine *engine, const uint8_t *bytes, size_t size, const pw_compile_config *config,
                        pw_module **module, pw_error *error)
{
    pw_compile_config chosen = config ? *config : (pw_compile_config){0};
    pw_module *self = NULL;
    *module = NULL;
    if (error)
        pw_error_clear(error);
    pw_result result = choose_features(config, &chosen.features, error);
    if (result == PW_OK)
        result = pwi_module_decode(&engine->registry, bytes, size, &chosen, &self, error);
    if (result != PW_OK)
        return ended(result, error);
    self->references = 1;
    self->engine = engine;
    pw_engine_retain(engine);
    result = finish(self, error);
    if (result != PW_OK) {
        pw_module_free(self);
        return ended(result, error);
    }
    self->watch.poll = NULL;
    *module = self;
    return PW_OK;
}

void pw_module_retain(pw_module *module)
{
    pwi_ref_inc(&module->references);
}

void pw_module_free(pw_module *module)
{
    if (!module || !pwi_ref_dec(&module->references))
        return;
    pw_engine *engine = module->engine;
    pwi_module_destroy(module); /* drops types of the engine's registry, so the engine goes after it */
    pw_engine_free(engine);
}

size_t pw_module_import_count(const pw_module *module)
{
    return module->import_count;
}

void pw_module_import(const pw_module *module, size_t index, pw_import_type *out)
{
    memset(out, 0, sizeof *out);
    if (index >= module->import_count)
        return;
    const pw_import *import = &module->imports[index];
    out->module = import->module;
    out->name = import->name;
    pwi_module_extern_type(module, import->kind, import->index, &out->type);
}

size_t pw_module_export_count(const pw_module *module)
{
    return module->export_count;
}

void pw_module_export(const pw_module *module, size_t index, pw_export_type *out)
{
    memset(out, 0, sizeof *out);
    if (index >= module->export_count)
        return;
    const pw_export *export = &module->exports[index];
    out->name = export->name;
    out->index = export->index;
    pwi_module_extern_type(module, export->kind, export->index, &out->type);
}

pw_name pw_module_name(const pw_module *module)
{
    static const pw_name none = {"", 0};
    return module->name.bytes ? module->name : none;
}

pw_features pw_module_features(const pw_module *module)
{
    return module->used;
}

void pw_module_bytes(const pw_module *module, const uint8_t **bytes, size_t *size)
{
    *bytes = module->bytes;
    *size = module->size;
}

size_t pw_module_custom_count(const pw_module *module)
{
    return module->custom_count;
}

void pw_module_custom(const pw_module *module, size_t index, pw_name *name, const uint8_t **bytes,
                      size_t *size)
{
    static const pw_name none = {"", 0};
    bool there = index < module->custom_count;
    *name = there ? module->customs[index].name : none;
    *bytes = module->bytes + (there ? module->customs[index].offset : 0);
    *size = there ? module->customs[index].size : 0;
}

size_t pw_module_section_count(const pw_module *module)
{
    return module->section_count;
}

void pw_module_section(const pw_module *module, size_t index, pw_section_info *out)
{
    if (index < module->section_count)
        *out = module->sections[index];
    else
        memset(out, 0, sizeof *out);
}

uint32_t pw_module_func_count(const pw_module *module)
{
    return module->func_count;
}

uint32_t pw_module_imported_func_count(const pw_module *module)
{
    return module->imported_funcs;
}

pw_result pw_module_func_body(const pw_module *module, uint32_t func_index, uint64_t *offset, uint64_t *size)
{
    if (func_index < module->imported_funcs || func_index - module->imported_funcs >= module->body_count)
        return PW_ERR_ARGUMENT;
    const pw_body *body = &module->bodies[func_index - module->imported_funcs];
    *offset = body->code_offset;
    *size = (uint64_t)body->offset + body->size - body->code_offset;
    return PW_OK;
}

void pw_module_func_type(const pw_module *module, uint32_t func_index, pw_func_type *out)
{
    if (func_index < module->func_count)
        *out = pwi_func_type_record(module, func_index)->func;
    else
        memset(out, 0, sizeof *out);
}
