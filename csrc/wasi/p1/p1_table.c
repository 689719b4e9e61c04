/* The table of functions, from preview1.def, and what they share. */
#include "wasi/p1/p1.h"

/* Bit numbers again, with one for "no right", which is dropped. */
enum {
#define RIGHT(name, what) BIT_##name = PWI_RIGHT_BIT_##name,
#include "wasi/core/rights.def"
#undef RIGHT
    BIT_NONE = 63
};

static const struct {
    const char *name;
    uint64_t right;
    pwi_p1_fn fn;
} rows[] = {
#define FN_YES(name) pwi_p1_##name
#define P1(name, signature, capability, right, state)                                                        \
    {#name, ((uint64_t)1 << BIT_##right) & ~((uint64_t)1 << BIT_NONE), FN_##state(name)},
#include "wasi/p1/preview1.def"
#undef P1
};

pwi_p1_fn pwi_p1_begin(pwi_call *call, enum pwi_p1_index index)
{
    call->name = rows[index].name;
    call->right = rows[index].right;
    return rows[index].fn;
}

pwi_errno pwi_p1_call(pwi_call *call, enum pwi_p1_index index, const pw_slot *args)
{
    return pwi_p1_begin(call, index)(call, args);
}

pwi_errno pwi_p1_put_u64(pwi_call *call, uint32_t at, uint64_t value)
{
    uint8_t *bytes;
    pwi_errno error = pwi_call_range(call, at, 8, &bytes);
    if (error == PWI_ESUCCESS)
        pwi_store_u64(bytes, value);
    return error;
}
