/* What the measurements of the boundary call: as little as possible on the wasm side. */
#include <stdint.h>

__attribute__((import_module("env"), import_name("callback"))) int32_t callback(int32_t x);

static unsigned char buffer[2 << 20];

int32_t add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

/* Calls out n times; every result goes into the next argument. */
int32_t loop(int32_t n)
{
    int32_t x = 0;
    for (int32_t i = 0; i < n; i++) x = callback(x);
    return x;
}

unsigned char *buffer_address(void) { return buffer; }

/* Looks at the ends of one buffer, and writes to the other. */
int32_t buffers(const unsigned char *in, uint32_t in_size, unsigned char *out, uint32_t out_size)
{
    out[0]++;
    return in[0] + in[in_size - 1] + out[out_size - 1];
}
