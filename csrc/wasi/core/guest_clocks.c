/* The guest's clocks: those of the OS, or one that stands still. The clocks of processor time are not there: they
 * would tell about the host's whole process. */
#include "wasi/core/wasi_state.h"

pwi_errno pwi_clock_now(const pw_wasi *wasi, uint32_t clock, uint64_t *ns)
{
    if (clock > PWI_CLOCK_MONOTONIC)
        return PWI_EINVAL;
    if (wasi->clock_is_fixed) {
        *ns = wasi->fixed_now;
        return PWI_ESUCCESS;
    }
    return pwi_os_clock_now((uint8_t)clock, ns);
}

pwi_errno pwi_clock_resolution(const pw_wasi *wasi, uint32_t clock, uint64_t *ns)
{
    if (clock > PWI_CLOCK_MONOTONIC)
        return PWI_EINVAL;
    if (wasi->clock_is_fixed) {
        *ns = 1;
        return PWI_ESUCCESS;
    }
    return pwi_os_clock_resolution((uint8_t)clock, ns);
}
