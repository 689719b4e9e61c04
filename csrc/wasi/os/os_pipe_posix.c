/* Writing to pipes. A host that has left SIGPIPE as it is (programs in C do, Python ignores it) must not die because the
 * reader of a guest's output went away, and its settings are not ours to change: so the signal that a write of this
 * thread raises is held back and taken away again. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "wasi/os/os_posix.h"

static bool would_kill(void)
{
    struct sigaction action;
    return sigaction(SIGPIPE, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
           action.sa_handler == SIG_DFL;
}

static bool is_pending(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

pwi_errno pwi_os_write_pipe(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    sigset_t only_pipe, before;
    int number;
    if (!would_kill())
        return pwi_os_write(handle, iov, count, done);
    sigemptyset(&only_pipe);
    sigaddset(&only_pipe, SIGPIPE);
    bool was_pending = is_pending(); /* somebody else's, which stays */
    int failed = pthread_sigmask(SIG_BLOCK, &only_pipe, &before);
    if (failed != 0)
        return pwi_posix_errno(failed);
    pwi_errno error = pwi_os_write(handle, iov, count, done);
    if (error == PWI_EPIPE && !was_pending && is_pending())
        (void)sigwait(&only_pipe, &number); /* at once: it is pending */
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}
