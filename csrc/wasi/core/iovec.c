/* Lists of buffers in guest memory. */
#include "wasi/core/iovec.h"

pwi_errno pwi_iov_read(pwi_call *call, uint32_t iovs, uint32_t count, pwi_iov_list *out)
{
    const pwi_guest_memory *memory = &call->memory;
    out->count = 0;
    out->total = 0;
    if (count > PWI_MAX_IOVS)
        return PWI_ENOMEM;
    const uint8_t *entry = pwi_guest_range(memory, iovs, (uint64_t)count * 8);
    if (!entry)
        return pwi_call_fault(call);
    for (uint32_t i = 0; i < count && out->count < PWI_OS_IOVECS; i++, entry += 8) {
        uint32_t length = pwi_load_u32(entry + 4);
        if (length == 0)
            continue;
        uint8_t *data = pwi_guest_range(memory, pwi_load_u32(entry), length);
        if (!data)
            return pwi_call_fault(call);
        if (out->total + length > UINT32_MAX) /* the guest could not be told the number of bytes */
            break;
        out->items[out->count++] = (pwi_os_iovec){data, length};
        out->total += length;
    }
    return PWI_ESUCCESS;
}

void pwi_iov_skip(pwi_iov_list *list, uint64_t bytes)
{
    size_t kept = 0;
    list->total -= bytes;
    for (size_t i = 0; i < list->count; i++) {
        pwi_os_iovec item = list->items[i];
        size_t part = bytes < item.length ? (size_t)bytes : item.length;
        bytes -= part;
        if (part < item.length)
            list->items[kept++] = (pwi_os_iovec){item.data + part, item.length - part};
    }
    list->count = kept;
}

void pwi_iov_keep(pwi_iov_list *list, uint64_t bytes)
{
    if (bytes >= list->total)
        return;
    list->total = bytes;
    for (list->count = 0; bytes > 0; list->count++) {
        pwi_os_iovec *item = &list->items[list->count];
        if (item->length > bytes)
            item->length = (size_t)bytes;
        bytes -= item->length;
    }
}

/* Both directions of a copy: `each` piece of the list that lies in [skip, skip + size). */
static size_t copy(const pwi_iov_list *list, uint64_t skip, uint8_t *host, size_t size, bool to_guest)
{
    size_t done = 0;
    for (size_t i = 0; i < list->count && done < size; i++) {
        const pwi_os_iovec *item = &list->items[i];
        if (skip >= item->length) {
            skip -= item->length;
            continue;
        }
        size_t part = item->length - (size_t)skip;
        if (part > size - done)
            part = size - done;
        if (to_guest)
            memcpy(item->data + skip, host + done, part);
        else
            memcpy(host + done, item->data + skip, part);
        done += part;
        skip = 0;
    }
    return done;
}

size_t pwi_iov_gather(const pwi_iov_list *list, uint64_t skip, uint8_t *out, size_t size)
{
    return copy(list, skip, out, size, false);
}

size_t pwi_iov_scatter(const pwi_iov_list *list, uint64_t skip, const uint8_t *data, size_t size)
{
    return copy(list, skip, (uint8_t *)(uintptr_t)data, size, true);
}
