/* memory.h - linear memories. The base never moves: the largest size that type and limits allow is
 * reserved (with a guard page behind it), growth commits. Where the host refuses the reservation, memory
 * is allocated at its size and growth moves it, which is refused while it is pinned (PW memory views of
 * the embedder). */
#ifndef PW_RUNTIME_MEMORY_H
#define PW_RUNTIME_MEMORY_H

#include "pywasi.h"

#define PW_PAGE_BYTES ((uint64_t)65536)

struct pw_memory {
    uint8_t *base;
    uint64_t size;      /* bytes */
    uint64_t reserved;  /* bytes of address space; 0: moves on growth */
    uint64_t max_pages; /* of the type, or the address space's */
    pw_limits type;     /* as declared */
    uint32_t pins;
    pw_store *store;
    pw_instance **users; /* instances whose memory 0 this is: their base and size follow */
    size_t user_count, user_capacity;
};

PW_MUST_USE pw_result pwi_memory_make(pw_store *store, const pw_limits *type, pw_memory **memory,
                                      pw_error *error);
void pwi_memory_destroy(pw_memory *memory);
/* Makes memory the memory 0 of the instance. */
PW_MUST_USE pw_result pwi_memory_attach(pw_memory *memory, pw_instance *instance);
void pwi_memory_detach(pw_memory *memory, pw_instance *instance);
/* Grows by pages; *old_pages is the size before. PW_ERR_LIMIT when max, the store's limit, a pin of a
 * memory that would have to move, or the host forbid it; then nothing has changed. */
PW_MUST_USE pw_result pwi_memory_grow(pw_memory *memory, uint64_t pages, uint64_t *old_pages);

/* Bulk operations; false when out of bounds (and then nothing was written). */
bool pwi_memory_fill(pw_memory *memory, uint64_t to, uint8_t value, uint64_t count);
bool pwi_memory_copy(pw_memory *to_memory, uint64_t to, pw_memory *from_memory, uint64_t from,
                     uint64_t count);

#endif
