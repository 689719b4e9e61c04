/* shell_goto_counting.c - the same as shell_goto.c, for stores that count fuel. */
#define PW_SHELL_GOTO 1
#define PW_COUNTING 1
#include "engine/interp.h"
