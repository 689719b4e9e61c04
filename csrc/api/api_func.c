/* api_func.c - functions: of the host and of instances. */
#include "base/config.h"
#include "engine/engine.h"

pw_result pw_func_new(pw_store *store, const pw_func_type *type, pw_host_fn call, void *env,
                      void (*finalize)(void *env), pw_func **func)
{
    pw_error_clear(&store->error);
    return pwi_func_make_host(store, type, call, env, finalize, func, &store->error);
}

/* The first error wins, so what an earlier call left is taken away; a call that goes well pays one
 * compare. */
pw_result pw_func_call(pw_func *func, pw_slot *slots)
{
    pw_store *store = func->store;
    if (PW_UNLIKELY(store->error.result != PW_OK))
        pw_error_clear(&store->error);
    return pwi_engine_call(func, slots);
}

/* There is always room: the stack's headroom is for what follows a frame that fits. */
pw_slot *const *pw_store_frame(const pw_store *store)
{
    return &store->stack.top;
}

pw_result pw_func_call_frame(pw_func *func)
{
    pw_store *store = func->store;
    if (PW_UNLIKELY(store->error.result != PW_OK))
        pw_error_clear(&store->error);
    return pwi_engine_call_at_top(func);
}

void pw_func_type_of(const pw_func *func, pw_func_type *out)
{
    *out = func->type->func;
}

pw_instance *pw_func_instance(const pw_func *func, uint32_t *func_index)
{
    if (func_index)
        *func_index = func->func_index;
    return func->instance;
}

pw_store *pw_func_store(const pw_func *func)
{
    return func->store;
}

void *pw_func_host_env(const pw_func *func)
{
    return func->env;
}
