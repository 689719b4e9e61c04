/* Allocates, resizes, frees and checks blocks in an order drawn from a fixed generator.
 *   allocstress STEPS SEED
 * Every block is filled with a pattern of its own that is checked whenever the block is touched;
 * the last line is a checksum over all that happened. Grows linear memory to tens of megabytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 512 };

struct block {
    unsigned char *at;
    size_t size;
    unsigned char seed;
};

static uint64_t state;

static uint32_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static size_t draw_size(void)
{
    static const unsigned limits[] = {16, 64, 500, 4000, 40000, 300000};
    return 1 + draw() % limits[draw() % 6];
}

static void fill(struct block *b, size_t from)
{
    for (size_t i = from; i < b->size; i++) b->at[i] = (unsigned char)(b->seed + i * 7);
}

static uint64_t check(const struct block *b, size_t upto)
{
    uint64_t sum = b->seed;
    for (size_t i = 0; i < upto; i++) {
        if (b->at[i] != (unsigned char)(b->seed + i * 7)) {
            printf("block of %zu bytes is damaged at %zu\n", b->size, i);
            exit(1);
        }
        sum = sum * 31 + b->at[i];
    }
    return sum;
}

static uint64_t make(struct block *b)
{
    static const size_t alignments[] = {16, 32, 64, 256, 4096};
    size_t size = draw_size();
    unsigned how = draw() % 8;
    if (how == 0) {
        b->at = calloc(size, 1);
        for (size_t i = 0; i < size; i++)
            if (b->at[i]) exit(2);
    } else if (how == 1) {
        size_t align = alignments[draw() % 5];
        if (posix_memalign((void **)&b->at, align, size) != 0 || (uintptr_t)b->at % align != 0) exit(3);
    } else {
        b->at = malloc(size);
    }
    if (!b->at || (uintptr_t)b->at % 8) exit(4);
    b->size = size;
    b->seed = (unsigned char)draw();
    fill(b, 0);
    return size;
}

static uint64_t step(struct block *b)
{
    if (!b->at) return make(b);
    if (draw() % 3 == 0) {
        size_t old = b->size, size = draw_size();
        unsigned char *moved = realloc(b->at, size);
        if (!moved) exit(5);
        b->at = moved;
        b->size = size;
        uint64_t sum = check(b, old < size ? old : size);
        if (old < size) fill(b, old);
        return sum;
    }
    uint64_t sum = check(b, b->size);
    free(b->at);
    b->at = NULL;
    return sum;
}

int main(int argc, char **argv)
{
    static struct block blocks[SLOTS];
    long steps = argc > 1 ? atol(argv[1]) : 2000;
    state = 88172645463325252u ^ (argc > 2 ? strtoull(argv[2], NULL, 10) : 0);
    uint64_t sum = 0;
    for (long i = 0; i < steps; i++) sum = sum * 1099511628211u + step(&blocks[draw() % SLOTS]);
    size_t live = 0, bytes = 0;
    for (int i = 0; i < SLOTS; i++) {
        if (!blocks[i].at) continue;
        live++;
        bytes += blocks[i].size;
        sum += check(&blocks[i], blocks[i].size);
        free(blocks[i].at);
    }
    volatile size_t absurd = SIZE_MAX / 2;
    void *volatile refused = malloc(absurd); /* volatile: an unused block may be optimised away */
    printf("%ld steps, %zu blocks of %zu bytes alive, absurd request %s, checksum %016llx\n", steps, live, bytes,
           refused ? "granted" : "refused", (unsigned long long)sum);
    return 0;
}
