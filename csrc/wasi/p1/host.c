/* Where the engine meets WASI: one host function per row and module name, and their look-up. */
#include <string.h>

#include "wasi/p1/p1.h"

/* A fresh look at the caller's memory: it may have grown, or (without reserved addresses) moved. */
static void reload(pwi_call *call)
{
    pw_memory *memory = call->caller ? pw_instance_memory(call->caller) : NULL;
    call->memory = (pwi_guest_memory){0};
    if (memory) {
        call->memory.data = pw_memory_data(memory);
        call->memory.size = pw_memory_size(memory);
    }
}

static pw_result end_by_stop(const pwi_call *call)
{
    const pwi_stop *stop = &call->stop;
    if (!call->caller) /* called by the host itself, not by a module: there is no store to tell */
        return PW_ERR_ARGUMENT;
    if (stop->result == PW_ERR_TRAP)
        return pw_raise_trap(pw_instance_store(call->caller), stop->trap, stop->text);
    if (stop->result == PW_ERR_EXIT)
        return pw_raise_exit(pw_instance_store(call->caller), stop->exit_code);
    return stop->result;
}

/* Bit numbers of rights.def, with one for "no right", which is dropped. */
enum {
#define RIGHT(name, what) BIT_##name = PWI_RIGHT_BIT_##name,
#include "wasi/core/rights.def"
#undef RIGHT
    BIT_NONE = 63
};

/* In line, so that what is known of a row is a constant of its function. */
static inline pw_result run(void *env, pw_instance *caller, pw_slot *slots, const char *name,
                            unsigned right_bit, pwi_p1_fn fn, bool is_unstable)
{
    pwi_call call = {.wasi = env, .caller = caller, .reload = reload, .is_unstable = is_unstable};
    call.name = name;
    call.right = right_bit == BIT_NONE ? 0 : (uint64_t)1 << right_bit;
    reload(&call);
    pwi_errno error = fn(&call, slots);
    if (error == PWI_STOP)
        return end_by_stop(&call);
    slots[0] = error;
    return PW_OK;
}

#define P1(name, signature, capability, right, state)                                                        \
    static pw_result preview1_##name(void *env, pw_instance *caller, pw_slot *slots)                         \
    {                                                                                                        \
        return run(env, caller, slots, #name, BIT_##right, pwi_p1_##name, false);                            \
    }                                                                                                        \
    static pw_result unstable_##name(void *env, pw_instance *caller, pw_slot *slots)                         \
    {                                                                                                        \
        return run(env, caller, slots, #name, BIT_##right, pwi_p1_##name, true);                             \
    }
#include "wasi/p1/preview1.def"
#undef P1

#define IS_YES   true
#define IS_NOSYS false
static const pw_wasi_function preview1[] = {
#define P1(name, signature, capability, right, state)                                                        \
    {#name, signature, capability, IS_##state, preview1_##name},
#include "wasi/p1/preview1.def"
#undef P1
};
static const pw_wasi_function unstable[] = {
#define P1(name, signature, capability, right, state)                                                        \
    {#name, signature, capability, IS_##state, unstable_##name},
#include "wasi/p1/preview1.def"
#undef P1
};

static bool is(const char *text, const char *name, size_t length)
{
    return strlen(text) == length && memcmp(text, name, length) == 0;
}

const pw_wasi_function *pw_wasi_lookup(const char *module_name, size_t module_length, const char *name,
                                       size_t length)
{
    const pw_wasi_function *rows = NULL;
    if (is("wasi_snapshot_preview1", module_name, module_length))
        rows = preview1;
    else if (is("wasi_unstable", module_name, module_length) && !is("sock_accept", name, length))
        rows = unstable; /* its 45 functions: sock_accept came later */
    for (size_t i = 0; rows && i < PWI_P1_COUNT; i++)
        if (is(rows[i].name, name, length))
            return &rows[i];
    return NULL;
}

const pw_wasi_function *pw_wasi_function_at(size_t index)
{
    return index < PWI_P1_COUNT ? &preview1[index] : NULL;
}
