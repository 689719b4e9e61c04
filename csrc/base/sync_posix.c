/* sync_posix.c - sync.h with POSIX threads; conditions differ by system (condition_linux.c, condition_darwin.c).
 *
 * The child of a fork has one thread and a copy of everything, locks that other threads hold and what these were in the
 * middle of changing included. So fork takes all mutexes first, and both processes give them back:
 * https://pubs.opengroup.org/onlinepubs/9799919799/functions/pthread_atfork.html
 *
 *   newest ─► code lock of a module ─► lock of a tree ─► ... ─► type registry of the engine      taken from left to right
 *
 * Fork is of the process, so this list is too: the one state of csrc/ that is not in an engine or below.
 */
#include "base/sync.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(pwi_mutex), "pwi_mutex has room for the system's mutex");

static pthread_mutex_t *native(pwi_mutex *mutex)
{
    return (pthread_mutex_t *)(void *)mutex->storage.bytes;
}

static pthread_once_t prepared = PTHREAD_ONCE_INIT;
/* Taken before all others, and only with none of them held. */
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static pwi_mutex *newest;
static uint32_t forks; /* written in a child before it has a second thread */
static int is_prepared;

static void before_fork(void)
{
    pthread_mutex_lock(&list_lock);
    for (pwi_mutex *mutex = newest; mutex; mutex = mutex->older)
        pwi_mutex_lock(mutex);
}

static void after_fork(void)
{
    for (pwi_mutex *mutex = newest; mutex; mutex = mutex->older)
        pwi_mutex_unlock(mutex);
    pthread_mutex_unlock(&list_lock);
}

static void after_fork_in_child(void)
{
    forks++;
    after_fork();
}

static void prepare(void)
{
    is_prepared = pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0;
}

uint32_t pwi_forks(void)
{
    return forks;
}

int pwi_mutex_init(pwi_mutex *mutex)
{
    if (pthread_once(&prepared, prepare) != 0 || !is_prepared || pthread_mutex_init(native(mutex), NULL) != 0)
        return 0;
    pthread_mutex_lock(&list_lock);
    mutex->newer = NULL;
    mutex->older = newest;
    if (newest)
        newest->newer = mutex;
    newest = mutex;
    pthread_mutex_unlock(&list_lock);
    return 1;
}

void pwi_mutex_destroy(pwi_mutex *mutex)
{
    pthread_mutex_lock(&list_lock);
    if (mutex->older)
        mutex->older->newer = mutex->newer;
    if (mutex->newer)
        mutex->newer->older = mutex->older;
    else
        newest = mutex->older;
    pthread_mutex_unlock(&list_lock);
    (void)pthread_mutex_destroy(native(mutex));
}

void pwi_mutex_lock(pwi_mutex *mutex)
{
    /* Fails only for a mutex that is no mutex: going on without the lock would corrupt, so stop here. */
    if (pthread_mutex_lock(native(mutex)) != 0)
        abort();
}

void pwi_mutex_unlock(pwi_mutex *mutex)
{
    if (pthread_mutex_unlock(native(mutex)) != 0)
        abort();
}

uint64_t pwi_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
