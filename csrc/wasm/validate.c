/* validate.c - validation of a module (https://webassembly.github.io/spec/core/valid/modules.html). */
#include "wasm/validate.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "wasm/compile_watch.h"
#include "wasm/scan.h"

/* Errors are reported at v->instr, which outside of code is the place in the section. */
static pw_result unknown(pw_validator *v, uint64_t offset, const char *user, uint32_t user_index,
                         const char *what, uint32_t index)
{
    v->instr = v->module->bytes + offset;
    return pwi_invalid(v, "unknown %s %u in %s %u", what, index, user, user_index);
}

/* ---- exports -------------------------------------------------------------------------------------------------- */

static pw_result check_export_indices(pw_validator *v)
{
    static const char *const kinds[] = {"function", "table", "memory", "global", "tag"};
    pw_module *module = v->module;
    const uint32_t counts[] = {module->func_count, module->table_count, module->memory_count,
                               module->global_count, module->tag_count};
    for (uint32_t i = 0; i < module->export_count; i++) {
        const pw_export *export = &module->exports[i];
        if (export->index >= counts[export->kind])
            return unknown(v, pwi_reader_offset(&v->reader, (const uint8_t *)export->name.bytes), "export", i,
                           kinds[export->kind], export->index);
        if (export->kind == PW_EXTERN_FUNC)
            module->funcs[export->index].declared = true;
        if (export->kind == PW_EXTERN_GLOBAL && module->globals[export->index].type.is_mutable)
            PW_TRY(pwi_reader_need(&v->reader, (const uint8_t *)export->name.bytes,
                                   PW_FEATURE_BIT_MUTABLE_GLOBALS));
    }
    return PW_OK;
}

/* Any total order will do: by length first, as that needs no look at the bytes. */
static int compare_names(const pw_name *a, const pw_name *b)
{
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->length > 0 ? memcmp(a->bytes, b->bytes, a->length) : 0;
}

/* Merges the sorted runs [from, middle) and [middle, to) of indices into out. */
static pw_result merge_runs(pw_module *module, const uint32_t *in, uint32_t *out, size_t from,
                            size_t middle, size_t to)
{
    const pw_export *exports = module->exports;
    size_t left = from, right = middle;
    for (size_t i = from; i < to; i++) {
        PW_TRY(pwi_watch(module, 1));
        bool take_left = left < middle && (right >= to || compare_names(&exports[in[left]].name,
                                                                        &exports[in[right]].name) <= 0);
        out[i] = take_left ? in[left++] : in[right++];
    }
    return PW_OK;
}

/* Sorts indices by name, bottom up. No hashing: nobody can prepare names that make this slow. The result is in indices
 * or in spare. */
static pw_result sort_by_name(pw_module *module, uint32_t *indices, uint32_t *spare, size_t count,
                              const uint32_t **sorted)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t from = 0; from < count; from += 2 * width) {
            size_t middle = from + width < count ? from + width : count;
            size_t to = from + 2 * width < count ? from + 2 * width : count;
            PW_TRY(merge_runs(module, indices, spare, from, middle, to));
        }
        uint32_t *swapped = indices;
        indices = spare;
        spare = swapped;
    }
    *sorted = indices;
    return PW_OK;
}

static pw_result check_export_names(pw_validator *v)
{
    pw_module *module = v->module;
    uint32_t count = module->export_count;
    const uint32_t *sorted = NULL;
    uint32_t *indices = pwi_alloc((size_t)count * 2 * sizeof *indices);
    if (!indices)
        return pwi_no_memory(v->reader.error);
    for (uint32_t i = 0; i < count; i++)
        indices[i] = i;
    pw_result result = sort_by_name(module, indices, indices + count, count, &sorted);
    for (uint32_t i = 1; i < count && result == PW_OK; i++) {
        const pw_name *name = &module->exports[sorted[i]].name;
        char text[128];
        if (compare_names(name, &module->exports[sorted[i - 1]].name) == 0)
            result = pwi_fail_at(v->reader.error, PW_ERR_INVALID,
                                 pwi_reader_offset(&v->reader, (const uint8_t *)name->bytes),
                                 "duplicate export name \"%s\"",
                                 pwi_utf8_printable(name->bytes, name->length, text, sizeof text));
    }
    pwi_free(indices);
    return result;
}

/* ---- tables, globals, start ----------------------------------------------------------------------------------- */

static pw_result check_tables(pw_validator *v)
{
    const pw_module *module = v->module;
    for (uint32_t i = 0; i < module->table_count; i++) {
        /* Tables come before globals: their initial values see the imported ones only. */
        if (module->tables[i].has_init)
            PW_TRY(pwi_validate_const_expr(v, &module->tables[i].init, module->imported_globals));
    }
    return PW_OK;
}

static pw_result check_globals(pw_validator *v)
{
    const pw_module *module = v->module;
    for (uint32_t i = module->imported_globals; i < module->global_count; i++)
        PW_TRY(pwi_validate_const_expr(v, &module->globals[i].init, i));
    return PW_OK;
}

enum { SECTION_START = 8 };

static pw_result check_start(pw_validator *v)
{
    const pw_module *module = v->module;
    if (!module->has_start)
        return PW_OK;
    for (uint32_t i = 0; i < module->section_count; i++) {
        if (module->sections[i].id == SECTION_START)
            v->instr = module->bytes + module->sections[i].offset;
    }
    if (module->start >= module->func_count)
        return pwi_invalid(v, "unknown function %u as start function", module->start);
    const pw_func_type *type = &pwi_func_type_record(module, module->start)->func;
    if (type->param_count > 0 || type->result_count > 0)
        return pwi_invalid(v, "start function: function %u takes parameters or has results", module->start);
    return PW_OK;
}

/* ---- segments ------------------------------------------------------------------------------------------------- */

static pw_result check_elem_items(pw_validator *v, uint32_t segment_index, const pw_elem_segment *segment)
{
    pw_module *module = v->module;
    const uint8_t *start = module->bytes + segment->items_offset;
    pw_reader items = {
        start, start + segment->items_size, module, v->reader.error, v->reader.error, false, PW_NO_INDEX,
        false, 0, false};
    for (uint32_t i = 0; i < segment->count; i++) {
        if (segment->uses_expressions) {
            /* The decoder found where each expression ends; here validation does. */
            pw_const_expr item = {(uint32_t)pwi_reader_offset(&items, items.at),
                                  (uint32_t)pwi_reader_left(&items), segment->type};
            PW_TRY(pwi_validate_const_expr(v, &item, module->global_count));
            items.at = v->reader.at;
            continue;
        }
        uint32_t func;
        PW_TRY(pwi_watch(module, 1));
        PW_TRY(pwi_read_u32(&items, &func));
        if (func >= module->func_count)
            return unknown(v, pwi_reader_offset(&items, items.at), "element segment", segment_index,
                           "function", func);
        module->funcs[func].declared = true;
    }
    return PW_OK;
}

static pw_result check_elems(pw_validator *v)
{
    const pw_module *module = v->module;
    for (uint32_t i = 0; i < module->elem_count; i++) {
        const pw_elem_segment *segment = &module->elems[i];
        if (segment->mode == PW_SEGMENT_ACTIVE) {
            if (segment->table >= module->table_count)
                return unknown(v, segment->offset.offset, "element segment", i, "table", segment->table);
            pw_val_type element = module->tables[segment->table].type.element;
            v->instr = module->bytes + segment->offset.offset;
            if (!pwi_type_matches(module->registry, segment->type, element))
                return pwi_invalid(v, "type mismatch: element segment %u does not fit table %u", i,
                                   segment->table);
            PW_TRY(pwi_validate_const_expr(v, &segment->offset, module->global_count));
        }
        PW_TRY(check_elem_items(v, i, segment));
    }
    return PW_OK;
}

static pw_result check_datas(pw_validator *v)
{
    const pw_module *module = v->module;
    for (uint32_t i = 0; i < module->data_count; i++) {
        const pw_data_segment *segment = &module->datas[i];
        if (segment->mode != PW_SEGMENT_ACTIVE)
            continue;
        if (segment->memory >= module->memory_count)
            return unknown(v, segment->offset.offset, "data segment", i, "memory", segment->memory);
        PW_TRY(pwi_validate_const_expr(v, &segment->offset, module->global_count));
    }
    return PW_OK;
}

/* ---- the module ----------------------------------------------------------------------------------------------- */

/* All that ref.func in code may name is known before the first body: exports, segments, globals come first. */
static pw_result check_module(pw_validator *v)
{
    PW_TRY(check_export_indices(v));
    PW_TRY(check_export_names(v));
    PW_TRY(check_tables(v));
    PW_TRY(check_globals(v));
    PW_TRY(check_start(v));
    PW_TRY(check_elems(v));
    PW_TRY(check_datas(v));
    for (uint32_t i = 0; i < v->module->body_count; i++)
        PW_TRY(pwi_validate_body(v, i));
    return PW_OK;
}

void pwi_validator_free(pw_validator *v)
{
    pwi_free(v->stack);
    pwi_free(v->ctrls);
    pwi_free(v->groups);
    pwi_free(v->unset);
    pwi_free(v->set_log);
    pwi_free(v);
}

pw_result pwi_module_validate(pw_module *module, pw_error *error)
{
    pw_error found, malformed;
    pw_error_clear(&found);
    pw_validator *v = pwi_alloc_zero(1, sizeof *v);
    if (!v)
        return pwi_no_memory(error);
    v->module = module;
    v->func_index = PW_NO_INDEX;
    v->reader = (pw_reader){module->bytes, module->bytes, module, &found, &found, false, PW_NO_INDEX, false, 0, false};
    pw_result result = check_module(v);
    pwi_validator_free(v);
    if (result == PW_ERR_INVALID) {
        pw_error_clear(&malformed);
        pw_result scanned = pwi_scan_bodies(module, 0, &malformed);
        if (scanned != PW_OK) {
            result = scanned;
            found = malformed;
        }
    }
    if (result != PW_OK && error && error->result == PW_OK)
        *error = found;
    return result;
}
