/* args_get, args_sizes_get, and what environ.c shares with them: lists of strings.
 *
 *   pointers   | p0 | p1 | ...            bytes   a r g 0 \0 a r g 1 \0 ...
 *                 |    `--------------------------------^
 *                 `----------------------------^
 */
#include "wasi/p1/p1.h"

pwi_errno pwi_p1_put_sizes(pwi_call *call, const pwi_strings *strings, const pw_slot *args)
{
    uint32_t count_at = (uint32_t)args[0], size_at = (uint32_t)args[1];
    pwi_errno error = pwi_p1_check(call, size_at, 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_put_u32(call, count_at, (uint32_t)strings->count);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_put_u32(call, size_at, (uint32_t)strings->size);
    return error;
}

pwi_errno pwi_p1_put_strings(pwi_call *call, const pwi_strings *strings, const pw_slot *args)
{
    uint32_t pointers_at = (uint32_t)args[0], bytes_at = (uint32_t)args[1];
    uint8_t *pointers, *bytes;
    pwi_errno error = pwi_call_range(call, pointers_at, (uint64_t)strings->count * 4, &pointers);
    if (error == PWI_ESUCCESS)
        error = pwi_call_range(call, bytes_at, strings->size, &bytes);
    if (error != PWI_ESUCCESS || strings->count == 0)
        return error;
    memcpy(bytes, strings->bytes, strings->size);
    for (size_t i = 0; i < strings->count; i++)
        pwi_store_u32(pointers + 4 * i, bytes_at + strings->starts[i]);
    return PWI_ESUCCESS;
}

pwi_errno pwi_p1_args_get(pwi_call *call, const pw_slot *args)
{
    return pwi_p1_put_strings(call, &call->wasi->args, args);
}

pwi_errno pwi_p1_args_sizes_get(pwi_call *call, const pw_slot *args)
{
    return pwi_p1_put_sizes(call, &call->wasi->args, args);
}
