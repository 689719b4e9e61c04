/* random_get. */
#include "wasi/p1/p1.h"

#define RANDOM_PIECE   65536u
#define PIECES_TO_POLL 16u

/* Straight into guest memory, in pieces: 4 GiB take seconds, and Ctrl-C has to come through. */
pwi_errno pwi_p1_random_get(pwi_call *call, const pw_slot *args)
{
    uint32_t at = (uint32_t)args[0], length = (uint32_t)args[1];
    uint32_t done = 0;
    pwi_errno error = pwi_p1_check(call, at, length);
    for (uint32_t pieces = 1; error == PWI_ESUCCESS && done < length; pieces++) {
        uint8_t *bytes;
        uint32_t part = length - done < RANDOM_PIECE ? length - done : RANDOM_PIECE;
        error = pwi_call_range(call, at + done, part, &bytes);
        if (error == PWI_ESUCCESS)
            error = pwi_random_fill(call->wasi, bytes, part);
        if (error == PWI_ESUCCESS && pieces % PIECES_TO_POLL == 0)
            error = pwi_poll(call);
        done += part;
    }
    return error;
}
