/* translate.c - the translator's driver: locals, the loop over instructions, the finished code. */
#include "engine/meter.h"
#include "engine/places.h"

#include <string.h>

#include "base/alloc.h"
#include "engine/translate_try.h"
#include "runtime/bulk_work.h"

/* ---- locals ---------------------------------------------------------------------------------------------------------- */

static void add_local(pw_translator *t, pw_val_type type, uint32_t *slot) {
    t->local_types[t->local_count] = pwi_type_char(type);
    t->local_slots[t->local_count++] = (uint16_t)*slot;
    *slot += pw_type_slots(type);
}

/* A value type in code that is valid; its heap type does not matter here. */
static pw_val_type read_val_type(pw_translator *t) {
    int64_t byte = pwi_leb_s64(&t->p) & 0x7f;
    if (byte == PW_KIND_REF || byte == PW_KIND_REF_NULL) (void)pwi_leb_s64(&t->p);
    return byte >= PW_KIND_V128 ? (pw_val_type)byte : PW_FUNCREF;
}

static uint32_t count_locals(pw_translator *t) {
    uint32_t groups = pwi_leb_u32(&t->p), count = 0;
    while (groups-- > 0) {
        count += pwi_leb_u32(&t->p);
        (void)read_val_type(t);
    }
    return count;
}

static bool read_locals(pw_translator *t) {
    const pw_func_type *type = &t->type->func;
    const uint8_t *declarations = t->p;
    size_t count = (size_t)type->param_count + count_locals(t);
    t->local_types = pwi_alloc(count);
    t->local_slots = pwi_alloc_zero(count, sizeof *t->local_slots);
    t->local_pending = pwi_alloc_zero(count, sizeof *t->local_pending);
    t->local_pins = pwi_alloc_zero(count, sizeof *t->local_pins);
    if (!t->local_pins || !t->local_types || !t->local_slots || !t->local_pending) return false;
    uint32_t slot = 0;
    for (uint32_t i = 0; i < type->param_count; i++) add_local(t, type->params[i], &slot);
    t->p = declarations;
    for (uint32_t groups = pwi_leb_u32(&t->p); groups > 0; groups--) {
        uint32_t n = pwi_leb_u32(&t->p);
        pw_val_type local = read_val_type(t);
        while (n-- > 0) add_local(t, local, &slot);
    }
    t->param_slots = t->type->param_slots;
    t->local_slot_count = slot;
    t->return_slot = slot > t->type->result_slots ? slot : t->type->result_slots;
    t->home_base = t->max_slot = t->return_slot + 1;
    return true;
}

/* ---- instructions ------------------------------------------------------------------------------------------------------ */

static void skip_catches(pw_translator *t) {
    int64_t block_type = pwi_leb_s64(&t->p);
    if (block_type == (int)PW_KIND_REF - 128 || block_type == (int)PW_KIND_REF_NULL - 128) (void)pwi_leb_s64(&t->p);
    for (uint32_t n = pwi_leb_u32(&t->p); n > 0; n--) {
        uint8_t kind = *t->p++;
        if (kind < 2) (void)pwi_leb_u64(&t->p);
        (void)pwi_leb_u64(&t->p);
    }
}

void pwi_skip_immediates(pw_translator *t, uint8_t kind) {
    switch ((pw_imm_kind)kind) {
    case PW_IMM_NONE: break;
    case PW_IMM_BR_TABLE:
        for (uint32_t n = pwi_leb_u32(&t->p); n > 0; n--) (void)pwi_leb_u32(&t->p);
        (void)pwi_leb_u32(&t->p);
        break;
    case PW_IMM_CALL_INDIRECT:
    case PW_IMM_TABLE_COPY:
    case PW_IMM_TABLE_INIT:
    case PW_IMM_MEMORY_COPY:
    case PW_IMM_MEMORY_INIT:
    case PW_IMM_FIELD:
    case PW_IMM_TYPE_LENGTH:
    case PW_IMM_TYPE_DATA:
    case PW_IMM_TYPE_ELEM:
    case PW_IMM_TYPE_TYPE:
        (void)pwi_leb_u64(&t->p);
        (void)pwi_leb_u64(&t->p);
        break;
    case PW_IMM_MEMARG:
    case PW_IMM_MEMARG_ATOMIC: (void)pwi_read_memarg(&t->p); break;
    case PW_IMM_F32: t->p += 4; break;
    case PW_IMM_F64: t->p += 8; break;
    case PW_IMM_SELECT:
        for (uint32_t n = pwi_leb_u32(&t->p); n > 0; n--) (void)read_val_type(t);
        break;
    case PW_IMM_V128:
    case PW_IMM_SHUFFLE: t->p += 16; break;
    case PW_IMM_LANE_2:
    case PW_IMM_LANE_4:
    case PW_IMM_LANE_8:
    case PW_IMM_LANE_16:
    case PW_IMM_ZERO: t->p++; break;
    case PW_IMM_MEMARG_LANE:
        (void)pwi_read_memarg(&t->p);
        t->p++;
        break;
    case PW_IMM_BR_CAST:
        t->p++;
        for (int i = 0; i < 3; i++) (void)pwi_leb_u64(&t->p);
        break;
    case PW_IMM_TRY_TABLE: skip_catches(t); break;
    default: (void)pwi_leb_u64(&t->p); break; /* one LEB */
    }
}

/* The result's two halves take the places of the first operand's. */
static void translate_wide(pw_translator *t, uint32_t handler, uint32_t operands) {
    (void)pwi_emit_on_operands(t, handler, 2, operands);
    pwi_push_home(t, 'I');
    pwi_push_home(t, 'I');
    pwi_forget(t);
}

/* Constants, locals, globals, references, parametric: nothing of it has a family of handlers. */
static bool translate_value(pw_translator *t, uint32_t code) {
    switch (code) {
    case PW_OP_nop: return true;
    case PW_OP_drop: (void)pwi_pop(t); return true;
    case PW_OP_select:
    case PW_OP_select_t:
        if (code == PW_OP_select_t) pwi_skip_immediates(t, PW_IMM_SELECT);
        pwi_translate_select(t);
        return true;
    case PW_OP_local_get: pwi_push_local(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_local_set: pwi_translate_local_set(t, pwi_leb_u32(&t->p), false); return true;
    case PW_OP_local_tee: pwi_translate_local_set(t, pwi_leb_u32(&t->p), true); return true;
    case PW_OP_global_get: pwi_translate_global_get(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_global_set: pwi_translate_global_set(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_i32_const: pwi_push_constant(t, 'i', (uint32_t)pwi_leb_s64(&t->p)); return true;
    case PW_OP_i64_const: pwi_push_constant(t, 'I', (uint64_t)pwi_leb_s64(&t->p)); return true;
    case PW_OP_f32_const: pwi_push_constant(t, 'f', pwi_bytes_u32(&t->p)); return true;
    case PW_OP_f64_const: pwi_push_constant(t, 'F', pwi_bytes_u64(&t->p)); return true;
    case PW_OP_ref_null:
        (void)pwi_leb_s64(&t->p);
        pwi_push_constant(t, 'r', 0);
        return true;
    case PW_OP_i32_eqz: pwi_translate_eqz(t, PW_OP_i32_eq); return true;
    case PW_OP_i64_eqz:
    case PW_OP_ref_is_null: pwi_translate_eqz(t, PW_OP_i64_eq); return true;
    case PW_OP_ref_func: {
        uint32_t cell = pwi_emit(t, PW_H_ref_func_S, 2);
        pwi_set_high(pwi_cell(t, cell + 1), pwi_leb_u32(&t->p));
        pwi_push_home(t, 'r');
        if (!t->no_memory) pwi_set_lane(pwi_cell(t, cell + 1), 1, t->stack[t->height - 1].home);
        pwi_forget(t);
        return true;
    }
    case PW_OP_ref_as_non_null: {
        pwi_flush(t, t->height - 1);
        uint32_t cell = pwi_emit(t, PW_H_ref_check, 2);
        pwi_set_lane(pwi_cell(t, cell + 1), 0, t->stack[t->height - 1].slot);
        return true;
    }
    case PW_OP_i64_add128: translate_wide(t, PW_H_wide_add, 4); return true;
    case PW_OP_i64_sub128: translate_wide(t, PW_H_wide_sub, 4); return true;
    case PW_OP_i64_mul_wide_s: translate_wide(t, PW_H_wide_mul_s, 2); return true;
    case PW_OP_i64_mul_wide_u: translate_wide(t, PW_H_wide_mul_u, 2); return true;
    default: return false;
    }
}

static bool translate_control(pw_translator *t, uint32_t code) {
    uint32_t first;
    switch (code) {
    case PW_OP_unreachable:
        (void)pwi_emit(t, PW_H_unreachable, 2);
        pwi_cut(t, t->labels[t->label_count - 1].height);
        pwi_forget(t);
        t->dead = true;
        return true;
    case PW_OP_block: pwi_translate_block(t, PW_LABEL_BLOCK); return true;
    case PW_OP_loop: pwi_translate_block(t, PW_LABEL_LOOP); return true;
    case PW_OP_if: pwi_translate_block(t, PW_LABEL_IF); return true;
    case PW_OP_else: pwi_translate_else(t); return true;
    case PW_OP_end: pwi_translate_end(t); return true;
    case PW_OP_br: pwi_translate_br(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_br_if: pwi_translate_br_if(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_br_table: pwi_translate_br_table(t); return true;
    case PW_OP_br_on_null: pwi_translate_br_on_null(t, pwi_leb_u32(&t->p), true); return true;
    case PW_OP_br_on_non_null: pwi_translate_br_on_null(t, pwi_leb_u32(&t->p), false); return true;
    case PW_OP_return: pwi_translate_return(t); return true;
    case PW_OP_try_table: pwi_translate_try_table(t); return true;
    case PW_OP_throw: pwi_translate_throw(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_throw_ref: pwi_translate_throw_ref(t); return true;
    case PW_OP_try: pwi_translate_legacy_try(t); return true;
    case PW_OP_catch: pwi_translate_catch(t, false); return true;
    case PW_OP_catch_all: pwi_translate_catch(t, true); return true;
    case PW_OP_delegate: pwi_translate_delegate(t); return true;
    case PW_OP_rethrow: pwi_translate_rethrow(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_call: pwi_translate_call(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_call_indirect:
        first = pwi_leb_u32(&t->p);
        pwi_translate_call_indirect(t, first, pwi_leb_u32(&t->p));
        return true;
    case PW_OP_call_ref: pwi_translate_call_ref(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_return_call: pwi_translate_return_call(t, pwi_leb_u32(&t->p)); return true;
    case PW_OP_return_call_indirect:
        first = pwi_leb_u32(&t->p);
        pwi_translate_return_call_indirect(t, first, pwi_leb_u32(&t->p));
        return true;
    case PW_OP_return_call_ref: pwi_translate_return_call_ref(t, pwi_leb_u32(&t->p)); return true;
    default: return false;
    }
}

static bool structures(uint32_t code) {
    return code == PW_OP_block || code == PW_OP_loop || code == PW_OP_if || code == PW_OP_else || code == PW_OP_end ||
           code == PW_OP_try_table || code == PW_OP_try || code == PW_OP_catch || code == PW_OP_catch_all ||
           code == PW_OP_delegate;
}

static void translate_body(pw_translator *t) {
    pw_label function = {.kind = PW_LABEL_FUNC};
    function.result_count = t->type->func.result_count;
    function.results = t->type->func.results;
    pwi_label_push(t, PW_LABEL_FUNC, -64);
    if (t->no_memory) return;
    t->labels[0] = function;
    while (t->label_count > 0 && !t->no_memory && pwi_goes_on(t)) {
        t->offset = (uint32_t)(t->p - t->module->bytes);
        uint32_t code = pwi_read_opcode(&t->p);
        if (t->dead && !structures(code)) {
            pwi_skip_immediates(t, pwi_op_info(code)->imm);
            continue;
        }
        if (t->code->metered) pwi_meter(t, code);
        if (!translate_control(t, code) && !translate_value(t, code) && !pwi_translate_gc(t, code)) {
            pwi_translate_op(t, code, pwi_forms(t, code));
        }
    }
}

/* ---- the finished code --------------------------------------------------------------------------------------------------- */

static uint32_t emit_entry(pw_translator *t) {
    uint32_t zeroed = t->local_slot_count - t->param_slots;
    uint32_t handler = t->pinned ? PW_H_enter_pins : zeroed ? PW_H_enter : PW_H_enter_plain;
    uint32_t cells = t->pinned ? 4 : 3, cell = pwi_emit_paying(t, handler, cells);
    pwi_meter_here(t, PW_TOLL_LOW, cell + cells);
    pwi_arrive(t);
    if (t->pinned) pwi_set_pins(t, cell + 3);
    pwi_set_lane(pwi_cell(t, cell + 1), 0, t->return_slot);
    pwi_set_lane(pwi_cell(t, cell + 1), 1, t->param_slots);
    pwi_set_lane(pwi_cell(t, cell + 1), 2, zeroed);
    return cell;
}

static void release(pw_translator *t) {
    pwi_free(t->cells);
    pwi_free(t->offsets);
    pwi_free(t->relocations);
    pwi_free(t->entries);
    pwi_free(t->ref_slots);
    pwi_free(t->tries);
    pwi_free(t->clauses);
    pwi_free(t->tolls);
    pwi_free(t->stack);
    pwi_free(t->labels);
    pwi_free(t->local_types);
    pwi_free(t->local_slots);
    pwi_free(t->local_pending);
    pwi_free(t->local_pins);
}

/* A millisecond at most. */
#ifdef PW_TORTURE
#define LOOK_EVERY 5
#else
#define LOOK_EVERY 20000
#endif

bool pwi_translate_look(pw_translator *t) {
    t->until_look = LOOK_EVERY;
    if (t->looks && (*t->looks)-- == 0) t->stopped = PW_ERR_LIMIT;
    else if (t->store) t->stopped = pwi_store_poll(t->store);
    if (t->stopped != PW_OK) t->no_memory = true;
    return !t->no_memory;
}

/* Room for what runs on without looking when memory has run out (pwi_emit). */
#define FIRST_CELLS 16

static pw_result why_not(const pw_translator *t) { return t->stopped != PW_OK ? t->stopped : PW_ERR_NO_MEMORY; }

static pw_result translate(pw_translator *t) {
    const pw_body *body = &t->module->bodies[t->code->func_index - t->module->imported_funcs];
    t->type = pwi_func_type_record(t->module, t->code->func_index);
    t->p = t->module->bytes + body->offset;
    t->end = t->p + body->size;
    for (int i = 0; i < PW_ACC_COUNT; i++) t->acc[i].slot = t->acc[i].maker = -1;
    t->last.cell = -1;
    t->until_look = LOOK_EVERY;
    if (!pwi_reserve((void **)&t->cells, &t->cell_capacity, FIRST_CELLS, sizeof *t->cells)) return PW_ERR_NO_MEMORY;
    if (!pwi_reserve((void **)&t->stack, &t->stack_capacity, FIRST_CELLS, sizeof *t->stack)) return PW_ERR_NO_MEMORY;
    if (!read_locals(t)) return PW_ERR_NO_MEMORY;
    t->pins = t->module->engine->shell->pins;
    if (t->pins) pwi_choose_pins(t);
    uint32_t entry = emit_entry(t);
    translate_body(t);
    if (t->no_memory) return why_not(t);
    pwi_meter_run_ends(t);
    t->cells[entry + 2] = t->max_slot;
    return PW_OK;
}

/* The module's code lock is held. */
static void give(pw_translator *t, pw_cell *cells, pw_catches *catches) {
    pw_code *code = t->code;
    code->cells = cells;
    code->cell_count = (uint32_t)t->cell_count;
    code->frame_slots = t->max_slot;
    code->return_slot = (uint16_t)t->return_slot;
    code->catches = catches;
    code->state = 1;
    t->module->translated_count++;
    __atomic_store_n(&code->entry, cells, __ATOMIC_RELEASE);
}

/* Gives the cells, cut to size and with addresses for indices, to the code. */
static pw_result publish(pw_translator *t) {
    pw_catches *catches = NULL;
    if (t->try_count && !(catches = pwi_catches_make(t))) return PW_ERR_NO_MEMORY;
    pw_cell *cells = pwi_realloc(t->cells, t->cell_count, sizeof *cells);
    if (cells == NULL) {
        pwi_free(catches);
        return PW_ERR_NO_MEMORY;
    }
    t->cells = NULL;
    for (size_t i = 0; i < t->relocation_count; i++) {
        uint32_t cell = t->relocations[i];
        cells[cell] = (pw_cell)(uintptr_t)(cells + cells[cell]);
    }
    pwi_mutex_lock(&t->module->code_lock);
    bool first = !t->code->state;
    if (first) give(t, cells, catches);
    pwi_mutex_unlock(&t->module->code_lock);
    if (!first) { /* another thread was faster */
        pwi_free(cells);
        pwi_free(catches);
    }
    return PW_OK;
}

static pw_translator translator_of(pw_store *store, pw_module *module, pw_code *code) {
    const pw_shell_table *shell = code->metered ? module->engine->counting : module->engine->shell;
    return (pw_translator){.module = module, .code = code, .store = store, .handlers = shell->handlers};
}

pw_result pwi_translate(pw_store *store, pw_module *module, pw_code *code) {
    pw_translator t = translator_of(store, module, code);
    pw_result result = translate(&t);
    if (result == PW_OK) result = publish(&t);
    release(&t);
    return result;
}

pw_result pwi_translate_offsets(pw_store *store, pw_module *module, pw_code *code, uint32_t *looks, uint32_t **offsets) {
    pw_translator t = translator_of(store, module, code);
    t.recording = true;
    t.looks = looks;
    pw_result result = translate(&t);
    if (result == PW_OK) {
        *offsets = t.offsets;
        t.offsets = NULL;
    }
    release(&t);
    return result;
}

pw_result pwi_translate_ref_map(pw_store *store, pw_module *module, pw_code *code, pw_ref_map **map) {
    pw_translator t = translator_of(store, module, code);
    t.mapping = true;
    pw_result result = translate(&t);
    *map = result == PW_OK ? pwi_ref_map_make(&t) : NULL;
    release(&t);
    return result == PW_OK && *map == NULL ? PW_ERR_NO_MEMORY : result;
}

pw_result pwi_translate_places(pw_module *module, pw_code *code, struct pw_place_search *search) {
    pw_translator t = translator_of(NULL, module, code);
    t.search = search;
    pw_result result = translate(&t);
    release(&t);
    return result;
}

pw_result pwi_translate_once(pw_store *store, pw_module *module, pw_code *code) {
    pwi_mutex_lock(&module->code_lock);
    bool is_made = code->state != 0;
    pwi_mutex_unlock(&module->code_lock);
    return is_made ? PW_OK : pwi_translate(store, module, code);
}

pw_result pwi_run_translate(pw_run *run) {
    pw_code *code = (pw_code *)(uintptr_t)((uintptr_t)run->pc - offsetof(pw_code, stub));
    pw_result result = pwi_translate_once(run->context->store, run->context->module, code);
    if (result != PW_OK) { /* the caller is the innermost frame then */
        run->pc = (const pw_cell *)(uintptr_t)run->accumulator;
        run->fp -= pwi_lane(run->pc - 2, 0);
        return result == PW_ERR_NO_MEMORY ? pwi_no_memory_in_call(run) : result;
    }
    run->pc = code->cells;
    return PW_OK;
}
