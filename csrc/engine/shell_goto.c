/* shell_goto.c - the interpreter under computed goto. */
#define PW_SHELL_GOTO 1
#include "engine/interp.h"
