/* Work as in embedded code: a scanner of numbers driven by states, a linked list that is sorted and
 * searched, a matrix of small integers, and a CRC over all of it. */
#include "bench.h"

enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, SCIENTIFIC, INVALID, STATES };

struct item { struct item *next; int16_t key, data; };
static struct item items[128];
static int16_t grid[16][16], result[16][16];

static uint16_t crc16(uint16_t crc, uint32_t value)
{
    for (int i = 0; i < 32; i++) {
        uint16_t bit = (uint16_t)((value >> i & 1) ^ (crc & 1));
        crc = (uint16_t)(crc >> 1);
        if (bit) crc ^= 0xa001;
    }
    return crc;
}

static enum state next_state(enum state s, char c)
{
    int digit = c >= '0' && c <= '9';
    switch (s) {
    case START: return digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN: return digit ? INTEGER : c == '.' ? POINT : INVALID;
    case INTEGER: return digit ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case POINT: return digit ? FRACTION : INVALID;
    case FRACTION: return digit ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT: return digit || c == '-' ? SCIENTIFIC : INVALID;
    case SCIENTIFIC: return digit ? SCIENTIFIC : INVALID;
    default: return INVALID;
    }
}

static uint16_t scan(const char *text, uint16_t crc)
{
    uint32_t visits[STATES] = {0};
    enum state s = START;
    for (; *text; text++) {
        if (*text == ',') s = START;
        else s = next_state(s, *text);
        visits[s]++;
    }
    for (int i = 0; i < STATES; i++) crc = crc16(crc, visits[i]);
    return crc;
}

static struct item *merge(struct item *a, struct item *b, int by_data)
{
    struct item head, *tail = &head;
    while (a && b) {
        struct item **least = (by_data ? a->data <= b->data : a->key <= b->key) ? &a : &b;
        tail->next = *least;
        tail = *least;
        *least = (*least)->next;
    }
    tail->next = a ? a : b;
    return head.next;
}

static struct item *sort(struct item *list, int count, int by_data)
{
    if (count < 2) return list;
    struct item *middle = list;
    for (int i = 1; i < count / 2; i++) middle = middle->next;
    struct item *second = middle->next;
    middle->next = 0;
    return merge(sort(list, count / 2, by_data), sort(second, count - count / 2, by_data), by_data);
}

static uint16_t lists(uint64_t *state, uint16_t crc)
{
    for (int i = 0; i < 128; i++) {
        uint64_t r = bench_random(state);
        items[i] = (struct item){i < 127 ? &items[i + 1] : 0, (int16_t)(r >> 20), (int16_t)(r >> 40)};
    }
    struct item *list = sort(sort(items, 128, 0), 128, 1);
    for (int wanted = 0; wanted < 128; wanted += 9) {
        struct item *at = list;
        int steps = 0;
        while (at && at->key != items[wanted].key) at = at->next, steps++;
        crc = crc16(crc, (uint32_t)steps);
    }
    return crc;
}

static uint16_t matrices(int16_t scale, uint16_t crc)
{
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 16; j++) grid[i][j] = (int16_t)(grid[i][j] * 3 + scale + i * j);
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 16; j++) {
            int32_t sum = 0;
            for (int k = 0; k < 16; k++) sum += grid[i][k] * grid[k][j];
            result[i][j] = (int16_t)(sum >> 3 & 0x7fff);
        }
    for (int i = 0; i < 16; i++) crc = crc16(crc, (uint32_t)result[i][(i * 3) & 15]);
    return crc;
}

uint64_t run(uint32_t n)
{
    static const char text[] = "5012,-1.25,+3.5e-7,.5,1e10,abc,--1,7.7.7,0.000123,99999,1e,+,T0.3e-1F,-110.700,+0.64400,";
    uint64_t state = 31;
    uint16_t crc = 0xffff;
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 16; j++) grid[i][j] = (int16_t)(i * 7 - j * 3);
    for (uint32_t round = 0; round < n * 10; round++) {
        crc = scan(text, crc);
        crc = lists(&state, crc);
        crc = matrices((int16_t)(round & 127), crc);
    }
    return crc;
}
