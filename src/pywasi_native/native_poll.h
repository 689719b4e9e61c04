/* native_poll.h - what a running call does now and then: stops, looks for signals, gives the GIL away. */
#ifndef PYWASI_NATIVE_POLL_H
#define PYWASI_NATIVE_POLL_H

#include "native_run.h"

#define PWN_RELEASE_AFTER_NS 5000000   /* a call that runs longer gives the GIL away */
#define PWN_COMPANY_NS       10000000  /* at its first poll if another thread was in a call so long ago or less */
/* And then takes it back this often to look for signals. Only the main thread ever has any; the others look too, in case
 * that pwn_main_thread is wrong (after fork in another thread, in a program that embeds Python). */
#define PWN_MAIN_SIGNALS_EVERY_NS 20000000
#define PWN_SIGNALS_EVERY_NS      50000000

typedef enum pwn_stop {
    PWN_GO_ON = 0,
    PWN_STOP_SIGNAL,
    PWN_STOP_TIMEOUT,
    PWN_STOP_CANCELLED,
    PWN_GIVE_WAY
} pwn_stop;

/* The main thread's identity, as far as it was known when the module was loaded. */
static unsigned long pwn_main_thread;

/* Threads that take turns in calls want to run them at the same time; one that runs Python only is not seen here. */
#ifdef Py_GIL_DISABLED
static inline bool pwn_sees_company(int64_t now) { return (void)now, false; } /* nothing to give away */
static inline void pwn_be_seen(int64_t now) { (void)now; }
#else
/* Who polled last, and when. Threads write this without a lock: then one may be seen a poll earlier or later. */
static struct {
    uintptr_t volatile thread; /* 0: nobody yet */
    int64_t volatile at, company_until;
} pwn_caller;

static inline bool pwn_sees_company(int64_t now)
{
    if (pwn_caller.thread && pwn_caller.thread != pwn_thread() && now - pwn_caller.at < PWN_COMPANY_NS)
        pwn_caller.company_until = now + PWN_COMPANY_NS;
    return now < pwn_caller.company_until;
}

static inline void pwn_be_seen(int64_t now)
{
    pwn_caller.thread = pwn_thread();
    pwn_caller.at = now;
}
#endif

/* The first look at the clock in a call. */
static PWN_NOINLINE void pwn_start_clock(pwn_run *run, int64_t now)
{
    run->started = now;
    run->has_company = pwn_sees_company(now);
    run->signals_every = PyThread_get_thread_ident() == pwn_main_thread ? PWN_MAIN_SIGNALS_EVERY_NS
                                                                        : PWN_SIGNALS_EVERY_NS;
    run->next_check = now + run->signals_every;
}

/* What a running call has to do now. Attached to Python when it is to stop. */
static inline pwn_stop pwn_poll_step(pwn_run *run)
{
    int64_t now = pwn_now();
    bool was_released = run->released != NULL;
    int failed;
    if (!run->started)
        pwn_start_clock(run, now);
    pwn_be_seen(now);
    if (run->cancelled || (run->deadline && now >= run->deadline)) {
        pwn_attach(run);
        return run->cancelled ? PWN_STOP_CANCELLED : PWN_STOP_TIMEOUT;
    }
    if (was_released && now < run->next_check)
        return PWN_GO_ON;
    pwn_attach(run);
    run->in_poll = 1;
    failed = PyErr_CheckSignals();
    run->in_poll = 0;
    run->next_check = now + (run->slice_ns ? run->slice_ns : run->signals_every);
    if (failed)
        return PWN_STOP_SIGNAL;
    if (run->slice_ns && now - run->started >= run->slice_ns)
        return PWN_GIVE_WAY;
    if (was_released || run->is_eager || run->has_company || now - run->started >= PWN_RELEASE_AFTER_NS)
        pwn_detach(run);
    return PWN_GO_ON;
}

/* The running call is about to wait for another thread, which may need the GIL. */
static inline void pwn_block(pwn_run *run)
{
    if (!run->started)
        pwn_start_clock(run, pwn_now());
    if (run->slice_ns)
        run->next_check = 0; /* others may have waited long */
    pwn_detach(run);
}

/* A module is being made, without the GIL; it is taken back only to look for signals. */
typedef struct pwn_compiling {
    PyThreadState *released;
    int64_t next_check, signals_every, deadline; /* deadline 0: none */
} pwn_compiling;

static inline void pwn_compiling_begin(pwn_compiling *compiling, int64_t timeout_ns)
{
    int64_t now = pwn_now();
    compiling->signals_every = PyThread_get_thread_ident() == pwn_main_thread ? PWN_MAIN_SIGNALS_EVERY_NS
                                                                              : PWN_SIGNALS_EVERY_NS;
    compiling->next_check = now + compiling->signals_every;
    compiling->deadline = timeout_ns > 0 ? now + timeout_ns : 0;
    compiling->released = PyEval_SaveThread();
}

/* The exception of a signal handler stays set. */
static inline pwn_stop pwn_compiling_step(pwn_compiling *compiling)
{
    int64_t now = pwn_now();
    int failed;
    if (compiling->deadline && now >= compiling->deadline)
        return PWN_STOP_TIMEOUT;
    if (now < compiling->next_check)
        return PWN_GO_ON;
    PyEval_RestoreThread(compiling->released);
    failed = PyErr_CheckSignals();
    compiling->released = PyEval_SaveThread();
    compiling->next_check = now + compiling->signals_every;
    return failed ? PWN_STOP_SIGNAL : PWN_GO_ON;
}

static inline void pwn_compiling_end(pwn_compiling *compiling)
{
    PyEval_RestoreThread(compiling->released);
}

/* In the middle of a collection, perhaps without the GIL. */
static inline void pwn_note_dropped(pwn_run *run)
{
    run->dropped = 1;
}

#endif
