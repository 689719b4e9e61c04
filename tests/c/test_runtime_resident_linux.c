/* What an instance costs: address space is reserved, memory is not taken before it is used. */
#include <unistd.h>

#include "runtime_fixture.h"

/* Field of /proc/self/statm: 0 all of the address space, 1 what is resident. In bytes. */
static uint64_t in_use(int field)
{
    unsigned long long pages[2] = {0, 0};
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%llu %llu", &pages[0], &pages[1]) == 2);
    fclose(file);
    return pages[field] * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void add_common_things(fixture *fx)
{
    fx_func(fx);
    fx_func(fx);
    fx_memory(fx, fx_limits(1, 0, false));
    fx_table(fx, (pw_table_type){PW_FUNCREF, fx_limits(8, 0, false)});
    fx_global(fx, (pw_global_type){PW_I32, true}, EXPR(fx, PW_I32, 0x41, 0));
    fx_export(fx, "memory", PW_EXTERN_MEMORY, 0);
    fx_elem(fx, PW_SEGMENT_ACTIVE, 0, 0, (const uint8_t[]){0, 1}, 2);
    fx_data(fx, PW_SEGMENT_ACTIVE, 0, 1024, "touches one page");
}

static void test_an_instance_is_small(void)
{
    enum { COUNT = 500 };
    fixture fx;
    pw_instance *instance;
    fx_start(&fx, NULL);
    add_common_things(&fx);
    CHECK(fx_instance(&fx, &instance) == PW_OK);
    uint64_t resident = in_use(1), space = in_use(0);
    for (int i = 0; i < COUNT; i++)
        CHECK(fx_instance(&fx, &instance) == PW_OK);
    resident = in_use(1) - resident;
    uint64_t reserved = in_use(0) - space;
    printf("resident per instance: %llu bytes\n", (unsigned long long)(resident / COUNT));
    CHECK(resident / COUNT <= 16384);
    CHECK(reserved / COUNT >= (uint64_t)4 << 30);
    fx_end(&fx);
    CHECK(in_use(0) < space + reserved / 100); /* it has been given back */
}

static void test_a_store_is_small(void)
{
    enum { COUNT = 100 };
    static pw_store *stores[COUNT];
    fixture fx;
    fx_start(&fx, NULL);
    uint64_t resident = in_use(1);
    for (int i = 0; i < COUNT; i++)
        CHECK(pwi_store_make(NULL, &fx.registry, NULL, &stores[i]) == PW_OK);
    resident = in_use(1) - resident;
    printf("resident per store: %llu bytes\n", (unsigned long long)(resident / COUNT));
    CHECK(resident / COUNT <= 16384);
    for (int i = 0; i < COUNT; i++)
        pwi_store_destroy(stores[i]);
    fx_end(&fx);
}

static void test_big_memories_and_tables_are_not_touched(void)
{
    fixture fx;
    pw_memory *memory;
    pw_table *table;
    uint64_t old;
    fx_start(&fx, NULL);
    pw_limits pages = fx_limits(8192, 0, false); /* 512 MiB */
    pw_table_type type = {PW_FUNCREF, fx_limits(8000000, 0, false)};
    uint64_t resident = in_use(1);
    CHECK(pwi_memory_make(fx.store, &pages, &memory, NULL) == PW_OK);
    CHECK(pwi_memory_grow(memory, 8192, &old) == PW_OK);
    CHECK(pwi_table_make(fx.store, &type, 0, &table, NULL) == PW_OK);
    CHECK(in_use(1) - resident < (uint64_t)16 << 20);
    CHECK(memory->base[memory->size - 1] == 0 && table->elements[7999999] == 0);
    fx_end(&fx);
}

int main(void)
{
    test_a_store_is_small();
#ifndef PW_TORTURE
    test_an_instance_is_small();
    test_big_memories_and_tables_are_not_touched();
#else
    /* Functions that no one calls would be warnings. */
    (void)test_an_instance_is_small, (void)test_big_memories_and_tables_are_not_touched;
    printf("sizes of memories: not in a build with PYWASI_TORTURE=ON, where they are heap blocks\n");
#endif
    return 0;
}
