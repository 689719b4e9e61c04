/* native_publish.h - how an object that threads share shows them what it fills in late.
 *
 *   one thread                      another one
 *   fills in the fields             pwn_is_published(&flag)      false: takes the slow way, which locks
 *   pwn_publish(&flag)       ─►     uses the fields              true: sees all of them
 *
 * With the GIL that changes hands in between nothing is needed, and these cost nothing. Without one, ARM reorders both sides
 * unless the flag is stored with release and loaded with acquire semantics; on x86 these are plain moves.
 */
#ifndef PYWASI_NATIVE_PUBLISH_H
#define PYWASI_NATIVE_PUBLISH_H

#include <Python.h>
#include <stdbool.h>

#ifdef Py_GIL_DISABLED
static inline bool pwn_is_published(const int *flag) { return _Py_atomic_load_int_acquire(flag) != 0; }
static inline void pwn_publish(int *flag) { _Py_atomic_store_int_release(flag, 1); }
#else
static inline bool pwn_is_published(const int *flag)
{
    (void)flag; /* the fields tell by themselves */
    return true;
}
static inline void pwn_publish(int *flag) { (void)flag; }
#endif

#endif
