/* bulk_work.h - moving and writing many bytes: in pieces, with a look at the store's poll hook between them, so that Ctrl-C,
 * timeouts and cancellation end instructions that would run for seconds.
 *
 * The hook may not call into the store: code sees an operation that is done, or one that ended its run.
 */
#ifndef PW_RUNTIME_BULK_WORK_H
#define PW_RUNTIME_BULK_WORK_H

#include <string.h>

#include "base/config.h"
#include "pywasi.h"

/* A fraction of a millisecond, even where the host has to find pages for it. */
#ifdef PW_TORTURE
#define PW_BULK_PIECE ((uint64_t)32)
#define PW_ITEMS_MASK 1u
#else
#define PW_BULK_PIECE ((uint64_t)1 << 20)
#define PW_ITEMS_MASK 16383u
#endif

/* Asks the hook whether to go on. Not PW_OK: store->error says why not; never PW_ERR_TRAP. */
PW_MUST_USE pw_result pwi_store_poll(pw_store *store);

/* The same for item `i` of many that take some 50 ns each: asks at every 16,384th. */
PW_MUST_USE static inline pw_result pwi_store_poll_at(pw_store *store, uint64_t i)
{
    return PW_LIKELY((i & PW_ITEMS_MASK) != PW_ITEMS_MASK) ? PW_OK : pwi_store_poll(store);
}

/* All give what the poll said, PW_OK without one. */
PW_MUST_USE pw_result pwi_bulk_move_long(pw_store *store, uint8_t *to, const uint8_t *from, uint64_t bytes);
PW_MUST_USE pw_result pwi_bulk_set_long(pw_store *store, uint8_t *to, uint8_t value, uint64_t bytes);

/* The ranges may overlap. */
PW_MUST_USE static inline pw_result pwi_bulk_move(pw_store *store, void *to, const void *from, uint64_t bytes)
{
    if (PW_UNLIKELY(bytes > PW_BULK_PIECE))
        return pwi_bulk_move_long(store, to, from, bytes);
    if (bytes > 0)
        memmove(to, from, (size_t)bytes);
    return PW_OK;
}

PW_MUST_USE static inline pw_result pwi_bulk_set(pw_store *store, void *to, uint8_t value, uint64_t bytes)
{
    if (PW_UNLIKELY(bytes > PW_BULK_PIECE))
        return pwi_bulk_set_long(store, to, value, bytes);
    if (bytes > 0)
        memset(to, value, (size_t)bytes);
    return PW_OK;
}

/* Writes the first `width` bytes (1, 2, 4, 8 or 16) of value, `count` times. */
PW_MUST_USE pw_result pwi_bulk_repeat(pw_store *store, void *to, const pw_slot *value, uint32_t width,
                                      uint64_t count);

#endif
