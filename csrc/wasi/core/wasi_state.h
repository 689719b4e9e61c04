/* wasi_state.h - a guest's WASI state, and one call into it. */
#ifndef PW_WASI_STATE_H
#define PW_WASI_STATE_H

#include "pywasi_wasi.h"
#include "wasi/core/fd_table.h"
#include "wasi/core/guest_memory.h"
#include "wasi/core/seen_names.h"

/* argv or the environment, as the guest gets it: strings with their NUL, one after the other. */
typedef struct pwi_strings {
    char *bytes;
    size_t size;
    size_t size_capacity;
    uint32_t *starts; /* where each begins in bytes */
    size_t count;
    size_t count_capacity;
} pwi_strings;

/* Why a call does not return to the guest (PWI_STOP). */
typedef struct pwi_stop {
    pw_result result;
    pw_trap_kind trap; /* of PW_ERR_TRAP */
    const char *text;
    uint32_t exit_code; /* of PW_ERR_EXIT */
} pwi_stop;

/* See guest_clocks.c. */
typedef struct pwi_processor_time {
    uint64_t call;  /* of the embedder, in which the guest read it last; 0: never */
    uint64_t last;  /* what the thread's clock said then */
    uint64_t total; /* what the guest was told */
} pwi_processor_time;

struct pw_wasi {
    pwi_strings args;
    pwi_strings env;
    pwi_fd_table fds;
    uint32_t granted_fds; /* as many were open at the beginning: 0 to granted_fds - 1 */
    pwi_seen_names seen_names;
    pwi_stream streams[3];
    pwi_grant *grants;
    size_t grant_count;
    pwi_grant *socket_grants;
    size_t socket_count;
    pw_wasi_resolver resolver;
    bool clock_is_fixed;
    uint64_t fixed_now; /* both clocks, when fixed */
    pwi_processor_time processor_time;
    bool random_is_seeded;
    uint64_t random_state;
    size_t max_dirents;
    pw_wasi_hooks hooks;
    bool was_denied;
    pw_wasi_denial denial;
};

/* One call of the guest. Lives on the C stack: calls nest when a callback enters the guest again. */
typedef struct pwi_call {
    pw_wasi *wasi;
    const char *name; /* "path_open" */
    uint64_t right;   /* that the first file descriptor must have, 0: none */
    pwi_guest_memory memory;
    void (*reload)(struct pwi_call *call); /* fetches `memory` again; NULL: it cannot have moved */
    pw_instance *caller;                   /* for reload */
    bool is_below;                         /* the directory last looked up is not a grant itself, */
    pwi_os_handle dir;                     /* but this one below it */
    bool was_told; /* the hook `used` was run, and may have run the guest: descriptors are looked up again */
    bool is_unstable; /* wasi_unstable: other structs, another order of whence */
    pwi_stop stop;
} pwi_call;

/* To be called after anything that may have run the embedder's code. */
static inline void pwi_call_refresh(pwi_call *call)
{
    if (call->reload)
        call->reload(call);
}

/* Ends the call with the result of an embedder's hook. */
PW_MUST_USE pwi_errno pwi_call_stop(pwi_call *call, pw_result result);
/* Ends it with the trap for a pointer outside of memory. */
PW_MUST_USE pwi_errno pwi_call_fault(pwi_call *call);

/* The bytes at a guest pointer, or a trap. */
PW_MUST_USE static inline pwi_errno pwi_call_range(pwi_call *call, uint32_t offset, uint64_t length,
                                                   uint8_t **out)
{
    *out = pwi_guest_range(&call->memory, offset, length);
    return *out ? PWI_ESUCCESS : pwi_call_fault(call);
}

/* Notes a refusal, tells the hook, returns PERM. path may be NULL; it is the guest's, any bytes. */
PW_MUST_USE pwi_errno pwi_deny(pwi_call *call, const pwi_grant *grant, const char *wanted, const char *path,
                               size_t path_length);
/* Tells the hook that a grant is used: SUCCESS, a denial or PWI_STOP. The hook may have run the guest: descriptors and
 * memory have to be looked up again. Costs one test without a hook. */
PW_MUST_USE pwi_errno pwi_grant_use_told(pwi_call *call, const pwi_grant *grant, uint32_t access,
                                         const char *path, size_t path_length);
static inline pwi_errno pwi_grant_use(pwi_call *call, const pwi_grant *grant, uint32_t access,
                                      const char *path, size_t path_length)
{
    return call->wasi->hooks.used ? pwi_grant_use_told(call, grant, access, path, path_length) : PWI_ESUCCESS;
}
/* SUCCESS if the grant allows all of `access`, else a denial. */
PW_MUST_USE pwi_errno pwi_grant_check(pwi_call *call, const pwi_grant *grant, uint32_t access,
                                      const char *path, size_t path_length);

/* Locks of the embedder around slow system calls. */
void pwi_unlocked_begin(pwi_call *call);
void pwi_unlocked_end(pwi_call *call);

/* The same if what the descriptor is on is slow. Nothing in between may look at the guest or run a hook. */
static inline bool pwi_slow_begin(pwi_call *call, const pwi_fd *on)
{
    bool slow = pwi_fd_is_slow(on);
    if (slow)
        pwi_unlocked_begin(call);
    return slow;
}
static inline void pwi_slow_end(pwi_call *call, bool slow)
{
    if (slow)
        pwi_unlocked_end(call);
}
#define PWI_SLOWLY(call, on, deed)                                                                           \
    do {                                                                                                     \
        bool slow_ = pwi_slow_begin((call), (on));                                                           \
        deed;                                                                                                \
        pwi_slow_end((call), slow_);                                                                         \
    } while (0)

/* Runs the poll hook: SUCCESS or PWI_STOP. */
PW_MUST_USE pwi_errno pwi_poll(pwi_call *call);
/* Waits until one of waits is ready or `timeout` is over (PWI_FOREVER: never), running the poll hook meanwhile. */
#define PWI_FOREVER UINT64_MAX
PW_MUST_USE pwi_errno pwi_wait(pwi_call *call, pwi_os_wait *waits, size_t count, uint64_t timeout);

/* Clocks and random bytes of the guest. */
PW_MUST_USE pwi_errno pwi_clock_now(const pw_wasi *wasi, uint32_t clock, uint64_t *ns);
enum { PWI_GUEST_CLOCK_PROCESS = 2, PWI_GUEST_CLOCK_THREAD = 3 };
PW_MUST_USE pwi_errno pwi_clock_processor(pwi_call *call, uint64_t *ns);
PW_MUST_USE pwi_errno pwi_clock_resolution(const pw_wasi *wasi, uint32_t clock, uint64_t *ns);
PW_MUST_USE pwi_errno pwi_random_fill(pw_wasi *wasi, uint8_t *out, size_t length);

#endif
