/* suspend.c - interrupted calls.
 *
 * Where a call can be interrupted no accumulator is live: at a branch or an entry (polls, fuel), in a call of a host function. Registers of pinned locals are loaded from their slots when it goes on.
 */
#include "engine/suspend.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/walk.h"

static const pw_cell no_pins;

/* Lanes 1 to 3 of the cell are the slots of the code's pins. */
static const pw_cell *pins_of(const pw_shell_table *shell, const pw_code *code)
{
    bool pinned = code && code->cells[0] == shell->handlers[PW_H_enter_pins];
    return pinned ? &code->cells[3] : &no_pins;
}

static const pw_code *code_of(const struct pw_suspended *suspended)
{
    const pw_cell *inside = suspended->waiting ? suspended->pc - 1 : suspended->pc;
    return pwi_find_code(suspended->context->module, inside);
}

/* Slots from the base on that are in use. A function of the host may have taken the place of the last frame. */
static size_t count_slots(const struct pw_suspended *suspended)
{
    const pw_code *code = code_of(suspended);
    size_t end = suspended->fp + (code ? code->frame_slots : 0);
    if (suspended->waiting) {
        const pw_type_record *type = suspended->waiting->type;
        uint32_t most = type->param_slots > type->result_slots ? type->param_slots : type->result_slots;
        size_t behind = suspended->fp + pwi_lane(suspended->pc - 2, 0) + most;
        if (behind > end)
            end = behind;
    }
    return end;
}

void pwi_suspended_add(pw_store *store, struct pw_suspended *made)
{
    made->next = store->suspended;
    made->link = &store->suspended;
    if (made->next)
        made->next->link = &made->next;
    store->suspended = made;
}

static void unlink(struct pw_suspended *suspended)
{
    if (!suspended->link)
        return;
    if (suspended->next)
        suspended->next->link = suspended->link;
    *suspended->link = suspended->next;
    suspended->next = NULL;
    suspended->link = NULL;
}

static void unlink_and_free(struct pw_suspended *suspended)
{
    unlink(suspended);
    pwi_free(suspended);
}

void pwi_suspend(const pw_run *run, pw_func *func, const pw_slot *base)
{
    pw_store *store = func->store;
    pwi_suspended_sweep(store);
    if (store->last_suspended)
        unlink_and_free(pw_store_take_suspended(store));
    struct pw_suspended place = {
        .func = func,
        .context = run->context,
        .pc = run->result == PW_ERR_TRAP ? run->pc - 1 : run->pc,
        .waiting = store->waiting,
        .by_fuel = run->result == PW_ERR_TRAP,
        .base = base,
        .owed = run->result == PW_ERR_TRAP ? run->owed : 0,
        .fp = (size_t)(run->fp - base),
    };
    store->waiting = NULL;
    place.count = count_slots(&place);
    struct pw_suspended *made = pwi_alloc(sizeof *made + place.count * sizeof(pw_slot));
    if (!made)
        return;
    *made = place;
    memcpy(made->slots, base, place.count * sizeof(pw_slot));
    pwi_suspended_add(store, made);
    store->last_suspended = made;
}

pw_run pwi_suspended_run(struct pw_suspended *suspended)
{
    const pw_cell *pc = suspended->waiting ? suspended->pc : suspended->pc + 1;
    return (pw_run){.pc = pc, .fp = suspended->slots + suspended->fp, .context = suspended->context};
}

bool pwi_suspended_touches(const struct pw_suspended *suspended, const pw_instance *instance)
{
    const pw_run run = pwi_suspended_run((struct pw_suspended *)(uintptr_t)suspended);
    if (suspended->func->instance == instance)
        return true;
    for (pw_walk walk = pwi_walk_start(&run); pwi_walk_settle(&walk); pwi_walk_out(&walk)) {
        if (walk.instance == instance)
            return true;
    }
    return false;
}

void pwi_suspended_end_all(const pw_instance *instance)
{
    pw_store *store = instance->store;
    struct pw_suspended *next;
    for (struct pw_suspended *s = store->suspended; s; s = next) {
        next = s->next;
        if (!pwi_suspended_touches(s, instance))
            continue;
        if (s == store->last_suspended)
            store->last_suspended = NULL;
        else if (!s->unclaimed) {
            unlink(s); /* somebody has it still */
            s->ended = true;
            continue;
        }
        unlink_and_free(s);
    }
}

pw_suspended *pw_instance_take_suspended(pw_instance *instance)
{
    pw_suspended *oldest = NULL;
    for (pw_suspended *s = instance->store->suspended; s; s = s->next) {
        if (s->unclaimed && s->func->instance == instance)
            oldest = s;
    }
    if (oldest)
        oldest->unclaimed = false;
    return oldest;
}

bool pw_suspended_ended(const pw_suspended *suspended)
{
    return suspended->ended;
}

void pw_suspended_frames(pw_suspended *suspended, pw_error *error)
{
    const pw_run run = pwi_suspended_run(suspended);
    pw_error_clear(error);
    (void)!pwi_trap(error, PW_TRAP_OUT_OF_FUEL);
    if (!suspended->ended)
        (void)!pwi_capture_frames(&run, NULL, error);
}

pw_suspended *pw_store_take_suspended(pw_store *store)
{
    pw_suspended *taken = store->last_suspended;
    store->last_suspended = NULL;
    return taken;
}

/* Any thread may do it, also while another one is in the store: what is dropped is freed by who is. */
void pw_suspended_drop(pw_suspended *suspended)
{
    pw_store *store = suspended->func->store;
    pw_suspended *head = __atomic_load_n(&store->dropped_suspended, __ATOMIC_RELAXED);
    do
        suspended->dropped_next = head;
    while (!__atomic_compare_exchange_n(&store->dropped_suspended, &head, suspended, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
}

void pwi_suspended_sweep(pw_store *store)
{
    struct pw_suspended *dropped = __atomic_exchange_n(&store->dropped_suspended, NULL, __ATOMIC_ACQUIRE);
    while (dropped) {
        struct pw_suspended *next = dropped->dropped_next;
        unlink_and_free(dropped);
        dropped = next;
    }
}

void pwi_suspended_free_all(pw_store *store)
{
    pwi_suspended_sweep(store);
    while (store->suspended)
        unlink_and_free(store->suspended);
}

pw_func *pw_suspended_func(const pw_suspended *suspended)
{
    return suspended->func;
}

/* Each frame has been checked against the limit where it was; elsewhere it may end behind what is kept of it. */
static bool has_room(struct pw_suspended *suspended, const pw_slot *base, const pw_slot *limit)
{
    const pw_run run = pwi_suspended_run(suspended);
    if (base + suspended->count > limit)
        return false;
    if (base == suspended->base)
        return true;
    pw_walk walk;
    for (walk = pwi_walk_start(&run); pwi_walk_settle(&walk); pwi_walk_out(&walk)) {
        if (base + (walk.fp - suspended->slots) + walk.code->frame_slots > limit)
            return false;
    }
    return walk.pc == walk.halt;
}

/* The frames are copied to the top of the stack, and the suspended call is gone: it goes on once. */
pw_result pw_suspended_resume(pw_suspended **address, pw_slot *slots)
{
    pw_suspended *suspended = *address;
    pw_func *func = suspended->func, *waiting = suspended->waiting;
    pw_store *store = func->store;
    pw_slot *base = store->stack.top;
    const pw_shell_table *shell = store->shell;
    pw_error_clear(&store->error);
    if (suspended->ended)
        return pwi_fail(&store->error, PW_ERR_ARGUMENT, "the instance was reset, which ended its calls");
    if (!has_room(suspended, base, store->stack.limit) || store->nested_calls >= PW_MAX_NESTED_CALLS)
        return pwi_stack_trap(store);
    memcpy(base, suspended->slots, suspended->count * sizeof(pw_slot));
    pw_cell resume[3] = {shell->handlers[PW_H_resume], *pins_of(shell, code_of(suspended)), suspended->owed};
    pwi_set_lane(&resume[1], 0, waiting ? pwi_lane(suspended->pc - 2, 0) : 0);
    pw_run run = {
        .pc = resume,
        .fp = base + suspended->fp,
        .context = suspended->context,
        .accumulator = (uint64_t)(uintptr_t)suspended->pc,
    };
    unlink_and_free(suspended);
    *address = NULL;
    pw_result result = pwi_engine_resume(func, &run, base, waiting);
    for (uint32_t i = 0; result == PW_OK && i < func->type->result_slots; i++)
        slots[i] = base[i];
    return result;
}
