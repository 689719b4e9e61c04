/* shell_switch_counting.c - the same as shell_switch.c, for stores that count fuel. */
#define PW_SHELL_SWITCH 1
#define PW_COUNTING 1
#include "engine/interp.h"
