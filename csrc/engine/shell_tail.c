/* shell_tail.c - the interpreter under tail calls (needs musttail and preserve_none). */
#define PW_SHELL_TAIL 1
#include "engine/interp.h"
