/* api_engine.c - engines: what code of all modules shares. */
#include "base/config.h"
#include "engine/code.h"

pw_result pw_engine_new(const pw_engine_config *config, pw_engine **engine)
{
    static const pw_engine_config defaults = {PW_SHELL_DEFAULT};
    return pwi_engine_make(config ? config : &defaults, engine);
}

void pw_engine_retain(pw_engine *engine)
{
    pwi_ref_inc(&engine->references);
}

void pw_engine_free(pw_engine *engine)
{
    if (engine && pwi_ref_dec(&engine->references))
        pwi_engine_destroy(engine);
}

const char *pw_engine_shell_name(const pw_engine *engine)
{
    return engine->shell->name;
}
