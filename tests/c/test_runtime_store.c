/* Stores: references to host objects, host functions and their ends, globals of the host, errors that
 * hosts raise. */
#include "runtime_fixture.h"

static int finalized;
static void *last_finalized;

static void finalize(void *env)
{
    finalized++;
    last_finalized = env;
}

static void test_one_handle_per_host_object(void)
{
    enum { COUNT = 3000 };
    static char objects[COUNT];
    static pw_slot handles[COUNT];
    fixture fx;
    pw_slot handle;
    fx_start(&fx, NULL);
    for (int i = 0; i < COUNT; i++)
        CHECK(pw_extern_new(fx.store, &objects[i], &handles[i]) == PW_OK && handles[i]);
    for (int i = 0; i < COUNT; i++) {
        CHECK(pw_extern_new(fx.store, &objects[i], &handle) == PW_OK && handle == handles[i]);
        CHECK(pw_extern_host(handle) == &objects[i]);
    }
    CHECK(fx.store->extern_count == COUNT);
    CHECK(pw_extern_new(fx.store, NULL, &handle) == PW_OK && handle == 0 && !pw_extern_host(0));
    fx_end(&fx);
}

static void note(void *env)
{
    ++*(int *)env;
}

/* Those that are held survive a collection and are found by their pointers; the others come back once each. */
static void test_host_references_that_nobody_has_are_dropped(void)
{
    enum { COUNT = 5000 };
    static char objects[COUNT];
    static unsigned char given_back[COUNT];
    fixture fx;
    pw_slot handle, again;
    int notes = 0, dropped = 0;
    void *host;
    fx_start(&fx, NULL);
    pw_store_set_extern_dropped(fx.store, note, &notes);
    for (int i = 0; i < COUNT; i++) {
        CHECK(pw_extern_new(fx.store, &objects[i], &handle) == PW_OK);
        CHECK(pw_store_collection_is_due(fx.store) == (i >= 999));
        if (i % 3 == 0)
            CHECK(pw_ref_hold(fx.store, handle) == PW_OK);
    }
    pw_store_pause_collections(fx.store);
    CHECK(pw_store_collect(fx.store) == PW_OK);
    CHECK(notes == 0 && !pw_extern_next_dropped(fx.store));
    pw_store_resume_collections(fx.store);
    CHECK(pw_store_collect(fx.store) == PW_OK);
    CHECK(notes == 1 && fx.store->extern_count == (COUNT + 2) / 3 && !pw_store_collection_is_due(fx.store));
    while ((host = pw_extern_next_dropped(fx.store)) != NULL) {
        dropped++;
        CHECK(!given_back[(char *)host - objects]++);
    }
    CHECK(dropped == COUNT - (COUNT + 2) / 3);
    for (int i = 0; i < COUNT; i += 3) {
        CHECK(!given_back[i] && pw_extern_new(fx.store, &objects[i], &handle) == PW_OK);
        CHECK(pw_extern_new(fx.store, &objects[i], &again) == PW_OK && again == handle);
        pw_ref_release(fx.store, handle);
    }
    CHECK(fx.store->extern_count == (COUNT + 2) / 3);
    CHECK(pw_store_collect(fx.store) == PW_OK);
    CHECK(notes == 2 && fx.store->extern_count == 0);
    fx_end(&fx);
}

static void test_host_functions_end_once_and_last_first(void)
{
    static const pw_val_type params[] = {PW_I32, PW_V128, PW_FUNCREF};
    const pw_func_type type = {2, 3, params, params};
    fixture fx;
    pw_func *func, *other;
    int first_env, second_env;
    fx_start(&fx, NULL);
    finalized = 0;
    CHECK(pwi_func_make_host(fx.store, &type, fx_host_nothing, &first_env, finalize, &func, NULL) == PW_OK);
    CHECK(pwi_func_make_host(fx.store, &type, fx_host_nothing, &second_env, finalize, &other, NULL) == PW_OK);
    CHECK(func->type == other->type && func->type->param_slots == 3 && func->type->result_slots == 4);
    CHECK(pw_func_host_env(func) == &first_env && !pw_func_instance(func, NULL) &&
          pw_func_store(func) == fx.store);
    pw_func_type told;
    pw_func_type_of(func, &told);
    CHECK(told.param_count == 2 && told.result_count == 3 && told.results[2] == PW_FUNCREF);
    fx_end(&fx);
    CHECK(finalized == 2 && last_finalized == &first_env);
}

static void test_types_of_host_functions_are_checked(void)
{
    pw_val_type types[] = {PW_I32};
    pw_func_type type = {1, 0, types, NULL};
    fixture fx;
    pw_func *func;
    fx_start(&fx, NULL);
    finalized = 0;
    CHECK(pwi_func_make_host(fx.store, &type, NULL, NULL, finalize, &func, &fx.error) == PW_ERR_ARGUMENT &&
          !func);
    const pw_val_type wrong[] = {0,
                                 0x40,
                                 PW_I32 | 0x100,
                                 PW_REF_TYPE(PW_KIND_REF, 4711),
                                 PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_SELF),
                                 PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_ABSTRACT | 0x68)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        types[0] = wrong[i];
        CHECK(pwi_func_make_host(fx.store, &type, fx_host_nothing, NULL, finalize, &func, NULL) ==
              PW_ERR_ARGUMENT);
    }
    type.param_count = PW_MAX_PARAMS + 1; /* refused before they are looked at */
    CHECK(pwi_func_make_host(fx.store, &type, fx_host_nothing, NULL, finalize, &func, NULL) ==
          PW_ERR_ARGUMENT);
    fx_end(&fx);
    CHECK(finalized == 0);
}

static void finalize_uses_store(void *env)
{
    pw_store *store = env;
    finalized++;
    pw_store_retain(store);
    pw_store_free(store); /* must not end it again */
}

static void finalize_ends_other(void *env)
{
    finalized++;
    pw_store_free(env);
}

static void test_finalizers_may_touch_stores(void)
{
    static const pw_func_type type = {0, 0, NULL, NULL};
    fixture fx;
    pw_func *func;
    pw_store *inner;
    fx_start(&fx, NULL);
    finalized = 0;
    CHECK(pwi_store_make(NULL, &fx.registry, NULL, &inner) == PW_OK);
    CHECK(pwi_func_make_host(inner, &type, fx_host_nothing, inner, finalize_uses_store, &func, NULL) ==
          PW_OK);
    CHECK(pwi_func_make_host(fx.store, &type, fx_host_nothing, inner, finalize_ends_other, &func, NULL) ==
          PW_OK);
    pw_store *outer = fx.store;
    CHECK(pwi_func_make_host(outer, &type, fx_host_nothing, outer, finalize_uses_store, &func, NULL) ==
          PW_OK);
    CHECK(pwi_store_make(NULL, &fx.registry, NULL, &fx.store) == PW_OK); /* for fx_end */
    pw_store_retain(outer);
    pw_store_free(outer);
    CHECK(finalized == 0);
    pw_store_free(outer);
    CHECK(finalized == 3);
    fx_end(&fx);
}

static void test_globals_of_the_host(void)
{
    fixture fx;
    pw_global *global;
    pw_global_type type = {PW_V128, true};
    pw_slot value[2] = {1, 2}, got[2] = {0, 0};
    fx_start(&fx, NULL);
    CHECK(pw_global_new(fx.store, &type, value, &global) == PW_OK);
    pw_global_get(global, got);
    CHECK(got[0] == 1 && got[1] == 2);
    value[1] = 7;
    CHECK(pw_global_set(global, value) == PW_OK && global->own[1] == 7);
    type.is_mutable = false;
    type.type = PW_I32;
    CHECK(pw_global_new(fx.store, &type, value, &global) == PW_OK);
    CHECK(pw_global_set(global, value) == PW_ERR_ARGUMENT && strstr(fx.store->error.text, "immutable"));
    value[0] = (pw_slot)1 << 32; /* no i32 */
    CHECK(pw_global_new(fx.store, &type, value, &global) == PW_ERR_ARGUMENT && !global);
    type.type = 0x12345;
    CHECK(pw_global_new(fx.store, &type, value, &global) == PW_ERR_ARGUMENT);
    fx_end(&fx);
}

static void test_functions_of_other_stores_do_not_fit(void)
{
    fixture fx, other;
    pw_global *global;
    pw_global_type type = {PW_FUNCREF, true};
    pw_slot null = 0;
    fx_start(&fx, NULL);
    fx_start(&other, NULL);
    pw_slot theirs = (pw_slot)(uintptr_t)fx_host(&other), ours = (pw_slot)(uintptr_t)fx_host(&fx);
    CHECK(pw_global_new(fx.store, &type, &null, &global) == PW_OK);
    CHECK(pw_global_set(global, &theirs) == PW_ERR_ARGUMENT && pw_global_set(global, &ours) == PW_OK);
    CHECK(global->own[0] == ours);
    type.type = PW_REF_TYPE(PW_KIND_REF, PW_HEAP_NOFUNC);
    CHECK(pw_global_new(fx.store, &type, &ours, &global) == PW_ERR_ARGUMENT);
    type.type = PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_ANY);
    CHECK(pw_global_new(fx.store, &type, &ours, &global) == PW_ERR_ARGUMENT);
    CHECK(pw_global_new(fx.store, &type, &null, &global) == PW_OK);
    fx_end(&fx);
    fx_end(&other);
}

static void test_raised_errors_replace_older_ones(void)
{
    fixture fx;
    fx_start(&fx, NULL);
    const pw_error *error = pw_store_error(fx.store);
    CHECK(pw_raise_exit(fx.store, 300) == PW_ERR_EXIT);
    CHECK(error->result == PW_ERR_EXIT && error->exit_code == 300);
    CHECK(pw_raise_trap(fx.store, PW_TRAP_UNREACHABLE, NULL) == PW_ERR_TRAP);
    CHECK(error->result == PW_ERR_TRAP && error->trap == PW_TRAP_UNREACHABLE &&
          !strcmp(error->text, "unreachable"));
    CHECK(pw_raise_trap(fx.store, PW_TRAP_NONE, "100 %s") == PW_ERR_TRAP);
    CHECK(error->trap == PW_TRAP_HOST && !strcmp(error->text, "100 %s"));
    fx_end(&fx);
}

static void test_the_stack_is_all_usable(void)
{
    fixture fx;
    pw_store_limits limits = {0, 0, 0, 100000};
    fx_start(&fx, &limits);
    pw_stack *stack = &fx.store->stack;
    CHECK((size_t)(stack->limit - stack->base) == 100000 / sizeof(pw_slot) && stack->top == stack->base);
    stack->base[0] = 1;
    stack->limit[PW_STACK_HEADROOM_SLOTS - 1] = 1;
    CHECK((uint8_t *)stack->base + stack->reserved_bytes >
          (uint8_t *)(stack->limit + PW_STACK_HEADROOM_SLOTS));
    pw_stack refused;
    CHECK(pwi_stack_make(&refused, UINT64_MAX) == PW_ERR_NO_MEMORY);
    CHECK(pwi_stack_make(&refused, (uint64_t)1 << 62) == PW_ERR_NO_MEMORY);
    fx_end(&fx);
}

int main(void)
{
    test_one_handle_per_host_object();
    test_host_references_that_nobody_has_are_dropped();
    test_host_functions_end_once_and_last_first();
    test_types_of_host_functions_are_checked();
    test_finalizers_may_touch_stores();
    test_globals_of_the_host();
    test_functions_of_other_stores_do_not_fit();
    test_raised_errors_replace_older_ones();
    test_the_stack_is_all_usable();
    return 0;
}
