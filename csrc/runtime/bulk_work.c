/* bulk_work.c - moving and writing many bytes, in pieces. */
#include "runtime/bulk_work.h"

#include "base/error.h"
#include "runtime/store.h"

/* What is copied from again and again: it stays in a near cache. */
#define TEMPLATE (PW_BULK_PIECE < 65536 ? PW_BULK_PIECE : (uint64_t)65536)

pw_result pwi_store_poll(pw_store *store)
{
    __atomic_store_n(&store->interrupted, 0, __ATOMIC_RELAXED); /* any thread may have set it */
    if (!store->poll)
        return PW_OK;
    pw_result result = store->poll(store->poll_env);
    if (result == PW_ERR_TRAP) /* means out of bounds where bulk operations are called */
        result = PW_ERR_HOST;
    if (result != PW_OK && store->error.result != result) {
        pw_error_clear(&store->error);
        return pwi_fail(&store->error, result, "interrupted");
    }
    return result;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static pw_result move_up(pw_store *store, uint8_t *to, const uint8_t *from, uint64_t bytes)
{
    pw_result result = PW_OK;
    while (bytes > 0 && result == PW_OK) {
        uint64_t piece = least(bytes, PW_BULK_PIECE);
        memmove(to, from, (size_t)piece);
        to += piece;
        from += piece;
        bytes -= piece;
        if (bytes > 0)
            result = pwi_store_poll(store);
    }
    return result;
}

/* The same, the last piece first: for a destination behind the source. */
static pw_result move_down(pw_store *store, uint8_t *to, const uint8_t *from, uint64_t bytes)
{
    pw_result result = PW_OK;
    while (bytes > 0 && result == PW_OK) {
        uint64_t piece = least(bytes, PW_BULK_PIECE);
        bytes -= piece;
        memmove(to + bytes, from + bytes, (size_t)piece);
        if (bytes > 0)
            result = pwi_store_poll(store);
    }
    return result;
}

pw_result pwi_bulk_move_long(pw_store *store, uint8_t *to, const uint8_t *from, uint64_t bytes)
{
    return (uintptr_t)to <= (uintptr_t)from ? move_up(store, to, from, bytes)
                                            : move_down(store, to, from, bytes);
}

pw_result pwi_bulk_set_long(pw_store *store, uint8_t *to, uint8_t value, uint64_t bytes)
{
    pw_result result = PW_OK;
    while (bytes > 0 && result == PW_OK) {
        uint64_t piece = least(bytes, PW_BULK_PIECE);
        memset(to, value, (size_t)piece);
        to += piece;
        bytes -= piece;
        if (bytes > 0)
            result = pwi_store_poll(store);
    }
    return result;
}

/* The low bytes come first: interp.h needs a little-endian host too. What is written already is what the rest is
 * copied from, so that all but the first few elements are moved by memcpy. */
pw_result pwi_bulk_repeat(pw_store *store, void *to, const pw_slot *value, uint32_t width, uint64_t count)
{
    uint8_t *first = to;
    uint64_t bytes = count * width, done = width;
    pw_result result = PW_OK;
    if (count == 0)
        return PW_OK;
    if (width == 1)
        return pwi_bulk_set(store, to, (uint8_t)*value, bytes);
    memcpy(first, value, width);
    while (done < bytes && result == PW_OK) {
        uint64_t piece = least(least(done, TEMPLATE), bytes - done);
        memcpy(first + done, first, (size_t)piece);
        done += piece;
        if (piece == TEMPLATE)
            result = pwi_store_poll(store);
    }
    return result;
}
