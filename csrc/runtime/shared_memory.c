/* shared_memory.c - the bytes that stores share, and the threads that wait in them.
 *
 * Waiters are in one list, in the order of their coming, each with a condition of its own; the list, the size and the
 * comparison that begins a wait are under one lock, so that no notification is lost between comparing and waiting. */
#include "runtime/shared_memory.h"

#include "base/alloc.h"
#include "base/sync.h"
#include "base/vm.h"

/* How long a thread waits before it looks for signals, cancellation and the end of its time. */
#define WAIT_SLICE_NS 20000000

typedef struct waiter {
    const uint8_t *at;
    struct waiter *next;
    bool woken;
    pwi_condition condition;
} waiter;

struct pwi_shared_memory {
    uint32_t references;
    uint8_t *base;
    uint64_t size; /* read from any thread, written under the lock */
    uint64_t most;
    size_t reserved;
    pwi_mutex lock;
    waiter *first;
};

static uint64_t round_to_page(uint64_t bytes)
{
    uint64_t page = pwi_vm_page_size();
    return (bytes + page - 1) / page * page;
}

pw_result pwi_shared_make(uint64_t size, uint64_t most, pwi_shared_memory **shared)
{
    *shared = NULL;
    if (most > SIZE_MAX / 2)
        return PW_ERR_NO_MEMORY;
    pwi_shared_memory *self = pwi_alloc_zero(1, sizeof *self);
    if (!self)
        return PW_ERR_NO_MEMORY;
    self->references = 1;
    self->size = size;
    self->most = most;
    self->reserved = (size_t)(round_to_page(most ? most : 1) + pwi_vm_page_size());
    if (!pwi_mutex_init(&self->lock)) {
        pwi_free(self);
        return PW_ERR_NO_MEMORY;
    }
    self->base = pwi_vm_reserve(self->reserved);
    if (!self->base || (size && !pwi_vm_commit(self->base, (size_t)round_to_page(size)))) {
        pwi_shared_release(self);
        return PW_ERR_NO_MEMORY;
    }
    *shared = self;
    return PW_OK;
}

void pwi_shared_retain(pwi_shared_memory *shared)
{
    pwi_ref_inc(&shared->references);
}

void pwi_shared_release(pwi_shared_memory *shared)
{
    if (!pwi_ref_dec(&shared->references))
        return;
    if (shared->base)
        pwi_vm_release(shared->base, shared->reserved);
    pwi_mutex_destroy(&shared->lock);
    pwi_free(shared);
}

uint8_t *pwi_shared_base(const pwi_shared_memory *shared)
{
    return shared->base;
}

uint64_t pwi_shared_size(const pwi_shared_memory *shared)
{
    return pwi_load_u64_acquire(&shared->size);
}

pw_result pwi_shared_grow(pwi_shared_memory *shared, uint64_t more, uint64_t *before)
{
    pw_result result = PW_OK;
    pwi_mutex_lock(&shared->lock);
    *before = shared->size;
    if (more > shared->most - shared->size) {
        result = PW_ERR_LIMIT;
    } else {
        uint64_t from = round_to_page(shared->size), to = round_to_page(shared->size + more);
        if (from != to && !pwi_vm_commit(shared->base + from, (size_t)(to - from)))
            result = PW_ERR_LIMIT;
        else
            pwi_store_u64_release(&shared->size, shared->size + more);
    }
    pwi_mutex_unlock(&shared->lock);
    return result;
}

static bool has_value(const uint8_t *at, bool is64, uint64_t expected)
{
    return is64 ? pwi_load_u64_acquire((const uint64_t *)(const void *)at) == expected
                : pwi_load_u32_acquire((const uint32_t *)(const void *)at) == (uint32_t)expected;
}

static void add(pwi_shared_memory *shared, waiter *one)
{
    waiter **link = &shared->first;
    while (*link)
        link = &(*link)->next;
    *link = one;
}

static void take_out(pwi_shared_memory *shared, const waiter *one)
{
    for (waiter **link = &shared->first; *link; link = &(*link)->next) {
        if (*link == one) {
            *link = one->next;
            return;
        }
    }
}

/* The lock is held, and let go around the poll: its hooks may take a lock that the notifying thread has. */
static pw_result sleep_until_woken(pwi_shared_memory *shared, waiter *self, int64_t timeout,
                                   const pwi_wait_poll *poll)
{
    uint64_t start = pwi_monotonic_ns();
    while (!self->woken) {
        uint64_t spent = pwi_monotonic_ns() - start, slice = WAIT_SLICE_NS;
        if (timeout >= 0 && spent >= (uint64_t)timeout)
            break;
        if (timeout >= 0 && (uint64_t)timeout - spent < slice)
            slice = (uint64_t)timeout - spent;
        pwi_condition_wait(&self->condition, &shared->lock, slice);
        if (self->woken || !poll->poll)
            continue;
        pwi_mutex_unlock(&shared->lock);
        pw_result result = poll->poll(poll->env);
        pwi_mutex_lock(&shared->lock);
        if (result != PW_OK && !self->woken)
            return result;
    }
    return PW_OK;
}

pw_result pwi_shared_wait(pwi_shared_memory *shared, const uint8_t *at, bool is64, uint64_t expected, int64_t timeout,
                          const pwi_wait_poll *poll, uint32_t *answer)
{
    waiter self = {.at = at};
    pw_result result = PW_OK;
    if (!pwi_condition_init(&self.condition))
        return PW_ERR_NO_MEMORY;
    pwi_mutex_lock(&shared->lock);
    if (!has_value(at, is64, expected)) {
        *answer = PWI_WAIT_NOT_EQUAL;
    } else {
        add(shared, &self);
        result = sleep_until_woken(shared, &self, timeout, poll);
        if (!self.woken)
            take_out(shared, &self);
        *answer = self.woken ? PWI_WAIT_OK : PWI_WAIT_TIMED_OUT;
    }
    pwi_mutex_unlock(&shared->lock);
    pwi_condition_destroy(&self.condition);
    return result;
}

uint32_t pwi_shared_notify(pwi_shared_memory *shared, const uint8_t *at, uint32_t count)
{
    uint32_t woken = 0;
    pwi_mutex_lock(&shared->lock);
    for (waiter **link = &shared->first; *link && woken < count;) {
        waiter *one = *link;
        if (one->at != at) {
            link = &one->next;
            continue;
        }
        *link = one->next;
        one->woken = true;
        pwi_condition_wake(&one->condition);
        woken++;
    }
    pwi_mutex_unlock(&shared->lock);
    return woken;
}
