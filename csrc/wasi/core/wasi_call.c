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

pwi_errno pwi_call_range(pwi_call *call, uint32_t offset, uint64_t length, uint8_t **out)
{
    *out = pwi_guest_range(&call->memory, offset, length);
    return *out ? PWI_ESUCCESS : pwi_call_fault(call);
}

pwi_errno pwi_deny(pwi_call *call, const pwi_grant *grant, const char *wanted, const char *path,
                   size_t path_length)
{
    pw_wasi *wasi = call->wasi;
    pw_wasi_denial *denial = &wasi->denial;
    denial->call = call->name;
    denial->wanted = wanted;
    denial->granted = grant && grant->guest_path ? grant->guest_path : "";
    pwi_utf8_printable(path ? path : "", path ? path_length : 0, denial->path, sizeof denial->path);
    wasi->was_denied = true;
    if (wasi->hooks.denied) {
        wasi->hooks.denied(wasi->hooks.env, denial);
        pwi_call_refresh(call);
    }
    return PWI_EPERM;
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
                 {PW_WASI_DELETE, "delete"}};
    uint32_t missing = access & ~(grant ? grant->access : 0);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (missing & words[i].bit)
            return pwi_deny(call, grant, words[i].word, path, path_length);
    return PWI_ESUCCESS;
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
