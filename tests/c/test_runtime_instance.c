/* Instantiation: index spaces, order and partial effects of segments, what a failure leaves, segment
 * instructions. */
#include "runtime_fixture.h"

static const pw_table_type funcs_of_4 = {PW_FUNCREF, {4, 4, true, false, false, 16}};

static void test_index_spaces(void)
{
    fixture fx;
    pw_instance *instance;
    pw_global *variable, *constant;
    pw_slot seven = 7, eight = 8;
    pw_global_type mutable_i32 = {PW_I32, true}, i64 = {PW_I64, false};
    fx_start(&fx, NULL);
    pw_func *host = fx_host(&fx);
    CHECK(pwi_global_make(fx.store, &mutable_i32, &seven, &variable, NULL) == PW_OK);
    CHECK(pwi_global_make(fx.store, &i64, &eight, &constant, NULL) == PW_OK);
    fx_import_func(&fx, "f", host);
    fx_import_global(&fx, "v", variable, mutable_i32);
    fx_import_global(&fx, "c", constant, i64);
    fx_func(&fx);
    fx_func(&fx);
    fx_global(&fx, mutable_i32, EXPR(&fx, PW_I32, 0x41, 9));
    fx_memory(&fx, fx_limits(1, 1, true));
    fx_memory(&fx, fx_limits(2, 2, true));
    fx_table(&fx, funcs_of_4);
    fx_export(&fx, "g", PW_EXTERN_GLOBAL, 2);
    fx_export(&fx, "v", PW_EXTERN_GLOBAL, 0);
    fx_export(&fx, "memory", PW_EXTERN_MEMORY, 1);
    fx_export(&fx, "f", PW_EXTERN_FUNC, 0);
    CHECK(fx_instance(&fx, &instance) == PW_OK && fx.module.references == 2);

    CHECK(instance->funcs[0] == host && instance->funcs[1] == &instance->own_funcs[0]);
    CHECK(instance->funcs[2]->func_index == 2 && instance->funcs[2]->code == &fx.codes[1]);
    CHECK(instance->funcs[2]->instance == instance && instance->funcs[2]->type == fx.nullary);
    CHECK(instance->stack_limit == fx.store->stack.limit && instance->poll_budget == PW_POLL_INTERVAL);
    CHECK(instance->memory_base == instance->memories[0]->base && instance->memory_size == PW_PAGE_BYTES);
    CHECK(pw_instance_memory(instance) == instance->memories[1]);
    CHECK(pw_instance_func(instance, 0) == host && !pw_instance_func(instance, 3));

    /* An imported mutable global is a pointer to the one value; a constant is a copy. */
    CHECK((pw_slot *)(uintptr_t)instance->globals[0] == variable->value &&
          *pwi_global_place(instance, 0) == 7);
    CHECK(instance->globals[1] == 8 && instance->globals[2] == 9);
    pw_extern export;
    pw_instance_export(instance, 0, &export);
    pw_slot ten = 10;
    CHECK(export.kind == PW_EXTERN_GLOBAL && pw_global_set(export.of.global, &ten) == PW_OK);
    CHECK(instance->globals[2] == 10 && pwi_instance_global(instance, 2) == export.of.global);
    pw_instance_export(instance, 1, &export);
    CHECK(export.of.global == variable);
    pw_instance_export(instance, 3, &export);
    CHECK(export.kind == PW_EXTERN_FUNC && export.of.func == host);
    pw_instance_export(instance, 4, &export);
    CHECK(export.of.func == NULL);
    fx_end(&fx);
}

static void test_segments_are_written_in_order(void)
{
    fixture fx;
    pw_instance *instance;
    fx_start(&fx, NULL);
    fx_func(&fx);
    fx_func(&fx);
    fx_table(&fx, funcs_of_4);
    fx_memory(&fx, fx_limits(1, 1, true));
    fx.tables[0].has_init = true;
    fx.tables[0].init = EXPR(&fx, PW_FUNCREF, 0xd2, 1);
    fx_elem(&fx, PW_SEGMENT_ACTIVE, 0, 0, (const uint8_t[]){0, 0, 0}, 3);
    fx_elem(&fx, PW_SEGMENT_ACTIVE, 0, 1, (const uint8_t[]){1}, 1);
    fx_elem(&fx, PW_SEGMENT_ACTIVE, 0, 4, NULL, 0); /* empty, at the end: in bounds */
    fx_elem(&fx, PW_SEGMENT_DECLARATIVE, 0, 0, (const uint8_t[]){1}, 1);
    fx_elem(&fx, PW_SEGMENT_PASSIVE, 0, 0, (const uint8_t[]){1}, 1);
    fx_data(&fx, PW_SEGMENT_ACTIVE, 0, 10, "abcdef");
    fx_data(&fx, PW_SEGMENT_PASSIVE, 0, 0, "xyz");
    fx_data(&fx, PW_SEGMENT_ACTIVE, 0, 12, "XX");
    CHECK(fx_instance(&fx, &instance) == PW_OK);
    const pw_slot *elements = instance->tables[0]->elements;
    pw_slot first = (pw_slot)(uintptr_t)instance->funcs[0], second = (pw_slot)(uintptr_t)instance->funcs[1];
    CHECK(elements[0] == first && elements[1] == second && elements[2] == first && elements[3] == second);
    CHECK(memcmp(instance->memory_base + 10, "abXXef\0", 7) == 0);
    CHECK(memcmp(instance->dropped_elems, "\1\1\1\1\0", 5) == 0 &&
          memcmp(instance->dropped_datas, "\1\0\1", 3) == 0);
    fx_end(&fx);
}

static void test_partial_effects_stay_and_functions_in_shared_tables_live_on(void)
{
    fixture fx;
    pw_instance *instance;
    pw_table *table;
    pw_memory *memory;
    pw_limits one_page = fx_limits(1, 1, true);
    fx_start(&fx, NULL);
    CHECK(pwi_table_make(fx.store, &funcs_of_4, 0, &table, NULL) == PW_OK);
    CHECK(pwi_memory_make(fx.store, &one_page, &memory, NULL) == PW_OK);
    fx_import_table(&fx, "t", table, funcs_of_4);
    fx_import_memory(&fx, "m", memory, one_page);
    fx_func(&fx);
    fx_elem(&fx, PW_SEGMENT_ACTIVE, 0, 2, (const uint8_t[]){0}, 1);
    fx_data(&fx, PW_SEGMENT_ACTIVE, 0, 0, "first");
    fx_data(&fx, PW_SEGMENT_ACTIVE, 0, 65532, "outside");
    fx_data(&fx, PW_SEGMENT_ACTIVE, 0, 100, "never");
    CHECK(fx_instance(&fx, &instance) == PW_ERR_TRAP && !instance);
    CHECK(fx.error.trap == PW_TRAP_OUT_OF_BOUNDS_MEMORY &&
          !strcmp(fx.error.text, "out of bounds memory access"));
    CHECK(memcmp(memory->base, "first", 5) == 0 && memory->base[65532] == 0 && memory->base[100] == 0);
    const pw_func *written = (const pw_func *)(uintptr_t)table->elements[2];
    CHECK(written && written->type == fx.nullary && written->instance->memory_base == memory->base);
    CHECK(fx.store->instances.count == 1 && fx.module.references == 2);

    fx.module.data_count = 1; /* the store is as good as before */
    CHECK(fx_instance(&fx, &instance) == PW_OK && fx.store->instances.count == 2);
    CHECK((const pw_func *)(uintptr_t)table->elements[2] == instance->funcs[0]);
    fx_end(&fx);
}

static void test_a_failure_that_nobody_saw_leaves_nothing(void)
{
    fixture fx;
    pw_instance *instance;
    pw_memory *memory;
    pw_limits one_page = fx_limits(1, 1, true);
    fx_start(&fx, NULL);
    CHECK(pwi_memory_make(fx.store, &one_page, &memory, NULL) == PW_OK);
    fx_import_memory(&fx, "m", memory, one_page);
    fx_memory(&fx, one_page);
    fx_func(&fx);
    fx_table(&fx, funcs_of_4);
    fx_global(&fx, (pw_global_type){PW_I32, true}, EXPR(&fx, PW_I32, 0x41, 0));
    fx_export(&fx, "g", PW_EXTERN_GLOBAL, 0);
    fx_elem(&fx, PW_SEGMENT_ACTIVE, 0, 0, (const uint8_t[]){0}, 1); /* its own table */
    fx_elem(&fx, PW_SEGMENT_ACTIVE, 0, 4, (const uint8_t[]){0}, 1);
    for (int i = 0; i < 2000; i++) /* twice the limit of instances */
        CHECK(fx_instance(&fx, &instance) == PW_ERR_TRAP && fx.error.trap == PW_TRAP_OUT_OF_BOUNDS_TABLE);
    const pw_store *store = fx.store;
    CHECK(store->instances.count == 0 && store->tables.count == 0 && store->globals.count == 0);
    CHECK(store->memories.count == 1 && store->memory_in_use == PW_PAGE_BYTES &&
          store->table_elements_in_use == 0);
    CHECK(memory->user_count == 0 && fx.module.references == 1);
    fx_end(&fx);
}

static void test_limits_of_the_store(void)
{
    fixture fx;
    pw_instance *instance;
    pw_store_limits limits = {5 * PW_PAGE_BYTES, 10, 3, 0};
    fx_start(&fx, &limits);
    fx_memory(&fx, fx_limits(1, 1, true));
    fx_memory(&fx, fx_limits(5, 5, true));
    CHECK(fx_instance(&fx, &instance) == PW_ERR_LIMIT && fx.error.result == PW_ERR_LIMIT);
    CHECK(fx.store->memory_in_use == 0 && fx.store->memories.count == 0);
    fx_module(&fx);
    fx_table(&fx, (pw_table_type){PW_FUNCREF, fx_limits(11, 0, false)});
    CHECK(fx_instance(&fx, &instance) == PW_ERR_LIMIT);
    fx_module(&fx);
    for (int i = 0; i < 3; i++)
        CHECK(fx_instance(&fx, &instance) == PW_OK);
    CHECK(fx_instance(&fx, &instance) == PW_ERR_LIMIT && !instance && strstr(fx.error.text, "3 instances"));
    fx_end(&fx);
}

static void test_memory_init_and_data_drop(void)
{
    fixture fx;
    pw_instance *instance;
    fx_start(&fx, NULL);
    fx_memory(&fx, fx_limits(1, 1, true));
    fx_data(&fx, PW_SEGMENT_PASSIVE, 0, 0, "abcdef");
    fx_data(&fx, PW_SEGMENT_ACTIVE, 0, 0, "zz");
    CHECK(fx_instance(&fx, &instance) == PW_OK);
    CHECK(pwi_memory_init(instance, 0, 0, 65533, 2, 3) == PW_OK &&
          !memcmp(instance->memory_base + 65533, "cde", 3));
    CHECK(pwi_memory_init(instance, 0, 0, 65534, 2, 3) == PW_ERR_TRAP); /* memory */
    CHECK(pwi_memory_init(instance, 0, 0, 0, 4, 3) == PW_ERR_TRAP);     /* segment */
    CHECK(pwi_memory_init(instance, 0, 0, 0, UINT32_MAX, UINT32_MAX) == PW_ERR_TRAP);
    CHECK(pwi_memory_init(instance, 0, 0, UINT64_MAX, 0, 1) == PW_ERR_TRAP);
    CHECK(!memcmp(instance->memory_base, "zz\0", 3) && !memcmp(instance->memory_base + 65533, "cde", 3));
    CHECK(pwi_memory_init(instance, 0, 1, 0, 0, 0) == PW_OK &&
          pwi_memory_init(instance, 0, 1, 0, 0, 1) == PW_ERR_TRAP);
    pwi_data_drop(instance, 0);
    pwi_data_drop(instance, 0);
    CHECK(pwi_memory_init(instance, 0, 0, 65536, 0, 0) == PW_OK);
    CHECK(pwi_memory_init(instance, 0, 0, 65537, 0, 0) == PW_ERR_TRAP);
    CHECK(pwi_memory_init(instance, 0, 0, 0, 1, 0) == PW_ERR_TRAP);
    fx_end(&fx);
}

static void test_table_init_and_elem_drop(void)
{
    fixture fx;
    pw_instance *instance;
    fx_start(&fx, NULL);
    fx_func(&fx);
    fx_func(&fx);
    fx_table(&fx, funcs_of_4);
    fx_elem(&fx, PW_SEGMENT_PASSIVE, 0, 0, (const uint8_t[]){0, 1, 0}, 3);
    fx_elem(&fx, PW_SEGMENT_PASSIVE, 0, 0, (const uint8_t[]){0xd2, 1, 0x0b, 0xd0, 0x70, 0x0b}, 6);
    fx.elems[1].uses_expressions = true;
    fx.elems[1].count = 2;
    CHECK(fx_instance(&fx, &instance) == PW_OK);
    CHECK(!instance->elem_values[0] && instance->elem_values[1]); /* expressions: at instantiation */
    const pw_slot *elements = instance->tables[0]->elements;
    pw_slot second = (pw_slot)(uintptr_t)instance->funcs[1];
    CHECK(pwi_table_init(instance, 0, 0, 3, 1, 1) == PW_OK && elements[3] == second &&
          instance->elem_values[0]);
    CHECK(pwi_table_init(instance, 0, 0, 2, 0, 3) == PW_ERR_TRAP && elements[2] == 0);
    CHECK(pwi_table_init(instance, 0, 0, 0, 2, 2) == PW_ERR_TRAP && elements[0] == 0);
    CHECK(pwi_table_init(instance, 0, 0, UINT64_MAX, 0, 1) == PW_ERR_TRAP);
    CHECK(pwi_table_init(instance, 0, 0, 0, UINT64_MAX, 1) == PW_ERR_TRAP);
    CHECK(pwi_table_init(instance, 0, 1, 2, 0, 2) == PW_OK && elements[2] == second && elements[3] == 0);
    pwi_elem_drop(instance, 1);
    pwi_elem_drop(instance, 1);
    CHECK(pwi_table_init(instance, 0, 1, 4, 0, 0) == PW_OK &&
          pwi_table_init(instance, 0, 1, 0, 0, 1) == PW_ERR_TRAP);
    CHECK(!instance->elem_values[1] && pwi_table_init(instance, 0, 1, 5, 0, 0) == PW_ERR_TRAP);
    fx_end(&fx);
}

#ifdef PW_TORTURE
/* A module with something of everything, so that each allocation of instantiation is met. */
static void fill(fixture *fx, pw_table *table, pw_memory *memory, pw_limits one_page)
{
    static uint8_t deep[300];
    for (size_t i = 0; i < 100; i++) {
        deep[2 * i] = 0x41;
        deep[2 * i + 1] = 0;
        deep[200 + i] = 0x6a;
    }
    fx_module(fx);
    fx_import_table(fx, "t", table, funcs_of_4);
    fx_import_memory(fx, "m", memory, one_page);
    fx_func(fx);
    fx_memory(fx, one_page);
    fx_table(fx, funcs_of_4);
    fx_global(fx, (pw_global_type){PW_I32, true}, fx_expr(fx, PW_I32, deep, sizeof deep - 1));
    fx_export(fx, "g", PW_EXTERN_GLOBAL, 0);
    fx_elem(fx, PW_SEGMENT_PASSIVE, 0, 0, (const uint8_t[]){0xd2, 0, 0x0b, 0xd0, 0x70, 0x0b}, 6);
    fx->elems[0].uses_expressions = true;
    fx->elems[0].count = 2;
    fx_elem(fx, PW_SEGMENT_PASSIVE, 0, 0, (const uint8_t[]){0}, 1);
    fx_elem(fx, PW_SEGMENT_ACTIVE, 1, 0, (const uint8_t[]){0}, 1);
    fx_elem(fx, PW_SEGMENT_ACTIVE, 0, 0, (const uint8_t[]){0}, 1);
    fx->elems[3].offset = fx_expr(fx, PW_I32, deep, sizeof deep - 1);
    fx_data(fx, PW_SEGMENT_ACTIVE, 0, 0, "data");
}

static void test_each_allocation_may_fail(void)
{
    pw_limits one_page = fx_limits(1, 2, true);
    unsigned long failures = 0;
    for (unsigned long n = 1;; n++) {
        fixture fx;
        pw_table *table;
        pw_memory *memory;
        pw_instance *instance;
        pw_slot handle;
        uint64_t old;
        int object;
        fx_start(&fx, NULL);
        CHECK(pwi_table_make(fx.store, &funcs_of_4, 0, &table, NULL) == PW_OK);
        CHECK(pwi_memory_make(fx.store, &one_page, &memory, NULL) == PW_OK);
        fill(&fx, table, memory, one_page);
        pwi_alloc_fail_after(n);
        pw_result result = fx_instance(&fx, &instance);
        if (result == PW_OK)
            result = pwi_table_init(instance, 1, 1, 0, 0, 1);
        if (result == PW_OK)
            result = pw_extern_new(fx.store, &object, &handle);
        if (result == PW_OK)
            result = pw_memory_grow(memory, 1, &old);
        pwi_alloc_fail_after(0);
        failures += result != PW_OK;
        CHECK(result == PW_OK || result == PW_ERR_NO_MEMORY ||
              (result == PW_ERR_LIMIT && memory->size == PW_PAGE_BYTES));
        /* The same store works once there is memory again. */
        CHECK(fx_instance(&fx, &instance) == PW_OK &&
              table->elements[0] == (pw_slot)(uintptr_t)instance->funcs[0]);
        fx_end(&fx);
        if (result == PW_OK)
            break;
    }
    CHECK(failures > 20);
}

static void test_each_allocation_of_a_store_and_a_host_function_may_fail(void)
{
    static const pw_val_type params[] = {PW_I32, PW_F32};
    const pw_func_type type = {2, 0, params, NULL};
    fixture fx;
    unsigned long n = 0;
    pw_result result = PW_ERR_NO_MEMORY;
    fx_start(&fx, NULL);
    while (result != PW_OK) {
        pw_store *store = NULL;
        pw_func *func;
        pwi_alloc_fail_after(++n);
        result = pwi_store_make(NULL, &fx.registry, NULL, &store);
        if (result == PW_OK)
            result = pwi_func_make_host(store, &type, fx_host_nothing, NULL, NULL, &func, NULL);
        pwi_alloc_fail_after(0);
        CHECK(result == PW_OK || result == PW_ERR_NO_MEMORY);
        if (store)
            pwi_store_destroy(store);
    }
    CHECK(n > 3);
    fx_end(&fx);
}
#endif

int main(void)
{
    test_index_spaces();
    test_segments_are_written_in_order();
    test_partial_effects_stay_and_functions_in_shared_tables_live_on();
    test_a_failure_that_nobody_saw_leaves_nothing();
    test_limits_of_the_store();
    test_memory_init_and_data_drop();
    test_table_init_and_elem_drop();
#ifdef PW_TORTURE
    test_each_allocation_may_fail();
    test_each_allocation_of_a_store_and_a_host_function_may_fail();
#else
    printf("allocations that fail: only in a build with PYWASI_TORTURE=ON\n");
#endif
    return 0;
}
