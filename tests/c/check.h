/* check.h - what a C test says when something is not as it has to be, and how it ends then. */
#ifndef PW_TEST_CHECK_H
#define PW_TEST_CHECK_H

#include <stdio.h>
#include <stdlib.h>

/* How it ends; a test that forks says _exit(1) before it includes this. */
#ifndef CHECK_ENDS
#define CHECK_ENDS exit(1)
#endif

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
            CHECK_ENDS;                                                                                      \
        }                                                                                                    \
    } while (0)

#endif
