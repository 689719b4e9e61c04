/* ops_shell.c - the smallest shell around the generated cases: runs one handler per line of standard input and tells
 * what it did. tests/gen/test_op_numerics.py builds and drives it (it is no program of the C tests by itself).
 *
 *   in    handler cell1 cell2 cell3 cell4 slot0 ... slot7 A F D L N P   all hexadecimal; cells 5.. repeat cell 4
 *   out   next|trap|branch slot0 ... slot7 A F D L N P changes calls
 *
 * next is `+cells`, trap `!KIND`, branch `>target`. changes lists bytes of memory that differ: `offset=byte,...` or -.
 * calls lists what the handler asked of the runtime, or -.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/vector_ops.c"
#include "ops/op_atomics.h"
#include "ops/op_helpers.h"
#include "pywasi.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/table.h"

#define MEMORY_BYTES   64
#define TABLE_ELEMENTS 8
#define SLOTS          8
#define CELLS          8

typedef struct shell {
    uint64_t cells[CELLS];
    uint64_t slots[SLOTS];
    uint64_t A;
    float F;
    double D;
    uint64_t L, N;
    double P;
    const char *trap;
    unsigned next;
    uint64_t branch;
    pw_instance *context;
    uint64_t memory_size;
    int reloaded;
} shell;

static char calls[256];

/* ---- the runtime: writes down what it is asked; counts above 100 are out of bounds ------------------------------ */

#define SAY(...) ((void)snprintf(calls, sizeof calls, __VA_ARGS__))

pw_result pwi_memory_fill(pw_memory *memory, uint64_t to, uint8_t value, uint64_t count)
{
    SAY("memory_fill(%u,%" PRIx64 ",%x,%" PRIx64 ")", memory->pins, to, value, count);
    return count <= 100 ? PW_OK : PW_ERR_TRAP;
}

pw_result pwi_memory_copy(pw_memory *to_memory, uint64_t to, pw_memory *from_memory, uint64_t from, uint64_t count)
{
    SAY("memory_copy(%u,%" PRIx64 ",%u,%" PRIx64 ",%" PRIx64 ")", to_memory->pins, to, from_memory->pins,
        from, count);
    return count <= 100 ? PW_OK : PW_ERR_TRAP;
}

pw_result pwi_memory_init(pw_instance *instance, uint32_t memory, uint32_t segment, uint64_t to,
                          uint64_t from, uint64_t count)
{
    (void)instance;
    SAY("memory_init(%u,%u,%" PRIx64 ",%" PRIx64 ",%" PRIx64 ")", memory, segment, to, from, count);
    return count <= 100 ? PW_OK : PW_ERR_TRAP;
}

pw_result pwi_table_init(pw_instance *instance, uint32_t table, uint32_t segment, uint64_t to, uint64_t from,
                         uint64_t count)
{
    (void)instance;
    SAY("table_init(%u,%u,%" PRIx64 ",%" PRIx64 ",%" PRIx64 ")", table, segment, to, from, count);
    return count <= 100 ? PW_OK : PW_ERR_TRAP;
}

void pwi_data_drop(pw_instance *instance, uint32_t segment)
{
    (void)instance, SAY("data_drop(%u)", segment);
}
void pwi_elem_drop(pw_instance *instance, uint32_t segment)
{
    (void)instance, SAY("elem_drop(%u)", segment);
}

pw_result pwi_table_fill(pw_table *table, uint64_t to, pw_slot value, uint64_t count)
{
    SAY("table_fill(%u,%" PRIx64 ",%" PRIx64 ",%" PRIx64 ")", (unsigned)table->capacity, to, value, count);
    return count <= 100 ? PW_OK : PW_ERR_TRAP;
}

pw_result pwi_table_copy(pw_table *to_table, uint64_t to, pw_table *from_table, uint64_t from, uint64_t count)
{
    SAY("table_copy(%u,%" PRIx64 ",%u,%" PRIx64 ",%" PRIx64 ")", (unsigned)to_table->capacity, to,
        (unsigned)from_table->capacity, from, count);
    return count <= 100 ? PW_OK : PW_ERR_TRAP;
}

uint64_t pw_memory_pages(const pw_memory *memory)
{
    return memory->size / 16;
}

pw_result pwi_memory_grow(pw_memory *memory, uint64_t pages, uint64_t *old_pages)
{
    SAY("memory_grow(%u,%" PRIx64 ")", memory->pins, pages);
    *old_pages = 7;
    return pages <= 100 ? PW_OK : PW_ERR_LIMIT;
}

pw_result pwi_table_grow(pw_table *table, uint64_t count, pw_slot init, uint64_t *old_size)
{
    SAY("table_grow(%u,%" PRIx64 ",%" PRIx64 ")", (unsigned)table->capacity, count, init);
    *old_size = 9;
    return count <= 100 ? PW_OK : PW_ERR_LIMIT;
}

pw_memory *pwi_memory_of(const pw_instance *instance, const uint8_t *p)
{
    bool first = p >= instance->memories[0]->base && p < instance->memories[0]->base + instance->memories[0]->size;
    return instance->memories[first ? 0 : 1];
}

pw_result pwi_memory_wait(pw_instance *instance, const uint8_t *p, bool is64, uint64_t expected, int64_t timeout)
{
    SAY("memory_wait(%u,%x,%d,%" PRIx64 ",%" PRIx64 ")", pwi_memory_of(instance, p)->pins,
        (unsigned)(p - pwi_memory_of(instance, p)->base), is64, expected, (uint64_t)timeout);
    return timeout >= 0 ? PW_OK : PW_ERR_HOST;
}

uint32_t pwi_memory_wait_answer(const pw_instance *instance)
{
    (void)instance;
    return 2;
}

uint32_t pwi_memory_notify(const pw_instance *instance, const uint8_t *p, uint32_t count)
{
    SAY("memory_notify(%u,%x,%x)", pwi_memory_of(instance, p)->pins,
        (unsigned)(p - pwi_memory_of(instance, p)->base), count);
    return 3;
}

/* ---- the words of the cases -------------------------------------------------------------------------------------- */

#define CTX              sh->context
#define LANE(cell, lane) (sh->cells[cell] >> (16 * (lane)) & 0xffff)
#define SLOT(cell, lane) sh->slots[LANE(cell, lane)]
#define LOW(cell)        ((uint32_t)sh->cells[cell])
#define HIGH(cell)       ((uint32_t)(sh->cells[cell] >> 32))
#define PW_OFFSET        ((uint64_t)HIGH(1))
#define PW_IMM64(cell)   sh->cells[cell]

#define PW_GET_i32_S(cell, lane) ((uint32_t)SLOT(cell, lane))
#define PW_GET_i64_S(cell, lane) SLOT(cell, lane)
#define PW_GET_f32_S(cell, lane) pwi_f32_from_bits((uint32_t)SLOT(cell, lane))
#define PW_GET_f64_S(cell, lane) pwi_f64_from_bits(SLOT(cell, lane))
#define PW_GET_idx_S(cell, lane) SLOT(cell, lane)
#define PW_GET_ref_S(cell, lane) SLOT(cell, lane)
#define PW_GET_v128_S(cell, lane) (*(const pw_v128 *)&SLOT(cell, lane))
#define PW_GET_i32_A             ((uint32_t)sh->A)
#define PW_GET_i64_A             sh->A
#define PW_GET_f32_A             sh->F
#define PW_GET_f64_A             sh->D
#define PW_GET_i32_L             ((uint32_t)sh->L)
#define PW_GET_i64_L             sh->L
#define PW_GET_i32_N             ((uint32_t)sh->N)
#define PW_GET_i64_N             sh->N
#define PW_GET_f64_P             sh->P
#define PW_GET_i32_K             HIGH(1)
#define PW_GET_i64_K             ((uint64_t)(int64_t)(int32_t)HIGH(1))
#define PW_GET_f32_K             pwi_f32_from_bits(LOW(2))
#define PW_GET_f64_K             pwi_f64_from_bits(sh->cells[2])
#define PW_GET_i32_K2            LOW(2)
#define PW_GET_i64_K2            sh->cells[2]
#define PW_GET_i32_K3            LOW(3)
#define PW_GET_i64_K3            sh->cells[3]
#define PW_GET_i32_XK            LOW(2)
#define PW_GET_i64_XK            ((uint64_t)(int64_t)(int32_t)LOW(2))
#define PW_SCALE                 HIGH(2)

#define PW_PUT_i32_A(r)             sh->A = (uint32_t)(r)
#define PW_PUT_i64_A(r)             sh->A = (r)
#define PW_PUT_f32_A(r)             sh->F = (r)
#define PW_PUT_f64_A(r)             sh->D = (r)
#define PW_PUT_i32_O(cell, lane, r) SLOT(cell, lane) = (uint32_t)(r)
#define PW_PUT_i64_O(cell, lane, r) SLOT(cell, lane) = (r)
#define PW_PUT_f32_O(cell, lane, r) SLOT(cell, lane) = pwi_f32_to_bits(r)
#define PW_PUT_f64_O(cell, lane, r) SLOT(cell, lane) = pwi_f64_to_bits(r)
#define PW_PUT_idx_O(cell, lane, r) SLOT(cell, lane) = (r)
#define PW_PUT_ref_O(cell, lane, r) SLOT(cell, lane) = (r)
#define PW_PUT_v128_O(cell, lane, r) (*(pw_v128 *)&SLOT(cell, lane) = (r))
#define PW_PUT_i32_S(cell, lane, r) ((void)(PW_PUT_i32_A(r)), (void)(PW_PUT_i32_O(cell, lane, r)))
#define PW_PUT_i64_S(cell, lane, r) ((void)(PW_PUT_i64_A(r)), (void)(PW_PUT_i64_O(cell, lane, r)))
#define PW_PUT_f32_S(cell, lane, r) ((void)(PW_PUT_f32_A(r)), (void)(PW_PUT_f32_O(cell, lane, r)))
#define PW_PUT_f64_S(cell, lane, r) ((void)(PW_PUT_f64_A(r)), (void)(PW_PUT_f64_O(cell, lane, r)))

#define PW_PUT_i32_L(cell, lane, r) ((void)(SLOT(cell, lane) = sh->L = (uint32_t)(r)))
#define PW_PUT_i64_L(cell, lane, r) ((void)(SLOT(cell, lane) = sh->L = (r)))
#define PW_PUT_i32_N(cell, lane, r) ((void)(SLOT(cell, lane) = sh->N = (uint32_t)(r)))
#define PW_PUT_i64_N(cell, lane, r) ((void)(SLOT(cell, lane) = sh->N = (r)))
#define PW_PUT_f64_P(cell, lane, r) ((void)(sh->P = (r)), (void)(SLOT(cell, lane) = pwi_f64_to_bits(sh->P)))

#define TRAP_IF(condition, kind)                                                                             \
    do {                                                                                                     \
        if (condition) {                                                                                     \
            (void)PW_TRAP_##kind;                                                                            \
            sh->trap = #kind;                                                                                \
            return;                                                                                          \
        }                                                                                                    \
    } while (0)
#define ATTEMPT(expression)                                                                                  \
    do {                                                                                                     \
        if ((expression) != PW_OK) {                                                                         \
            sh->trap = "HOST";                                                                               \
            return;                                                                                          \
        }                                                                                                    \
    } while (0)
#define PW_BOUNDS(ea, bytes)       TRAP_IF((ea) + (bytes) > sh->memory_size, OUT_OF_BOUNDS_MEMORY)
#define PW_READ(ctype, ea)         read_##ctype(CTX->memory_base + (ea))
#define PW_WRITE(ctype, ea, value) write_##ctype(CTX->memory_base + (ea), value)
#define PW_ADDRESS_P(p, address, bytes)                                                                      \
    PW_BOUNDS((address) + PW_IMM64(2), bytes);                                                               \
    uint8_t *p = CTX->memory_base + (address) + PW_IMM64(2)
#define PW_ADDRESS_G(ea, address, bytes)                                                                     \
    const pw_memory *general = CTX->memories[PW_IMM64(2)];                                                   \
    TRAP_IF((address) > UINT64_MAX - PW_IMM64(3), OUT_OF_BOUNDS_MEMORY);                                     \
    TRAP_IF((address) + PW_IMM64(3) > general->size - (bytes), OUT_OF_BOUNDS_MEMORY);                        \
    uint8_t *ea = general->base + (address) + PW_IMM64(3)
#define PW_READ_G(ctype, ea)         read_##ctype(ea)
#define PW_WRITE_G(ctype, ea, value) write_##ctype(ea, value)
#define TAKES_TIME(n, shift)        ((void)0)
#define RELOAD_MEMORY()              (sh->reloaded = 1)
#define PW_CLOBBER()                 ((void)(sh->A = 0), (void)(sh->F = 0), (void)(sh->D = 0))
#define PW_NEXT(count)                                                                                       \
    do {                                                                                                     \
        sh->next = (count);                                                                                  \
        return;                                                                                              \
    } while (0)
#define PW_BRANCH_IF(condition, cell)                                                                        \
    do {                                                                                                     \
        if (condition) {                                                                                     \
            sh->branch = sh->cells[cell];                                                                    \
            return;                                                                                          \
        }                                                                                                    \
        PW_NEXT((cell) + 1);                                                                                 \
    } while (0)

#define ACCESS(ctype)                                                                                        \
    static ctype read_##ctype(const uint8_t *from)                                                           \
    {                                                                                                        \
        ctype value;                                                                                         \
        memcpy(&value, from, sizeof value);                                                                  \
        return value;                                                                                        \
    }
#define ACCESS_BOTH(ctype)                                                                                   \
    ACCESS(ctype)                                                                                            \
    static void write_##ctype(uint8_t *to, ctype value)                                                      \
    {                                                                                                        \
        memcpy(to, &value, sizeof value);                                                                    \
    }
ACCESS(int8_t)
ACCESS(int16_t)
ACCESS(int32_t)
ACCESS_BOTH(uint8_t)
ACCESS_BOTH(uint16_t)
ACCESS_BOTH(uint32_t)
ACCESS_BOTH(uint64_t)
ACCESS_BOTH(float)
ACCESS_BOTH(double)

#define PW_CASE(name) static void case_##name(shell *sh)
#include "op_cases.h"
#include "op_pins_cases.h"

static void (*const handlers[])(shell *) = {
#define PW_HANDLER(name) case_##name,
#define PW_BRANCHING PW_HANDLER
#include "op_handlers.h"
#include "op_pins.h"
#undef PW_HANDLER
#undef PW_BRANCHING
};

/* ---- one line at a time ------------------------------------------------------------------------------------------ */

static uint8_t bytes[2][MEMORY_BYTES];
static pw_slot elements[2][TABLE_ELEMENTS];

static void reset(void)
{
    for (unsigned i = 0; i < MEMORY_BYTES; i++)
        bytes[0][i] = bytes[1][i] = (uint8_t)(i * 37 + 128);
    for (unsigned i = 0; i < TABLE_ELEMENTS; i++)
        elements[0][i] = elements[1][i] = 0x1000 + i;
    (void)snprintf(calls, sizeof calls, "-");
}

static int read_line(unsigned long *handler, shell *sh)
{
    uint64_t F = 0, D = 0, P = 0;
    uint64_t *fields[] = {&sh->cells[1],
                          &sh->cells[2],
                          &sh->cells[3],
                          &sh->cells[4],
                          &sh->slots[0],
                          &sh->slots[1],
                          &sh->slots[2],
                          &sh->slots[3],
                          &sh->slots[4],
                          &sh->slots[5],
                          &sh->slots[6],
                          &sh->slots[7],
                          &sh->A,
                          &F,
                          &D,
                          &sh->L,
                          &sh->N,
                          &P};
    if (scanf("%lx", handler) != 1)
        return 0;
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (scanf("%" SCNx64, fields[i]) != 1)
            return 0;
    for (unsigned i = 5; i < CELLS; i++)
        sh->cells[i] = sh->cells[4];
    sh->F = pwi_f32_from_bits((uint32_t)F);
    sh->D = pwi_f64_from_bits(D);
    sh->P = pwi_f64_from_bits(P);
    return 1;
}

static void tell(const shell *sh)
{
    if (sh->trap)
        printf("!%s", sh->trap);
    else if (sh->next == 0)
        printf(">%" PRIx64, sh->branch);
    else
        printf("+%u%s", sh->next, sh->reloaded ? "r" : "");
    for (unsigned i = 0; i < SLOTS; i++)
        printf(" %" PRIx64, sh->slots[i]);
    printf(" %" PRIx64 " %" PRIx32 " %" PRIx64, sh->A, pwi_f32_to_bits(sh->F), pwi_f64_to_bits(sh->D));
    printf(" %" PRIx64 " %" PRIx64 " %" PRIx64 " ", sh->L, sh->N, pwi_f64_to_bits(sh->P));
    unsigned changes = 0;
    for (unsigned i = 0; i < 2 * MEMORY_BYTES; i++) {
        uint8_t now = bytes[i / MEMORY_BYTES][i % MEMORY_BYTES];
        if (now != (uint8_t)(i % MEMORY_BYTES * 37 + 128))
            printf("%s%u=%u", changes++ ? "," : "", i, now);
    }
    for (unsigned i = 0; i < 2 * TABLE_ELEMENTS; i++) {
        pw_slot now = elements[i / TABLE_ELEMENTS][i % TABLE_ELEMENTS];
        if (now != 0x1000 + i % TABLE_ELEMENTS)
            printf("%st%u=%" PRIx64, changes++ ? "," : "", i, now);
    }
    printf("%s %s\n", changes ? "" : "-", calls);
}

int main(void)
{
    /* Numbers that no operation looks at tell memories and tables apart in `calls`. */
    pw_memory memory[2] = {{.base = bytes[0], .size = MEMORY_BYTES, .pins = 0},
                           {.base = bytes[1], .size = MEMORY_BYTES, .pins = 1, .type = {.is64 = true}}};
    pw_table table[2] = {
        {.elements = elements[0], .size = TABLE_ELEMENTS, .capacity = 0},
        {.elements = elements[1], .size = TABLE_ELEMENTS, .capacity = 1, .type = {.limits = {.is64 = true}}}};
    memory[0].shared = (pw_shared_memory *)(void *)bytes[0]; /* the second one is not */
    pw_memory *memories[2] = {&memory[0], &memory[1]};
    pw_table *tables[2] = {&table[0], &table[1]};
    pw_instance instance = {.memory_base = bytes[0], .memories = memories, .tables = tables};
    for (;;) {
        unsigned long handler;
        shell s = {.context = &instance, .memory_size = MEMORY_BYTES};
        if (!read_line(&handler, &s))
            break;
        if (handler >= sizeof handlers / sizeof handlers[0])
            return 2;
        reset();
        handlers[handler](&s);
        tell(&s);
    }
    return feof(stdin) ? 0 : 1;
}
