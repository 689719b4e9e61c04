/* shell_switch.c - the interpreter under a portable switch. */
#define PW_SHELL_SWITCH 1
#include "engine/interp.h"
