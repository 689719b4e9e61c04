/* A small register machine in a switch: an interpreter inside the interpreter. */
#include "bench.h"

enum op { SET, MOVE, ADD, SUB, MUL, AND, XOR, SHIFT, LOAD, STORE, LESS, JUMP_IF, JUMP, INC, MIX, STOP };
struct instruction { unsigned char op, a, b, c; int32_t imm; };

/* for (i = 0; i < limit; i++) { x = x * 3 + i; m[x & 63] ^= i; if (m[i & 63] < x) y += m[x & 63] - i; } */
static const struct instruction program[] = {
    {SET, 0, 0, 0, 0},    {SET, 1, 0, 0, 12345}, {SET, 2, 0, 0, 0},    {SET, 3, 0, 0, 3},   {SET, 9, 0, 0, 63},
    {LESS, 4, 0, 8, 0},   {JUMP_IF, 4, 0, 0, 8}, {STOP, 2, 0, 0, 0},   {MUL, 1, 1, 3, 0},   {ADD, 1, 1, 0, 0},
    {AND, 5, 1, 9, 0},    {LOAD, 6, 5, 0, 0},    {XOR, 6, 6, 0, 0},    {STORE, 5, 6, 0, 0}, {AND, 5, 0, 9, 0},
    {LOAD, 7, 5, 0, 0},   {LESS, 4, 7, 1, 0},    {JUMP_IF, 4, 0, 0, 19}, {JUMP, 0, 0, 0, 21}, {ADD, 2, 2, 6, 0},
    {SUB, 2, 2, 0, 0},    {SHIFT, 6, 2, 3, 0},   {MIX, 2, 6, 0, 0},    {MOVE, 10, 2, 0, 0}, {INC, 0, 0, 0, 1},
    {JUMP, 0, 0, 0, 5},
};

static uint32_t execute(uint32_t limit)
{
    static uint32_t memory[64];
    uint32_t r[16] = {0};
    for (int i = 0; i < 64; i++) memory[i] = 0;
    r[8] = limit;
    for (const struct instruction *pc = program;;) {
        struct instruction i = *pc++;
        switch ((enum op)i.op) {
        case SET: r[i.a] = (uint32_t)i.imm; break;
        case MOVE: r[i.a] = r[i.b]; break;
        case ADD: r[i.a] = r[i.b] + r[i.c]; break;
        case SUB: r[i.a] = r[i.b] - r[i.c]; break;
        case MUL: r[i.a] = r[i.b] * r[i.c]; break;
        case AND: r[i.a] = r[i.b] & r[i.c]; break;
        case XOR: r[i.a] = r[i.b] ^ r[i.c]; break;
        case SHIFT: r[i.a] = r[i.b] >> (r[i.c] & 31); break;
        case LOAD: r[i.a] = memory[r[i.b] & 63]; break;
        case STORE: memory[r[i.a] & 63] = r[i.b]; break;
        case LESS: r[i.a] = r[i.b] < r[i.c]; break;
        case JUMP_IF: if (r[i.a]) pc = program + i.imm; break;
        case JUMP: pc = program + i.imm; break;
        case INC: r[i.a] += (uint32_t)i.imm; break;
        case MIX: r[i.a] ^= r[i.b] * 2654435761u; break;
        case STOP: return r[i.a];
        }
    }
}

uint64_t run(uint32_t n)
{
    uint64_t hash = 0;
    for (uint32_t round = 0; round < n; round++) hash = bench_mix(hash, execute(5000 + round));
    return hash;
}
