/* A module with an allocator of its own, which the tests make misbehave; and functions that grow the memory. */
#include <stddef.h>
#include <stdint.h>

__attribute__((import_module("host"), import_name("on_malloc"))) void on_malloc(size_t count);

static uint8_t room[1 << 20];
static size_t used;
static uintptr_t fixed; /* what malloc gives instead: 1 is null, else an address */
static unsigned live;

void be_bad(uintptr_t answer) { fixed = answer; }
unsigned live_blocks(void) { return live; }

void *malloc(size_t count)
{
    on_malloc(count);
    if (fixed)
        return fixed == 1 ? NULL : (void *)fixed;
    if (count > sizeof room - used) {
        size_t pages = (count + 65535) / 65536, at = __builtin_wasm_memory_grow(0, pages);
        if (at == (size_t)-1)
            return NULL;
        live++;
        return (void *)(at * 65536);
    }
    used += (count + 15) & ~(size_t)15;
    live++;
    return room + used - ((count + 15) & ~(size_t)15);
}

void free(void *p)
{
    if (p)
        live--;
}

int32_t grow_and_sum(uint8_t *data, size_t n, size_t pages)
{
    int32_t sum = 0;
    size_t before = __builtin_wasm_memory_grow(0, pages);
    for (size_t i = 0; i < n; i++)
        sum += data[i], data[i] = 9;
    return before == (size_t)-1 ? -1 : sum;
}

size_t address_of(const void *data) { return (size_t)data; }

int ask(const uint8_t *data, size_t n, int (*f)(int))
{
    int sum = f(n ? data[0] : 0);
    for (size_t i = 0; i < n; i++)
        sum += data[i];
    return sum;
}
