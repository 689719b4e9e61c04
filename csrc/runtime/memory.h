/* memory.h - linear memories. The base never moves: the largest size that type and limits allow is
 * reserved (with a guard page behind it), growth commits. Where the host refuses the reservation, growth
 * moves it (memory_block.c), which is refused while it is pinned (PW memory views of the embedder). */
#ifndef PW_RUNTIME_MEMORY_H
#define PW_RUNTIME_MEMORY_H

#include "base/vm_image.h"
#include "pywasi.h"
#include "runtime/shared_memory.h"

#define PW_PAGE_BYTES ((uint64_t)65536)

struct pw_memory {
    uint8_t *base;
    uint64_t size;     /* bytes */
    uint64_t reserved; /* bytes of address space; 0: a block that growth may leave */
    uint64_t capacity; /* of that block */
    uint8_t **left;    /* blocks that it has left */
    size_t left_count, left_capacity;
    uint64_t max_pages; /* of the type, or the address space's */
    pw_limits type;     /* as declared */
    uint32_t pins;
    pw_shared_memory *shared; /* or NULL; then base is that one's, and size what this store has seen of it */
    pwi_vm_image *image; /* what [base, base + its size) is a copy-on-write mapping of; NULL: of nothing */
    uint32_t resets;     /* to that image */
    pw_store *store;
    pw_instance **users; /* instances whose memory 0 this is: their base and size follow */
    size_t user_count, user_capacity;
};

PW_MUST_USE pw_result pwi_memory_make(pw_store *store, const pw_limits *type, pw_memory **memory,
                                      pw_error *error);
/* The store's record of a shared memory; the same one each time. */
PW_MUST_USE pw_result pwi_memory_join(pw_store *store, pw_shared_memory *shared, pw_memory **memory,
                                      pw_error *error);
void pwi_memory_destroy(pw_memory *memory);
/* Bytes now, which for a shared memory may be more than `size`. */
uint64_t pwi_memory_size_now(const pw_memory *memory);
/* memory_block.c: the block of a new memory with its size; one that holds `size` bytes; frees all. */
bool pwi_memory_block_make(pw_memory *memory);
PW_MUST_USE bool pwi_memory_block_extend(pw_memory *memory, uint64_t size);
void pwi_memory_block_free(pw_memory *memory);
/* Brings the sizes of the instance's shared memories up to date; whether one has grown. */
bool pwi_memory_catch_up(pw_instance *instance);
/* After a change of base or size. */
void pwi_memory_tell_users(const pw_memory *memory);
/* Makes memory the memory 0 of the instance. */
PW_MUST_USE pw_result pwi_memory_attach(pw_memory *memory, pw_instance *instance);
void pwi_memory_detach(pw_memory *memory, pw_instance *instance);
/* Grows by pages; *old_pages is the size before. PW_ERR_LIMIT when max, the store's limit, a pin of a
 * memory that would have to move, or the host forbid it; then nothing has changed. */
PW_MUST_USE pw_result pwi_memory_grow(pw_memory *memory, uint64_t pages, uint64_t *old_pages);

/* Bulk operations, see bulk_work.h. PW_ERR_TRAP: out of bounds, and nothing was written; else what the poll said. */
PW_MUST_USE pw_result pwi_memory_fill(pw_memory *memory, uint64_t to, uint8_t value, uint64_t count);
PW_MUST_USE pw_result pwi_memory_copy(pw_memory *to_memory, uint64_t to, pw_memory *from_memory,
                                      uint64_t from, uint64_t count);

/* memory_image.c: what a memory that is not shared holds, kept and put back. NULL: no memory. */
pwi_vm_image *pwi_memory_save(const pw_memory *memory);
/* Grows the memory to the size of the image, if it is smaller; *old_size is for pwi_memory_shrink, should that be for nothing.
 * PW_ERR_LIMIT as when growing. */
PW_MUST_USE pw_result pwi_memory_make_room(pw_memory *memory, const pwi_vm_image *image, uint64_t *old_size);
/* To a size that it had: what was beyond it must be zero. Views of the host stay valid. */
void pwi_memory_shrink(pw_memory *memory, uint64_t size);
/* Makes a memory with enough room what the image holds. fresh: nothing was written to it yet. PW_ERR_NO_MEMORY: the host
 * could not read the image. */
PW_MUST_USE pw_result pwi_memory_restore(pw_memory *memory, pwi_vm_image *image, bool fresh);

/* memory_wait.c. The memory of the instance that p points into; it points into one. */
pw_memory *pwi_memory_of(const pw_instance *instance, const uint8_t *p);
/* Waits at p, which is aligned and in a shared memory; what came of it is told by pwi_memory_wait_answer. Not PW_OK: the
 * store's poll ended the wait, and store->error says so. */
PW_MUST_USE pw_result pwi_memory_wait(pw_instance *instance, const uint8_t *p, bool is64, uint64_t expected,
                                      int64_t timeout);
uint32_t pwi_memory_wait_answer(const pw_instance *instance);
/* How many waiting threads were woken; 0 in a memory that is not shared. */
uint32_t pwi_memory_notify(const pw_instance *instance, const uint8_t *p, uint32_t count);

#endif
