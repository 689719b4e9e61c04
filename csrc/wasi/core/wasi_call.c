/* What a call needs in order to end: traps, refusals, hooks. */
#include "base/utf8.h"
#include "wasi/core/wasi_state.h"

pwi_errno pwi_call_stop(pwi_call *call, pw_result result)
{
    call->stop = (pwi_stop){.result = result};
    return PWI_STOP;
}

pwi_errno pwi_call_fault(pwi_call *call)
{
    call->stop = (pwi_stop){.result = PW_ERR_TRAP, .trap = PW_TRAP_OUT_OF_BOUNDS_MEMORY};
    if (!call->memory.data)
        call->stop.text = "the module exports no memory that WASI could use";
    return PWI_STOP;
}

static const char *grant_name(const pwi_grant *grant)
{
    return grant && grant->guest_path ? grant->guest_path : "";
}

static pwi_errno deny_access(pwi_call *call, const pwi_grant *grant, const char *wanted, uint32_t access,
                             const char *path, size_t path_length)
{
    pw_wasi *wasi = call->wasi;
    pw_wasi_denial *denial = &wasi->denial;
    denial->call = call->name;
    denial->wanted = wanted;
    denial->granted = grant_name(grant);
    denial->access = access;
    pwi_utf8_printable(path ? path : "", path ? path_length : 0, denial->path, sizeof denial->path);
    wasi->was_denied = true;
    if (wasi->hooks.denied) {
        wasi->hooks.denied(wasi->hooks.env, denial);
        pwi_call_refresh(call);
    }
    return PWI_EPERM;
}

pwi_errno pwi_deny(pwi_call *call, const pwi_grant *grant, const char *wanted, const char *path,
                   size_t path_length)
{
    return deny_access(call, grant, wanted, 0, path, path_length);
}

pwi_errno pwi_grant_check(pwi_call *call, const pwi_grant *grant, uint32_t access, const char *path,
                          size_t path_length)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } words[] = {{PW_WASI_READ, "read"},
                 {PW_WASI_WRITE, "write"},
                 {PW_WASI_CREATE, "create"},
                 {PW_WASI_DELETE, "delete"},
                 {PW_WASI_APPEND, "append"}};
    uint32_t allowed = grant ? grant->access : 0;
    if (allowed & PW_WASI_WRITE)
        allowed |= PW_WASI_APPEND;
    uint32_t missing = access & ~allowed;
    if (missing == 0)
        return PWI_ESUCCESS;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (missing & words[i].bit)
            return deny_access(call, grant, words[i].word, missing, path, path_length);
    return PWI_ESUCCESS;
}

pwi_errno pwi_grant_use_told(pwi_call *call, const pwi_grant *grant, uint32_t access, const char *path,
                             size_t path_length)
{
    const pw_wasi_hooks *hooks = &call->wasi->hooks;
    bool allowed = true;
    if (hooks->listening && !hooks->listening(hooks->env))
        return PWI_ESUCCESS;
    pw_wasi_use use = {.call = call->name,
                       .granted = grant_name(grant),
                       .access = access,
                       .raw = path,
                       .raw_length = path_length,
                       .is_below = call->is_below,
                       .dir = call->dir};
    pwi_utf8_printable(path ? path : "", path ? path_length : 0, use.path, sizeof use.path);
    call->was_told = true;
    pw_result result = hooks->used(hooks->env, &use, &allowed);
    pwi_call_refresh(call);
    if (result != PW_OK)
        return pwi_call_stop(call, result);
    if (allowed)
        return PWI_ESUCCESS;
    return pwi_deny(call, grant, "what a hook of the host refuses", path, path_length);
}

void pwi_unlocked_begin(pwi_call *call)
{
    const pw_wasi_hooks *hooks = &call->wasi->hooks;
    if (hooks->release)
        hooks->release(hooks->env);
}

void pwi_unlocked_end(pwi_call *call)
{
    const pw_wasi_hooks *hooks = &call->wasi->hooks;
    if (hooks->acquire)
        hooks->acquire(hooks->env);
}

pwi_errno pwi_poll(pwi_call *call)
{
    const pw_wasi_hooks *hooks = &call->wasi->hooks;
    if (!hooks->poll)
        return PWI_ESUCCESS;
    pw_result result = hooks->poll(hooks->env);
    pwi_call_refresh(call);
    return result == PW_OK ? PWI_ESUCCESS : pwi_call_stop(call, result);
}
