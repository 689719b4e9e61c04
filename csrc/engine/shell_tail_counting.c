/* shell_tail_counting.c - the same as shell_tail.c, for stores that count fuel. */
#define PW_SHELL_TAIL 1
#define PW_COUNTING 1
#include "engine/interp.h"
