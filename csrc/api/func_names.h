/* func_names.h - names of functions for people. */
#ifndef PW_API_FUNC_NAMES_H
#define PW_API_FUNC_NAMES_H

#include "wasm/module.h"

/* Gives exported functions that the name section leaves out the name of their first export. Once per
 * module. */
PW_MUST_USE pw_result pwi_func_names_complete(pw_module *module);

#endif
