/* guest_memory.h - the one way to the guest's linear memory. Offsets and lengths come from the guest: nothing here
 * trusts them, nothing allocates by them. Numbers are little-endian and need no alignment.
 *
 * The memory may be shared: another thread of the guest may write to it at any time. So whatever decides something is read
 * once into the host's memory, and checked and used there; what is read twice counts as two values. The loads here are
 * volatile, so that a compiler does not read a second time what it has read. */
#ifndef PW_WASI_GUEST_MEMORY_H
#define PW_WASI_GUEST_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view for the time of one host call; a call of the embedder's code ends it (see pwi_call_refresh). */
typedef struct pwi_guest_memory {
    uint8_t *data;
    uint64_t size;
} pwi_guest_memory;

/* The bytes [offset, offset + length), NULL if not all of them are there. A length of 0 is always there. */
static inline uint8_t *pwi_guest_range(const pwi_guest_memory *memory, uint64_t offset, uint64_t length)
{
    static uint8_t nothing;
    if (length == 0)
        return &nothing;
    if (offset > memory->size || length > memory->size - offset)
        return NULL;
    return memory->data + offset;
}

/* Numbers at any address, by one access where the machine has such: what a thread of the guest stores in one piece is seen
 * in one piece. All hosts are little-endian (interp.h). */
typedef uint16_t __attribute__((may_alias, aligned(1))) pwi_guest_u16;
typedef uint32_t __attribute__((may_alias, aligned(1))) pwi_guest_u32;
typedef uint64_t __attribute__((may_alias, aligned(1))) pwi_guest_u64;

static inline void pwi_store_u16(uint8_t *at, uint16_t value)
{
    *(volatile pwi_guest_u16 *)at = value;
}

static inline void pwi_store_u32(uint8_t *at, uint32_t value)
{
    *(volatile pwi_guest_u32 *)at = value;
}

static inline void pwi_store_u64(uint8_t *at, uint64_t value)
{
    *(volatile pwi_guest_u64 *)at = value;
}

static inline uint8_t pwi_load_u8(const uint8_t *at)
{
    return *(const volatile uint8_t *)at;
}

static inline uint16_t pwi_load_u16(const uint8_t *at)
{
    return *(const volatile pwi_guest_u16 *)at;
}

static inline uint32_t pwi_load_u32(const uint8_t *at)
{
    return *(const volatile pwi_guest_u32 *)at;
}

static inline uint64_t pwi_load_u64(const uint8_t *at)
{
    return *(const volatile pwi_guest_u64 *)at;
}

#endif
