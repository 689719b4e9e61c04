/* spec_driver.c - runs one compiled script of the official suite through pywasi.h, without Python.
 *
 *   spec_driver [--shell goto|switch|tail] [--without FEATURE,...] [--fuel N [--moves N]] FILE
 *
 * With --fuel every call is interrupted each time that N units of fuel are used up, at host functions and at polls, and
 * resumed. With --moves the first N calls that stand still so are saved and resumed as they come from the bytes of the snapshot.
 *
 * FILE comes from tests/spec/compile_script.py; its docstring is the format. For every command that does not go
 * as the script demands there is one line on stdout, and at the end the totals:
 *
 *   fail LINE what happened
 *   blocked LINE ROOT          stands on the module of line ROOT, which failed
 *   totals PASSED FAILED BLOCKED TEXT
 *
 * Exit code 0 when the script ran to its end, whatever it found (tests/spec/test_spec_driver.py compares with the
 * lists of expected failures); 2 when the file or the arguments are unusable. */
#include "pywasi.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec_file.h"

#define MAX_REGISTERED 256
#define MAX_IMPORTS 512
#define HOST_OBJECTS 4096
#ifdef PW_TORTURE
#define MOST_POLLS 2000000000 /* every branch polls: minutes too */
#else
#define MOST_POLLS 120000 /* two minutes or so of one command: it hangs */
#endif
#define NOTHING 0xffffffffu

enum status { PASSED, FAILED, BLOCKED, TEXT, STATUS_COUNT };

/* A module or an instance; broken is the line to blame when it could not be made. */
typedef struct module_slot {
    pw_module *module;
    uint32_t broken;
} module_slot;

typedef struct instance_slot {
    pw_instance *instance;
    uint32_t broken;
} instance_slot;

typedef struct registration {
    span name;
    uint32_t instance_slot;
} registration;

typedef struct named_extern {
    const char *name;
    pw_extern value;
} named_extern;

typedef struct driver {
    pw_engine *engine;
    pw_store *store;
    pw_compile_config config;
    module_slot *modules;
    instance_slot *instances;
    uint32_t module_count;
    uint32_t instance_count;
    registration registered[MAX_REGISTERED];
    uint32_t registered_count;
    named_extern spectest[16];
    uint32_t spectest_count;
    uint32_t counts[STATUS_COUNT];
    uint64_t fuel;     /* of one stretch; 0: nothing is counted */
    uint64_t moves;    /* through snapshots that are to be made still */
    bool resumable;    /* the running call is gone on with */
    bool waits;        /* the last host function or poll suspended it */
    uint32_t polls;    /* of the command that runs, about one a millisecond */
    uint32_t line;     /* of the command that runs */
    uint32_t root;     /* of a BLOCKED command */
    char detail[700];  /* of a FAILED command */
} driver;

/* How an action or a module ended: the verdict's letter, or 0 when it ended well. */
typedef struct ending {
    char verdict;
    char text[PW_ERROR_TEXT];
    uint32_t value_count;
    value *values; /* owned */
} ending;

/* Host object number n is the address of byte n. */
static char host_objects[HOST_OBJECTS];

static enum status fail(driver *d, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(d->detail, sizeof d->detail, format, arguments);
    va_end(arguments);
    return FAILED;
}

static enum status blocked_by(driver *d, uint32_t root)
{
    d->root = root;
    return BLOCKED;
}

/* ---- endings ---------------------------------------------------------------------------------------------------- */

static char verdict_of(pw_result result, pw_trap_kind trap)
{
    switch (result) {
    case PW_OK: return 0;
    case PW_ERR_MALFORMED: return 'm';
    case PW_ERR_INVALID: return 'i';
    case PW_ERR_UNLINKABLE: return 'u';
    case PW_ERR_TRAP: return trap == PW_TRAP_STACK_EXHAUSTED ? 'x' : 't';
    case PW_ERR_EXCEPTION: return 'E';
    default: return '?';
    }
}

/* A module refused for want of a feature (csrc/wasm/features.c): no verdict on the module. */
static bool is_unsupported(const pw_error *error)
{
    return strstr(error->text, "this build does not support") != NULL;
}

static const char *verdict_word(char verdict)
{
    switch (verdict) {
    case 'm': return "malformed";
    case 'i': return "invalid";
    case 'u': return "unlinkable";
    case 't': return "trap";
    case 'x': return "exhaustion";
    case 'E': return "exception";
    case 'S': return "suspension";
    default: return "an error that is no verdict";
    }
}

/* Notes how a call into the library ended; a trap is told in the spec's words. */
static void note_ending(ending *end, pw_result result, const pw_error *error)
{
    end->verdict = result == PW_ERR_INVALID && is_unsupported(error) ? '?' : verdict_of(result, error->trap);
    bool is_trap = result == PW_ERR_TRAP && error->trap != PW_TRAP_HOST;
    snprintf(end->text, sizeof end->text, "%s", is_trap ? pw_trap_text(error->trap) : error->text);
}

/* The suite's rule: the expected text starts the actual one; a shorter wording of ours counts as well. */
static bool is_same_message(span expected, const char *actual)
{
    size_t length = strlen(actual);
    size_t shared = length < expected.size ? length : expected.size;
    return (length > 0 || expected.size == 0) && memcmp(expected.bytes, actual, shared) == 0;
}

static enum status judge_failure(driver *d, char wanted, span message, const ending *end)
{
    if (end->verdict == 0)
        return fail(d, "expected %s (%.*s), but it ended well", verdict_word(wanted), (int)message.size,
                    (const char *)message.bytes);
    if (end->verdict != wanted)
        return fail(d, "expected %s, got %s: %s", verdict_word(wanted), verdict_word(end->verdict), end->text);
    bool words_matter = wanted == 't' || wanted == 'x';
    if (words_matter && !is_same_message(message, end->text))
        return fail(d, "expected '%.*s', got '%s'", (int)message.size, (const char *)message.bytes, end->text);
    return PASSED;
}

/* ---- modules and instances -------------------------------------------------------------------------------------- */

static bool name_is(pw_name name, const void *bytes, size_t size)
{
    return name.length == size && memcmp(name.bytes, bytes, size) == 0;
}

static bool find_export(pw_instance *instance, const void *bytes, size_t size, pw_extern *out)
{
    const pw_module *module = pw_instance_module(instance);
    for (size_t i = 0; i < pw_module_export_count(module); i++) {
        pw_export_type type;
        pw_module_export(module, i, &type);
        if (name_is(type.name, bytes, size)) {
            pw_instance_export(instance, i, out);
            return true;
        }
    }
    return false;
}

/* What is registered last under a name hides the earlier ones. */
static const instance_slot *find_registered(const driver *d, pw_name name)
{
    for (uint32_t i = d->registered_count; i-- > 0;)
        if (name_is(name, d->registered[i].name.bytes, d->registered[i].name.size))
            return &d->instances[d->registered[i].instance_slot];
    return NULL;
}

static bool find_import(const driver *d, const pw_import_type *import, pw_extern *out)
{
    const instance_slot *provider = find_registered(d, import->module);
    if (provider != NULL)
        return find_export(provider->instance, import->name.bytes, import->name.length, out);
    if (!name_is(import->module, "spectest", 8))
        return false;
    for (uint32_t i = 0; i < d->spectest_count; i++) {
        if (name_is(import->name, d->spectest[i].name, strlen(d->spectest[i].name))) {
            *out = d->spectest[i].value;
            return true;
        }
    }
    return false;
}

/* Joins a module with its imports. BLOCKED when one of them comes from a broken instance. */
static enum status link_module(driver *d, pw_module *module, pw_instance **instance, ending *end)
{
    pw_extern imports[MAX_IMPORTS];
    size_t count = pw_module_import_count(module);
    if (count > MAX_IMPORTS)
        return fail(d, "more than %d imports", MAX_IMPORTS);
    for (size_t i = 0; i < count; i++) {
        pw_import_type import;
        pw_module_import(module, i, &import);
        const instance_slot *provider = find_registered(d, import.module);
        if (provider != NULL && provider->instance == NULL)
            return blocked_by(d, provider->broken);
        if (!find_import(d, &import, &imports[i])) {
            end->verdict = 'u';
            snprintf(end->text, sizeof end->text, "unknown import");
            return PASSED;
        }
    }
    pw_error error;
    pw_error_clear(&error);
    pw_store_set_fuel(d->store, UINT64_MAX); /* start functions cannot be resumed */
    pw_result result = pw_instance_new(d->store, module, imports, count, instance, &error);
    note_ending(end, result, &error);
    return PASSED;
}

static void compile_module(driver *d, span wasm, pw_module **module, ending *end)
{
    pw_error error;
    pw_error_clear(&error);
    pw_result result = pw_module_new(d->engine, wasm.bytes, wasm.size, &d->config, module, &error);
    note_ending(end, result, &error);
}

static enum status instantiate(driver *d, uint32_t module_index, uint32_t instance_index)
{
    instance_slot *slot = &d->instances[instance_index];
    module_slot *from = &d->modules[module_index];
    if (from->module == NULL) {
        slot->broken = from->broken;
        return from->broken == d->line ? FAILED : blocked_by(d, from->broken);
    }
    ending end = {0};
    enum status status = link_module(d, from->module, &slot->instance, &end);
    slot->broken = status == BLOCKED ? d->root : d->line;
    if (status == PASSED && end.verdict != 0)
        return fail(d, "%s: %s", verdict_word(end.verdict), end.text);
    return status;
}

/* ---- actions ---------------------------------------------------------------------------------------------------- */

static bool store_argument(driver *d, const value *argument, pw_val_type type, pw_slot *slots)
{
    uint32_t kind = PW_TYPE_KIND(type);
    slots[0] = argument->low;
    switch (argument->type) {
    case 'i': return kind == PW_KIND_I32;
    case 'I': return kind == PW_KIND_I64;
    case 'f': return kind == PW_KIND_F32;
    case 'F': return kind == PW_KIND_F64;
    case 'v': slots[1] = argument->high; return kind == PW_KIND_V128;
    case 'n': slots[0] = 0; return kind == PW_KIND_REF_NULL;
    case 'h':
    case 'x':
        return argument->low < HOST_OBJECTS &&
               pw_extern_new(d->store, &host_objects[argument->low], slots) == PW_OK;
    default: return false;
    }
}

static value load_result(pw_val_type type, const pw_slot *slots)
{
    value result = {'?', slots[0], 0};
    uint32_t heap = PW_TYPE_HEAP(type);
    switch (PW_TYPE_KIND(type)) {
    case PW_KIND_I32: result.type = 'i'; break;
    case PW_KIND_I64: result.type = 'I'; break;
    case PW_KIND_F32: result.type = 'f'; break;
    case PW_KIND_F64: result.type = 'F'; break;
    case PW_KIND_V128: result.type = 'v'; result.high = slots[1]; break;
    default:
        if (slots[0] == 0)
            result.type = 'n';
        else if (pw_ref_kind_of(slots[0]) == PW_REF_KIND_HOST) {
            result.type = heap == PW_HEAP_EXTERN ? 'x' : 'h';
            result.low = (uint64_t)((const char *)pw_extern_host(slots[0]) - host_objects);
        } else if (heap == PW_HEAP_EXTERN)
            result.type = 'x'; /* an object of the module seen from outside */
        else if (pw_ref_kind_of(slots[0]) == PW_REF_KIND_FUNC)
            result.type = 'u';
    }
    return result;
}

static bool interrupted(const driver *d, pw_result result)
{
    return result == PW_ERR_SUSPENDED || (result == PW_ERR_TRAP && pw_store_error(d->store)->trap == PW_TRAP_OUT_OF_FUEL);
}

typedef struct written {
    uint8_t *bytes;
    size_t size;
} written;

static pw_result append(void *env, const uint8_t *bytes, size_t size)
{
    written *to = env;
    uint8_t *grown = realloc(to->bytes, to->size + size + 1);
    if (grown == NULL)
        return PW_ERR_NO_MEMORY;
    to->bytes = grown;
    memcpy(grown + to->size, bytes, size);
    to->size += size;
    return PW_OK;
}

/* The call as it comes back from a snapshot, where the state of its instance can be saved. Then nothing else may fail. */
static pw_suspended *moved(driver *d, pw_suspended *suspended)
{
    uint32_t index;
    uint64_t fuel;
    written to = {NULL, 0};
    pw_instance *instance = pw_func_instance(pw_suspended_func(suspended), &index);
    pw_snapshot *saved = NULL, *back = NULL;
    pw_error error;
    if (d->moves == 0 || pw_snapshot_take(instance, &saved, &error) != PW_OK)
        return suspended;
    d->moves--;
    if (pw_snapshot_calls(saved, &fuel) != 1 || pw_snapshot_write(saved, append, &to) != PW_OK ||
        pw_snapshot_read(pw_instance_module(instance), to.bytes, to.size, &back, &error) != PW_OK ||
        pw_snapshot_restore(back, instance, &error) != PW_OK || !pw_suspended_ended(suspended)) {
        fprintf(stderr, "spec_driver: line %u: a saved call was refused: %s\n", d->line, error.text);
        exit(2);
    }
    pw_suspended_drop(suspended);
    pw_snapshot_free(saved);
    pw_snapshot_free(back);
    free(to.bytes);
    return pw_instance_take_suspended(instance);
}

/* With fuel for so many units at a time; more where a block costs more, and after many stretches: each copies all
 * frames, and some calls recurse until the stack ends. */
static pw_result call_in_stretches(driver *d, pw_func *func, pw_slot *slots)
{
    uint64_t least = d->fuel, fuel = least;
    uint32_t stretches = 0;
    d->resumable = true;
    pw_store_set_fuel(d->store, fuel);
    pw_result result = pw_func_call(func, slots);
    while (interrupted(d, result)) {
        pw_suspended *suspended = pw_store_take_suspended(d->store);
        if (suspended == NULL)
            break;
        d->resumable = ++stretches < 1000;
        if (!d->resumable && least < INT64_MAX / 2)
            least *= 2;
        fuel = pw_store_fuel(d->store) == fuel ? 2 * fuel : least;
        pw_store_set_fuel(d->store, fuel);
        suspended = moved(d, suspended);
        result = pw_suspended_resume(&suspended, slots);
    }
    d->resumable = false;
    return result;
}

static enum status call(driver *d, pw_func *func, const action *what, ending *end)
{
    pw_func_type type;
    pw_func_type_of(func, &type);
    if (type.param_count != what->argument_count)
        return fail(d, "%u arguments for %u parameters", what->argument_count, type.param_count);
    pw_slot *slots = calloc(2 * ((size_t)type.param_count + type.result_count) + 1, sizeof *slots);
    end->values = calloc((size_t)type.result_count + 1, sizeof *end->values);
    enum status status = slots != NULL && end->values != NULL ? PASSED : fail(d, "out of memory");
    pw_slot *at = slots;
    for (uint32_t i = 0; i < type.param_count && status == PASSED; i++) {
        if (!store_argument(d, &what->arguments[i], type.params[i], at))
            status = fail(d, "argument %u does not fit its parameter", i);
        at += pw_type_slots(type.params[i]);
    }
    if (status == PASSED) {
        pw_result result = call_in_stretches(d, func, slots);
        note_ending(end, result, pw_store_error(d->store));
        at = slots;
        for (uint32_t i = 0; i < type.result_count && result == PW_OK; i++) {
            end->values[end->value_count++] = load_result(type.results[i], at);
            at += pw_type_slots(type.results[i]);
        }
    }
    free(slots);
    return status;
}

static enum status get_global(driver *d, const pw_global *global, ending *end)
{
    pw_global_type type;
    pw_slot slots[2] = {0, 0};
    pw_global_type_of(global, &type);
    pw_global_get(global, slots);
    end->values = calloc(1, sizeof *end->values);
    if (end->values == NULL)
        return fail(d, "out of memory");
    end->values[end->value_count++] = load_result(type.type, slots);
    return PASSED;
}

static enum status perform(driver *d, const action *what, ending *end)
{
    if (what->instance_slot >= d->instance_count)
        return fail(d, "no instance");
    const instance_slot *slot = &d->instances[what->instance_slot];
    if (slot->instance == NULL)
        return blocked_by(d, slot->broken);
    pw_extern found;
    pw_extern_kind kind = what->is_get ? PW_EXTERN_GLOBAL : PW_EXTERN_FUNC;
    if (!find_export(slot->instance, what->name.bytes, what->name.size, &found) || found.kind != kind)
        return fail(d, "no such export");
    return what->is_get ? get_global(d, found.of.global, end) : call(d, found.of.func, what, end);
}

/* ---- commands --------------------------------------------------------------------------------------------------- */

static enum status run_module(driver *d, cursor *in)
{
    uint32_t module_index = read_index(in, d->module_count);
    uint32_t instance_index = read_u32(in);
    span wasm = read_span(in);
    if (instance_index != NOTHING && instance_index >= d->instance_count)
        in->ok = false;
    if (in->ok && d->modules[module_index].module != NULL)
        in->ok = false; /* a slot is filled once */
    if (!in->ok)
        return FAILED;
    ending end = {0};
    module_slot *slot = &d->modules[module_index];
    compile_module(d, wasm, &slot->module, &end);
    enum status status = PASSED;
    if (end.verdict != 0) {
        slot->broken = d->line;
        status = fail(d, "%s: %s", verdict_word(end.verdict), end.text);
    }
    if (instance_index != NOTHING)
        status = instantiate(d, module_index, instance_index);
    return status;
}

static enum status run_instantiate(driver *d, cursor *in)
{
    uint32_t module_index = read_index(in, d->module_count);
    uint32_t instance_index = read_index(in, d->instance_count);
    return in->ok ? instantiate(d, module_index, instance_index) : FAILED;
}

static enum status run_register(driver *d, cursor *in)
{
    uint32_t index = read_index(in, d->instance_count);
    span name = read_span(in);
    if (!in->ok)
        return FAILED;
    if (d->registered_count == MAX_REGISTERED)
        return fail(d, "more than %d registered names", MAX_REGISTERED);
    d->registered[d->registered_count++] = (registration){name, index};
    return d->instances[index].instance != NULL ? PASSED : blocked_by(d, d->instances[index].broken);
}

static enum status check_results(driver *d, cursor *in, const ending *end)
{
    uint32_t count = read_u32(in);
    bool all_match = count == end->value_count;
    for (uint32_t i = 0; i < count && in->ok; i++) {
        static const value none = {0, 0, 0};
        bool matches = read_and_match(in, i < end->value_count ? &end->values[i] : &none);
        if (!matches && all_match) {
            const value *got = &end->values[i];
            fail(d, "result %u is %c:0x%" PRIx64 "%016" PRIx64 ", not what was expected", i, got->type, got->high,
                 got->low);
            all_match = false;
        }
    }
    if (count != end->value_count)
        fail(d, "%u results, expected %u", end->value_count, count);
    return all_match ? PASSED : FAILED;
}

static enum status run_action(driver *d, cursor *in, bool has_results)
{
    ending end = {0};
    action what;
    if (!read_action(in, &what))
        return FAILED;
    enum status status = perform(d, &what, &end);
    bool went_well = status == PASSED && end.verdict == 0;
    if (status == PASSED && end.verdict != 0)
        status = fail(d, "%s: %s", verdict_word(end.verdict), end.text);
    if (has_results && went_well)
        status = check_results(d, in, &end);
    else if (has_results)
        skip_patterns(in);
    free(end.values);
    free(what.arguments);
    return status;
}

static enum status run_failing_action(driver *d, cursor *in)
{
    ending end = {0};
    action what;
    char verdict = (char)read_u8(in);
    if (!read_action(in, &what))
        return FAILED;
    span message = read_span(in);
    enum status status = in->ok ? perform(d, &what, &end) : FAILED;
    if (status == PASSED)
        status = judge_failure(d, verdict, message, &end);
    free(end.values);
    free(what.arguments);
    return status;
}

static enum status run_failing_module(driver *d, cursor *in)
{
    char verdict = (char)read_u8(in);
    span wasm = read_span(in);
    span message = read_span(in);
    if (!in->ok)
        return FAILED;
    ending end = {0};
    pw_module *module = NULL;
    pw_instance *instance = NULL;
    enum status status = PASSED;
    compile_module(d, wasm, &module, &end);
    if (end.verdict == 0 && verdict != 'm' && verdict != 'i')
        status = link_module(d, module, &instance, &end);
    if (module != NULL)
        pw_module_free(module);
    return status == PASSED ? judge_failure(d, verdict, message, &end) : status;
}

static enum status run_failed_before(driver *d, cursor *in)
{
    uint32_t module_index = read_u32(in);
    uint32_t instance_index = read_u32(in);
    span why = read_span(in);
    if (module_index < d->module_count)
        d->modules[module_index].broken = d->line;
    if (instance_index < d->instance_count)
        d->instances[instance_index].broken = d->line;
    return fail(d, "%.*s", (int)(why.size < 500 ? why.size : 500), (const char *)why.bytes);
}

static enum status run_command(driver *d, cursor *in)
{
    uint8_t letter = read_u8(in);
    d->line = read_u32(in);
    d->detail[0] = 0;
    d->polls = 0;
    switch (letter) {
    case 'M': return run_module(d, in);
    case 'I': return run_instantiate(d, in);
    case 'R': return run_register(d, in);
    case 'A': return run_action(d, in, false);
    case 'E': return run_action(d, in, true);
    case 'F': return run_failing_action(d, in);
    case 'B': return run_failing_module(d, in);
    case 'X': return run_failed_before(d, in);
    case 'T': return TEXT;
    default: in->ok = false; return FAILED;
    }
}

/* ---- spectest --------------------------------------------------------------------------------------------------- */

/* Every other time that it can be. */
static bool may_wait(driver *d)
{
    return d->fuel != 0 && d->resumable && (d->waits = !d->waits);
}

static pw_result print_nothing(void *env, pw_instance *caller, pw_slot *slots)
{
    (void)caller;
    (void)slots;
    return pw_store_can_suspend(((driver *)env)->store) && may_wait(env) ? PW_ERR_SUSPENDED : PW_OK;
}

static bool add_print(driver *d, const char *name, uint32_t count, const pw_val_type *params)
{
    named_extern *entry = &d->spectest[d->spectest_count++];
    pw_func_type type = {count, 0, params, NULL};
    entry->name = name;
    entry->value.kind = PW_EXTERN_FUNC;
    return pw_func_new(d->store, &type, print_nothing, d, NULL, &entry->value.of.func) == PW_OK;
}

static bool add_global(driver *d, const char *name, pw_val_type value_type, pw_slot bits)
{
    named_extern *entry = &d->spectest[d->spectest_count++];
    pw_global_type type = {value_type, false};
    entry->name = name;
    entry->value.kind = PW_EXTERN_GLOBAL;
    return pw_global_new(d->store, &type, &bits, &entry->value.of.global) == PW_OK;
}

static bool add_table(driver *d, const char *name, bool is64)
{
    named_extern *entry = &d->spectest[d->spectest_count++];
    pw_table_type type = {PW_FUNCREF, {.min = 10, .max = 20, .has_max = true, .is64 = is64}};
    entry->name = name;
    entry->value.kind = PW_EXTERN_TABLE;
    return pw_table_new(d->store, &type, 0, &entry->value.of.table) == PW_OK;
}

/* The module that every script may import from (interpreter/README.md of the specification). */
static bool make_spectest(driver *d)
{
    static const pw_val_type i32_f32[] = {PW_I32, PW_F32}, f64_f64[] = {PW_F64, PW_F64}, i64[] = {PW_I64};
    pw_limits limits = {.min = 1, .max = 2, .has_max = true, .page_bits = 16};
    bool ok = add_print(d, "print", 0, NULL) && add_print(d, "print_i32", 1, i32_f32) &&
              add_print(d, "print_i64", 1, i64) && add_print(d, "print_f32", 1, i32_f32 + 1) &&
              add_print(d, "print_f64", 1, f64_f64) && add_print(d, "print_i32_f32", 2, i32_f32) &&
              add_print(d, "print_f64_f64", 2, f64_f64) && add_global(d, "global_i32", PW_I32, 666) &&
              add_global(d, "global_i64", PW_I64, 666) && add_global(d, "global_f32", PW_F32, 0x4426a666) &&
              add_global(d, "global_f64", PW_F64, 0x4084d4cccccccccd) && add_table(d, "table", false);
    named_extern *memory = &d->spectest[d->spectest_count++];
    memory->name = "memory";
    memory->value.kind = PW_EXTERN_MEMORY;
    ok = ok && pw_memory_new(d->store, &limits, &memory->value.of.memory) == PW_OK;
    if ((pw_features_supported() & PW_FEATURE_MASK(MEMORY64)) != 0)
        ok = ok && add_table(d, "table64", true);
    return ok;
}

/* ---- main ------------------------------------------------------------------------------------------------------- */

static bool run_file(driver *d, cursor *in)
{
    if (!read_magic(in))
        return false;
    d->module_count = read_u32(in);
    d->instance_count = read_u32(in);
    d->modules = calloc((size_t)d->module_count + 1, sizeof *d->modules);
    d->instances = calloc((size_t)d->instance_count + 1, sizeof *d->instances);
    if (d->modules == NULL || d->instances == NULL)
        return false;
    while (in->ok && in->at < in->end) {
        enum status status = run_command(d, in);
        if (!in->ok)
            break;
        d->counts[status]++;
        if (status == FAILED)
            printf("fail %u %s\n", d->line, d->detail);
        else if (status == BLOCKED)
            printf("blocked %u %u\n", d->line, d->root);
        fflush(stdout); /* a crash must not take what was found with it */
    }
    printf("totals %u %u %u %u\n", d->counts[PASSED], d->counts[FAILED], d->counts[BLOCKED], d->counts[TEXT]);
    return in->ok;
}

static pw_result poll(void *env)
{
    driver *d = env;
    if (++d->polls >= MOST_POLLS)
        return PW_ERR_HOST;
    return pw_store_can_give_way(d->store) && may_wait(d) ? PW_ERR_SUSPENDED : PW_OK;
}

static bool start(driver *d, const char *shell)
{
    pw_engine_config config = {PW_SHELL_DEFAULT};
    if (shell != NULL && strcmp(shell, "goto") == 0)
        config.shell = PW_SHELL_ID_GOTO;
    else if (shell != NULL && strcmp(shell, "switch") == 0)
        config.shell = PW_SHELL_ID_SWITCH;
    else if (shell != NULL && strcmp(shell, "tail") == 0)
        config.shell = PW_SHELL_ID_TAIL;
    else if (shell != NULL)
        return false;
    pw_store_limits limits = {.instances = 100000};
    if (pw_engine_new(&config, &d->engine) != PW_OK || pw_store_new(d->engine, &limits, &d->store) != PW_OK)
        return false;
    if (d->fuel != 0 && pw_store_count_fuel(d->store) != PW_OK)
        return false;
    pw_store_set_poll(d->store, poll, d);
    return make_spectest(d);
}

static void stop(driver *d)
{
    for (uint32_t i = 0; i < d->module_count && d->modules != NULL; i++)
        if (d->modules[i].module != NULL)
            pw_module_free(d->modules[i].module);
    if (d->store != NULL)
        pw_store_free(d->store);
    if (d->engine != NULL)
        pw_engine_free(d->engine);
    free(d->modules);
    free(d->instances);
}

/* Takes the features of a list, divided by commas, away from all; false when there is none of that name. */
static bool without(pw_features *features, const char *names)
{
    while (*names != 0) {
        size_t length = strcspn(names, ",");
        uint32_t bit = 0;
        const char *text;
        while ((text = pw_feature_text(bit)) != NULL && (strlen(text) != length || memcmp(text, names, length) != 0))
            bit++;
        if (text == NULL)
            return false;
        *features &= ~((pw_features)1 << bit);
        names += length + (names[length] == ',');
    }
    return true;
}

int main(int argc, char **argv)
{
    static driver d; /* too large for the stack of some systems */
    const char *shell = NULL;
    bool ok = argc % 2 == 0;
    d.config.features = pw_features_supported();
    for (int i = 1; i + 2 < argc && ok; i += 2) {
        if (strcmp(argv[i], "--shell") == 0)
            shell = argv[i + 1];
        else if (strcmp(argv[i], "--fuel") == 0)
            ok = (d.fuel = strtoull(argv[i + 1], NULL, 10)) != 0;
        else if (strcmp(argv[i], "--moves") == 0)
            d.moves = strtoull(argv[i + 1], NULL, 10);
        else
            ok = strcmp(argv[i], "--without") == 0 && without(&d.config.features, argv[i + 1]);
    }
    if (!ok) {
        fprintf(stderr, "usage: spec_driver [--shell goto|switch|tail] [--without FEATURE,...] [--fuel N [--moves N]] FILE\n");
        return 2;
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    uint64_t moves = d.moves;
    int code = 2;
    if (!read_whole_file(argv[argc - 1], &bytes, &size))
        fprintf(stderr, "spec_driver: cannot read %s\n", argv[argc - 1]);
    else if (!start(&d, shell))
        fprintf(stderr, "spec_driver: cannot start (a shell that this build lacks, or no memory)\n");
    else {
        cursor in = {bytes, bytes + size, true};
        code = run_file(&d, &in) ? 0 : 2;
        if (code != 0)
            fprintf(stderr, "spec_driver: the file is broken after line %u of the script\n", d.line);
    }
    if (moves != 0)
        fprintf(stderr, "spec_driver: %" PRIu64 " calls went through snapshots\n", moves - d.moves);
    stop(&d);
    free(bytes);
    return code;
}
