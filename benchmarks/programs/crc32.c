/* CRC-32 by table, a byte at a time: a chain of dependent loads. */
#include "bench.h"

uint64_t run(uint32_t n)
{
    static uint32_t table[256];
    static unsigned char data[65536];
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    for (uint32_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i ^ i >> 5);
    uint32_t c = ~0u;
    for (uint32_t round = 0; round < n; round++)
        for (uint32_t i = 0; i < sizeof data; i++) c = table[(c ^ data[i]) & 0xff] ^ c >> 8;
    return ~c;
}
