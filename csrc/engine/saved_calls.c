/* saved_calls.c - saved calls checked, and made to stand still again. */
#include "engine/saved_calls.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "wasm/instr_reader.h"
#include "wasm/op_info.h"

#ifndef PW_VERSION
#define PW_VERSION ""
#endif

/* FNV-1a over the version, the number of handlers and the feature that places depend on: what the translator does. */
uint64_t pwi_call_build(void)
{
    static const char text[] = PW_VERSION;
    uint64_t hash = 0xcbf29ce484222325u ^ PW_HANDLER_COUNT;
    for (size_t i = 0; i < sizeof text; i++)
        hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3u;
    return hash;
}

/* ---- checking -------------------------------------------------------------------------------------------------------- */

static pw_result wrong(pw_error *error, const char *what)
{
    return pwi_fail(error, PW_ERR_ARGUMENT,
                    "the snapshot holds a stopped call that its module cannot have: %s", what);
}

static bool is_defined(const pw_module *module, uint32_t func_index)
{
    return func_index >= module->imported_funcs && func_index < module->func_count;
}

static pw_result find_places(const pw_snapshot *snapshot, pw_places *places)
{
    for (size_t i = 0; i < snapshot->frame_count; i++) {
        const pw_place wanted = pwi_saved_place(&snapshot->frames[i]);
        if (pwi_places_want(places, &wanted) != PW_OK)
            return PW_ERR_NO_MEMORY;
    }
    return pwi_places_find(places);
}

/* The type of what is called at the place, a call. */
static const pw_type_record *called_type(const pw_module *module, const pw_place *place)
{
    const uint8_t *p = module->bytes + place->offset;
    uint32_t code = pwi_read_opcode(&p), index = pwi_leb_u32(&p);
    return code == PW_OP_call ? pwi_func_type_record(module, index) : module->types[index];
}

/* A frame that a tail call has put into the place of another one gives the results of that. */
static bool gives(const pw_module *module, const pw_type_record *type, const pw_type_record *wanted)
{
    if (type->func.result_count != wanted->func.result_count)
        return false;
    for (uint32_t i = 0; i < type->func.result_count; i++) {
        if (!pwi_type_matches(module->registry, type->func.results[i], wanted->func.results[i]))
            return false;
    }
    return true;
}

static bool values_fit(const pw_snapshot *snapshot, const pw_saved_frame *frame, const pw_places *places,
                       const pw_place *place)
{
    const pw_place_value *values = pwi_place_values(places, place);
    const pw_slot *slots = snapshot->frame_slots + frame->first;
    if (frame->slot_count != place->slot_count)
        return false;
    for (uint32_t i = 0; i < place->value_count; i++) {
        if (!pwi_saved_value_fits(snapshot, values[i].type, slots))
            return false;
        slots += pw_type_slots(values[i].type);
    }
    return true;
}

static const char *call_is_wrong(const pw_snapshot *snapshot, const pw_saved_call *call,
                                 const pw_places *places)
{
    const pw_module *module = snapshot->module;
    const pw_type_record *type = NULL;
    if (!is_defined(module, call->func_index) || call->frame_count == 0)
        return "its function";
    if (call->owed > INT64_MAX / 2)
        return "its fuel";
    for (uint32_t i = 0; i < call->frame_count; i++) {
        const pw_saved_frame *frame = &snapshot->frames[call->first_frame + i];
        const pw_place wanted = pwi_saved_place(frame), *place = pwi_places_get(places, &wanted);
        if (place->calls != (i > 0))
            return "a place";
        if (place->calls && !gives(module, type, called_type(module, place)))
            return "a function that was not called there";
        if (!values_fit(snapshot, frame, places, place))
            return "a value";
        type = pwi_func_type_record(module, frame->func_index);
    }
    return gives(module, type, pwi_func_type_record(module, call->func_index)) ? NULL : "its results";
}

static pw_result check(const pw_snapshot *snapshot, pw_places *places, pw_error *error)
{
    for (size_t i = 0; i < snapshot->frame_count; i++) {
        if (!is_defined(snapshot->module, snapshot->frames[i].func_index))
            return wrong(error, "a function");
    }
    pw_result result = find_places(snapshot, places);
    if (result == PW_ERR_NO_MEMORY)
        return pwi_no_memory(error);
    if (result != PW_OK)
        return wrong(error, "a place");
    for (size_t i = 0; i < snapshot->call_count; i++) {
        const char *what = call_is_wrong(snapshot, &snapshot->calls[i], places);
        if (what)
            return wrong(error, what);
    }
    return PW_OK;
}

pw_result pwi_saved_calls_check(const pw_snapshot *snapshot, pw_error *error)
{
    pw_places places = {.module = snapshot->module};
    if (snapshot->call_count == 0)
        return PW_OK;
    if (snapshot->call_build != pwi_call_build())
        return pwi_fail(
            error, PW_ERR_ARGUMENT,
            "the snapshot holds stopped calls, and another build of pywasi-native wrote them: only the same "
            "version can go on with them");
    pw_result result = check(snapshot, &places, error);
    pwi_places_free(&places);
    return result;
}

/* ---- making ---------------------------------------------------------------------------------------------------------- */

struct pw_made_calls {
    const pw_snapshot *snapshot;
    pw_places places;
    size_t count;
    struct pw_suspended *calls[];
};

/* A frame on its way to where it stands; frames are gone through from the outermost one. */
typedef struct standing {
    const pw_saved_call *call;
    uint32_t left;       /* frames, with this one */
    size_t fp;           /* in slots from the base */
    const pw_cell *back; /* to its caller */
    const pw_cell *pc;
    const pw_saved_frame *frame;
    const pw_place *place;
    const pw_code *code;
} standing;

static void find_frame(const struct pw_made_calls *made, const pw_instance *instance, standing *s)
{
    s->frame = &made->snapshot->frames[s->call->first_frame + s->left - 1];
    const pw_place wanted = pwi_saved_place(s->frame);
    s->place = pwi_places_get(&made->places, &wanted);
    s->code = &instance->codes[s->place->func_index - instance->module->imported_funcs];
    s->pc = s->code->cells + s->place->cell;
}

static standing outermost(const struct pw_made_calls *made, const pw_instance *instance, size_t index)
{
    const pw_saved_call *call = &made->snapshot->calls[index];
    standing s = {.call = call, .left = call->frame_count, .back = &instance->store->shell->halt[2]};
    find_frame(made, instance, &s);
    return s;
}

/* To the frame that this one calls. */
static bool step_in(const struct pw_made_calls *made, const pw_instance *instance, standing *s)
{
    if (--s->left == 0)
        return false;
    s->fp += pwi_lane(s->pc - 2, 0);
    s->back = s->pc;
    find_frame(made, instance, s);
    return true;
}

static pw_result translate_all(struct pw_made_calls *made, const pw_instance *instance)
{
    const pw_module *module = instance->module;
    pw_result result = PW_OK;
    for (size_t i = 0; i < made->places.count && result == PW_OK; i++)
        result = pwi_translate_once(
            NULL, instance->module, &instance->codes[made->places.items[i].func_index - module->imported_funcs]);
    return result;
}

static pw_result make_call(struct pw_made_calls *made, pw_instance *instance, size_t index, pw_error *error)
{
    const pw_stack *stack = &instance->store->stack;
    standing s = outermost(made, instance, index);
    size_t end = s.code->frame_slots;
    while (step_in(made, instance, &s) && end <= (size_t)(stack->limit - stack->base)) {
        if (s.fp + s.code->frame_slots > end)
            end = s.fp + s.code->frame_slots;
    }
    if (end > (size_t)(stack->limit - stack->base))
        return pwi_fail(error, PW_ERR_LIMIT, "a stopped call of the snapshot would pass the limit of %llu bytes of stack",
                        (unsigned long long)instance->store->limits.stack_bytes);
    struct pw_suspended *call = pwi_alloc(sizeof *call + end * sizeof(pw_slot));
    if (!call)
        return pwi_no_memory(error);
    *call = (struct pw_suspended){.func = instance->funcs[s.call->func_index],
                                  .context = instance,
                                  .pc = s.pc,
                                  .owed = s.call->owed,
                                  .fp = s.fp,
                                  .count = end,
                                  .by_fuel = true,
                                  .unclaimed = true};
    for (size_t i = 0; i < end; i++)
        call->slots[i] = 0;
    made->calls[made->count++] = call;
    return PW_OK;
}

static void drop_calls(struct pw_made_calls *made)
{
    for (size_t i = 0; i < made->count; i++)
        pwi_free(made->calls[i]);
    pwi_places_free(&made->places);
    pwi_free(made);
}

static pw_result make_calls(const pw_snapshot *snapshot, pw_instance *instance, struct pw_made_calls **out,
                            pw_error *error)
{
    *out = NULL;
    if (snapshot->call_count == 0)
        return PW_OK;
    if (!instance->store->counts_fuel)
        return pwi_fail(
            error, PW_ERR_ARGUMENT,
            "the snapshot holds a call that fuel has stopped: it goes on in stores that count fuel");
    struct pw_made_calls *made = pwi_alloc(sizeof *made + snapshot->call_count * sizeof *made->calls);
    if (!made)
        return pwi_no_memory(error);
    *made = (struct pw_made_calls){.snapshot = snapshot, .places = {.module = instance->module}};
    pw_result result = find_places(snapshot, &made->places);
    if (result == PW_OK)
        result = translate_all(made, instance);
    if (result != PW_OK)
        result = pwi_no_memory(error); /* all else has been checked */
    for (size_t i = 0; i < snapshot->call_count && result == PW_OK; i++)
        result = make_call(made, instance, i, error);
    if (result == PW_OK)
        *out = made;
    else
        drop_calls(made);
    return result;
}

/* ---- putting --------------------------------------------------------------------------------------------------------- */

static void put_frame(const pw_restoring *restoring, const struct pw_made_calls *made, const standing *s,
                      pw_slot *slots)
{
    const pw_place_value *values = pwi_place_values(&made->places, s->place);
    const pw_slot *from = made->snapshot->frame_slots + s->frame->first;
    pw_slot *fp = slots + s->fp;
    fp[s->code->return_slot] = (pw_slot)(uintptr_t)s->back;
    for (uint32_t i = 0; i < s->place->value_count; i++) {
        pw_slot *to = fp + values[i].slot;
        if (values[i].class == 'r')
            *to = pwi_restoring_reference(restoring, *from);
        else
            memcpy(to, from, pw_type_slots(values[i].type) * sizeof *to);
        from += pw_type_slots(values[i].type);
    }
}

static void put_calls(const pw_restoring *restoring, pw_instance *instance, struct pw_made_calls *made)
{
    pwi_suspended_end_all(instance);
    if (!made)
        return;
    for (size_t i = 0; i < made->count; i++) {
        standing s = outermost(made, instance, i);
        do
            put_frame(restoring, made, &s, made->calls[i]->slots);
        while (step_in(made, instance, &s));
        pwi_suspended_add(instance->store, made->calls[i]);
    }
    made->count = 0;
    drop_calls(made);
}

const pw_call_saver pwi_call_saver = {pwi_saved_calls_keep, make_calls, put_calls, drop_calls};
