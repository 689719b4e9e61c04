/* A 3 x 3 binomial blur of a grey image: two passes over 16-bit sums. Vectorised by the compiler. */
#include "bench.h"

enum { WIDTH = 256, HEIGHT = 128 };
static uint8_t image[HEIGHT][WIDTH];
static uint16_t columns[HEIGHT][WIDTH];

static void blur(void)
{
    for (int y = 1; y < HEIGHT - 1; y++)
        for (int x = 0; x < WIDTH; x++)
            columns[y][x] = (uint16_t)(image[y - 1][x] + 2 * image[y][x] + image[y + 1][x]);
    for (int y = 1; y < HEIGHT - 1; y++)
        for (int x = 1; x < WIDTH - 1; x++)
            image[y][x] =
                (uint8_t)((uint16_t)(columns[y][x - 1] + 2 * columns[y][x] + columns[y][x + 1] + 8) >> 4);
}

uint64_t run(uint32_t n)
{
    uint64_t state = 5, hash = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) image[y][x] = (uint8_t)(bench_random(&state) >> 33);
    for (uint32_t round = 0; round < n; round++) {
        blur();
        for (uint32_t x = 0; x < WIDTH; x += 3) image[round * 5 % HEIGHT][x] = (uint8_t)(round * 37 + x * 11);
    }
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x += 3) hash = bench_mix(hash, image[y][x]);
    return hash;
}
