/* compile_watch.c - the question. */
#include "wasm/compile_watch.h"

pw_result pwi_watch_ask(pw_module *module)
{
    module->watch.left = PW_WATCH_UNITS;
    return module->watch.poll ? module->watch.poll(module->watch.env) : PW_OK;
}
