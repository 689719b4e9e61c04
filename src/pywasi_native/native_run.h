/* native_run.h - one store, one thread at a time; long calls run without the GIL.
 *
 *   pwn_enter   takes the store: the same thread may take it again, another one waits without the GIL
 *   pwn_leave   gives it back
 *   pwn_attach  takes the GIL back if the running call had given it away; before anything of Python is touched
 *
 * The lock is a benaphore: `count` threads hold it or wait for it; the holder that leaves hands it over by one release
 * of `wake`. With the GIL plain loads and stores do for the counting, since both ends hold it; free-threaded builds
 * count atomically.
 */
#ifndef PYWASI_NATIVE_RUN_H
#define PYWASI_NATIVE_RUN_H

#include <Python.h>
#include <pythread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef _WIN32
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <time.h>
#endif

#ifdef _MSC_VER
#define PWN_NOINLINE __declspec(noinline)
#define PWN_INLINE __forceinline
#else
#define PWN_NOINLINE __attribute__((noinline))
#define PWN_INLINE inline __attribute__((always_inline))
#endif

typedef struct pwn_run {
    struct pwn_run *next, *previous; /* in the list of all of this process */
    PyObject *store;           /* the Store that this is part of, borrowed */
    Py_ssize_t count;          /* threads that hold the store or wait for it */
    uintptr_t owner;           /* of the thread that holds it, 0: none */
    int depth;                 /* nested entries of the owner */
    PyThread_type_lock wake;
    PyThreadState *released;   /* set while the running call does without the GIL */
    int in_poll;               /* a poll runs Python code (signal handlers, finalizers): it may not enter */
    int slice_ns;              /* the outermost call may be suspended, and is after so long: aio.py; 0: not */
    int is_eager;              /* other threads run on the same memory: the first poll gives the GIL away */
    bool has_company;          /* other threads had calls a moment ago: the same */
    int dropped, thrown;       /* references to Python objects, by a collection (Store.let_go); into Store.thrown */
    int volatile cancelled;
    int64_t timeout_ns;        /* of one outermost call, 0: none */
    int64_t started, next_check, deadline; /* monotonic clock, 0: not set */
    int64_t signals_every;
    bool is_lost;              /* its owner did not survive a fork: its call will never end */
    bool listened;             /* somebody listened to audit events when the GIL was given away */
} pwn_run;

/* Whether somebody listens to audit events; called with the GIL. Set once, when the module is loaded. */
static bool (*pwn_listening)(void);

static inline int64_t pwn_now(void)
{
#ifdef _WIN32
    LARGE_INTEGER ticks, per_second;
    QueryPerformanceFrequency(&per_second);
    QueryPerformanceCounter(&ticks);
    return (int64_t)((double)ticks.QuadPart * (1e9 / (double)per_second.QuadPart));
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
#endif
}

#ifdef Py_GIL_DISABLED
static inline Py_ssize_t pwn_add(Py_ssize_t *count, Py_ssize_t by) { return _Py_atomic_add_ssize(count, by); }
static inline int pwn_count_first(Py_ssize_t *count)
{
    Py_ssize_t none = 0;
    return _Py_atomic_compare_exchange_ssize(count, &none, 1);
}
static inline uintptr_t pwn_owner(const pwn_run *run) { return _Py_atomic_load_uintptr_relaxed(&run->owner); }
static inline void pwn_set_owner(pwn_run *run, uintptr_t id) { _Py_atomic_store_uintptr_relaxed(&run->owner, id); }
#else
static inline Py_ssize_t pwn_add(Py_ssize_t *count, Py_ssize_t by)
{
    Py_ssize_t before = *count;
    *count = before + by;
    return before;
}
static inline int pwn_count_first(Py_ssize_t *count)
{
    if (*count)
        return 0;
    *count = 1;
    return 1;
}
static inline uintptr_t pwn_owner(const pwn_run *run) { return run->owner; }
static inline void pwn_set_owner(pwn_run *run, uintptr_t id) { run->owner = id; }
#endif

/* Something that tells this thread from the others that run; never 0. */
static inline uintptr_t pwn_thread(void)
{
#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__)) && (__GNUC__ >= 11 || __clang_major__ >= 15)
    return (uintptr_t)__builtin_thread_pointer(); /* one instruction; the other way is a call of a call */
#else
    return (uintptr_t)PyThread_get_thread_ident();
#endif
}

/* All runs, for fork. With the GIL nobody else is in here. */
static pwn_run *pwn_all;
#ifdef Py_GIL_DISABLED
static PyMutex pwn_all_lock;
#define PWN_LOCK_ALL()   PyMutex_Lock(&pwn_all_lock)
#define PWN_UNLOCK_ALL() PyMutex_Unlock(&pwn_all_lock)
#else
#define PWN_LOCK_ALL()   ((void)0)
#define PWN_UNLOCK_ALL() ((void)0)
#endif

static inline int pwn_make_wake(pwn_run *run)
{
    run->wake = PyThread_allocate_lock();
    if (!run->wake)
        return -1;
    PyThread_acquire_lock(run->wake, WAIT_LOCK);
    return 0;
}

static inline int pwn_run_init(pwn_run *run, PyObject *store)
{
    run->store = store;
    if (pwn_make_wake(run) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    PWN_LOCK_ALL();
    run->next = pwn_all;
    if (pwn_all)
        pwn_all->previous = run;
    pwn_all = run;
    PWN_UNLOCK_ALL();
    return 0;
}

static inline void pwn_run_destroy(pwn_run *run)
{
    if (run->wake) {
        PWN_LOCK_ALL();
        if (run->next)
            run->next->previous = run->previous;
        *(run->previous ? &run->previous->next : &pwn_all) = run->next;
        PWN_UNLOCK_ALL();
        PyThread_release_lock(run->wake);
        PyThread_free_lock(run->wake);
        run->wake = NULL;
    }
}

/* In the child of a fork: only this thread is left. What it holds stays held, what others held is lost; nobody waits. */
static inline void pwn_after_fork(void)
{
    uintptr_t me = pwn_thread();
#ifdef Py_GIL_DISABLED
    memset(&pwn_all_lock, 0, sizeof pwn_all_lock);
#endif
    for (pwn_run *run = pwn_all; run; run = run->next) {
        (void)pwn_make_wake(run); /* the old one is left as it is: it may be held */
        if (pwn_owner(run) == me) {
            run->count = 1;
        } else if (pwn_owner(run) != 0) {
            run->is_lost = true; /* the count stays above zero, so that every entry finds out */
            run->released = NULL;
            pwn_set_owner(run, 0);
        } else {
            run->count = 0;
        }
    }
}

/* Waits for the store to be handed over; -1 with an exception when a signal handler raised. */
static PWN_NOINLINE int pwn_wait(pwn_run *run)
{
    for (;;) {
        PyLockStatus got;
        Py_BEGIN_ALLOW_THREADS
        got = PyThread_acquire_lock_timed(run->wake, 50000, 1);
        Py_END_ALLOW_THREADS
        if (got == PY_LOCK_ACQUIRED)
            return 0;
        if (PyErr_CheckSignals() == 0)
            continue;
        /* Leave the queue. If nobody else is counted, the store was handed to us meanwhile: take the token away. */
        if (pwn_add(&run->count, -1) == 1)
            PyThread_acquire_lock(run->wake, WAIT_LOCK);
        return -1;
    }
}

static PWN_NOINLINE void pwn_set_deadline(pwn_run *run)
{
    run->deadline = pwn_now() + run->timeout_ns;
}

static inline void pwn_begin(pwn_run *run, uintptr_t me)
{
    pwn_set_owner(run, me);
    run->depth = 1;
    run->cancelled = 0;
    run->started = 0;
    run->deadline = 0;
    if (run->timeout_ns > 0)
        pwn_set_deadline(run);
}

static PWN_NOINLINE int pwn_enter_taken(pwn_run *run, uintptr_t me)
{
    if (pwn_owner(run) == me) {
        if (run->in_poll) {
            PyErr_SetString(PyExc_RuntimeError,
                            "a signal handler or finalizer called into a store in the middle of a running call");
            return -1;
        }
        run->depth++;
        return 0;
    }
    if (run->is_lost) {
        PyErr_SetString(PyExc_RuntimeError, "the store ran in another thread when this process was forked from its "
                                            "parent: that call never ends here; make a new instance");
        return -1;
    }
    if (pwn_add(&run->count, 1) != 0 && pwn_wait(run) < 0)
        return -1;
    pwn_begin(run, me);
    return 0;
}

static inline int pwn_enter(pwn_run *run)
{
    uintptr_t me = pwn_thread();
    if (!pwn_count_first(&run->count))
        return pwn_enter_taken(run, me);
    pwn_begin(run, me);
    return 0;
}

/* Takes the store if nobody else has it: 1, or 0 without waiting. For short work that runs no code of the guest, which
 * is why it may be done in the middle of a poll too. */
static inline int pwn_try_enter(pwn_run *run)
{
    uintptr_t me = pwn_thread();
    if (pwn_owner(run) == me) {
        run->depth++;
        return 1;
    }
    if (!pwn_count_first(&run->count))
        return 0;
    pwn_set_owner(run, me);
    run->depth = 1;
    return 1;
}

static inline void pwn_attach(pwn_run *run)
{
    if (run->released) {
        PyThreadState *state = run->released;
        run->released = NULL;
        PyEval_RestoreThread(state);
    }
}

static inline void pwn_detach(pwn_run *run)
{
    if (!run->released) {
        run->listened = pwn_listening();
        run->released = PyEval_SaveThread();
    }
}

static PWN_INLINE void pwn_leave_attached(pwn_run *run)
{
    if (--run->depth > 0)
        return;
    pwn_set_owner(run, 0);
    if (pwn_add(&run->count, -1) > 1)
        PyThread_release_lock(run->wake);
}

static inline void pwn_leave(pwn_run *run)
{
    pwn_attach(run);
    pwn_leave_attached(run);
}

#endif
