/* Linking: which things satisfy which imports, and what is said when they do not. */
#include "runtime_fixture.h"

/* Does the one import of the module fit what is given? The text of the refusal is in fx->error. */
static bool links(fixture *fx)
{
    pw_error_clear(&fx->error);
    pw_result result = pwi_link_check(fx->store, &fx->module, fx->given, fx->module.import_count, &fx->error);
    bool matches = pw_import_matches(&fx->module, 0, &fx->given[0]);
    CHECK(result == PW_OK ? matches : result == PW_ERR_UNLINKABLE && fx->error.result == PW_ERR_UNLINKABLE);
    return result == PW_OK;
}

static bool memory_links(fixture *fx, pw_memory *memory, pw_limits wanted)
{
    fx_module(fx);
    fx_import_memory(fx, "m", memory, wanted);
    return links(fx);
}

static void test_memories(void)
{
    fixture fx;
    pw_memory *memory, *unbounded, *wide;
    pw_limits type = fx_limits(2, 4, true), wide_type = fx_limits(2, 4, true), other;
    uint64_t old;
    fx_start(&fx, NULL);
    CHECK(pwi_memory_make(fx.store, &type, &memory, NULL) == PW_OK);
    type.has_max = false;
    CHECK(pwi_memory_make(fx.store, &type, &unbounded, NULL) == PW_OK);
    wide_type.is64 = true;
    CHECK(pwi_memory_make(fx.store, &wide_type, &wide, NULL) == PW_OK);
    CHECK(memory_links(&fx, memory, fx_limits(2, 4, true)) &&
          memory_links(&fx, memory, fx_limits(0, 9, true)));
    CHECK(memory_links(&fx, memory, fx_limits(1, 0, false)) &&
          memory_links(&fx, unbounded, fx_limits(2, 0, false)));
    CHECK(!memory_links(&fx, memory, fx_limits(3, 4, true)));
    CHECK(!strcmp(fx.error.text,
                  "incompatible import type: \"env\" \"m\": wanted (memory 3 4), given (memory 2 4)"));
    CHECK(!memory_links(&fx, memory, fx_limits(2, 3, true)) &&
          !memory_links(&fx, unbounded, fx_limits(2, 9, true)));
    CHECK(pwi_memory_grow(memory, 1, &old) == PW_OK && memory_links(&fx, memory, fx_limits(3, 4, true)));
    CHECK(memory_links(&fx, wide, wide_type) && !memory_links(&fx, wide, fx_limits(2, 4, true)));
    CHECK(strstr(fx.error.text, "given (memory i64 2 4)"));
    CHECK(!memory_links(&fx, memory, wide_type));
    other = fx_limits(2, 4, true);
    other.shared = true;
    CHECK(!memory_links(&fx, memory, other) && strstr(fx.error.text, "wanted (memory 2 4 shared)"));
    other.shared = false;
    other.page_bits = 0;
    CHECK(!memory_links(&fx, memory, other) && strstr(fx.error.text, "(pagesize 1)"));
    CHECK(!memory_links(&fx, NULL, fx_limits(0, 0, false)));
    CHECK(!strcmp(fx.error.text, "unknown import: \"env\" \"m\" (memory 0) is missing"));
    fx_end(&fx);
}

static bool table_links(fixture *fx, pw_table *table, pw_val_type element, uint64_t min, uint64_t max)
{
    pw_table_type type = {element, fx_limits(min, max, true)};
    fx_module(fx);
    fx_import_table(fx, "t", table, type);
    return links(fx);
}

static void test_tables(void)
{
    fixture fx;
    pw_table *table, *typed;
    fx_start(&fx, NULL);
    pw_val_type concrete = PW_REF_TYPE(PW_KIND_REF_NULL, fx.nullary->id);
    pw_table_type type = {PW_FUNCREF, fx_limits(5, 6, true)};
    CHECK(pwi_table_make(fx.store, &type, 0, &table, NULL) == PW_OK);
    type.element = concrete;
    CHECK(pwi_table_make(fx.store, &type, 0, &typed, NULL) == PW_OK);
    CHECK(table_links(&fx, table, PW_FUNCREF, 5, 6) && table_links(&fx, table, PW_FUNCREF, 0, 100));
    CHECK(!table_links(&fx, table, PW_FUNCREF, 6, 6) && !table_links(&fx, table, PW_FUNCREF, 5, 5));
    CHECK(!table_links(&fx, table, PW_EXTERNREF, 5, 6));
    CHECK(strstr(fx.error.text, "wanted (table 5 6 externref), given (table 5 6 funcref)"));
    /* A table can be written to: its element type has to be the same, a subtype will not do. */
    CHECK(table_links(&fx, typed, concrete, 5, 6) && !table_links(&fx, typed, PW_FUNCREF, 5, 6));
    CHECK(!table_links(&fx, table, concrete, 5, 6));
    fx_end(&fx);
}

static bool global_links(fixture *fx, pw_global *global, pw_val_type type, bool is_mutable)
{
    pw_global_type wanted = {type, is_mutable};
    fx_module(fx);
    fx_import_global(fx, "g", global, wanted);
    return links(fx);
}

static void test_globals(void)
{
    fixture fx;
    pw_global *constant, *variable, *ref, *variable_ref;
    pw_slot value = 0;
    fx_start(&fx, NULL);
    pw_val_type concrete = PW_REF_TYPE(PW_KIND_REF_NULL, fx.nullary->id);
    pw_global_type type = {PW_I32, false};
    CHECK(pwi_global_make(fx.store, &type, &value, &constant, NULL) == PW_OK);
    type.is_mutable = true;
    CHECK(pwi_global_make(fx.store, &type, &value, &variable, NULL) == PW_OK);
    type.type = concrete;
    CHECK(pwi_global_make(fx.store, &type, &value, &variable_ref, NULL) == PW_OK);
    type.is_mutable = false;
    CHECK(pwi_global_make(fx.store, &type, &value, &ref, NULL) == PW_OK);
    CHECK(global_links(&fx, constant, PW_I32, false) && global_links(&fx, variable, PW_I32, true));
    CHECK(!global_links(&fx, constant, PW_I32, true));
    CHECK(strstr(fx.error.text, "wanted (global (mut i32)), given (global i32)"));
    CHECK(!global_links(&fx, variable, PW_I32, false) && !global_links(&fx, constant, PW_I64, false));
    CHECK(global_links(&fx, ref, PW_FUNCREF, false) && !global_links(&fx, variable_ref, PW_FUNCREF, true));
    CHECK(!global_links(&fx, ref, PW_REF_TYPE(PW_KIND_REF, PW_HEAP_FUNC), false));
    fx_end(&fx);
}

static void test_functions(void)
{
    static const pw_val_type params[] = {PW_I32, PW_EXTERNREF}, results[] = {PW_F64};
    const pw_func_type type = {2, 1, params, results};
    fixture fx;
    pw_func *other;
    fx_start(&fx, NULL);
    CHECK(pwi_func_make_host(fx.store, &type, fx_host_nothing, NULL, NULL, &other, NULL) == PW_OK);
    fx_import_func(&fx, "f", fx_host(&fx));
    CHECK(links(&fx));
    fx_module(&fx);
    fx_import_func(&fx, "f", other);
    CHECK(!links(&fx));
    CHECK(strstr(fx.error.text, "wanted (func), given (func (param i32 externref) (result f64))"));
    fx_end(&fx);
}

static void test_kinds_counts_and_stores(void)
{
    fixture fx, other;
    pw_memory *memory;
    pw_instance *instance;
    pw_limits type = fx_limits(1, 0, false);
    fx_start(&fx, NULL);
    fx_start(&other, NULL);
    CHECK(pwi_memory_make(fx.store, &type, &memory, NULL) == PW_OK);
    fx_import_func(&fx, "f", NULL);
    fx.given[0].kind = PW_EXTERN_MEMORY;
    fx.given[0].of.memory = memory;
    CHECK(!links(&fx) && strstr(fx.error.text, "wanted (func), given (memory 1)"));
    pw_tag *tag;
    CHECK(pwi_tag_make(fx.store, fx.nullary, &tag) == PW_OK);
    fx.given[0].kind = PW_EXTERN_TAG;
    fx.given[0].of.tag = tag;
    CHECK(!links(&fx) && !pw_import_matches(&fx.module, 1, &fx.given[0]));

    fx_module(&fx);
    fx_import_func(&fx, "f", fx_host(&fx));
    pw_error_clear(&fx.error);
    CHECK(pwi_link_check(fx.store, &fx.module, fx.given, 0, &fx.error) == PW_ERR_UNLINKABLE);
    CHECK(strstr(fx.error.text, "unknown import: \"env\" \"f\" (func) is missing"));
    CHECK(pwi_link_check(fx.store, &fx.module, fx.given, 2, &other.error) == PW_ERR_ARGUMENT);
    CHECK(pwi_link_check(other.store, &fx.module, fx.given, 1, NULL) ==
          PW_ERR_ARGUMENT); /* another engine's */

    pw_store *second; /* of the same engine */
    CHECK(pwi_store_make(NULL, &fx.registry, NULL, &second) == PW_OK);
    pw_error_clear(&fx.error);
    CHECK(pwi_instance_make(second, &fx.module, fx.given, 1, &instance, &fx.error) == PW_ERR_UNLINKABLE);
    CHECK(strstr(fx.error.text, "another store") && !instance && second->instances.count == 0);
    pwi_store_destroy(second);
    fx_end(&fx);
    fx_end(&other);
}

static void test_long_and_odd_names_are_cut(void)
{
    static char name[1001];
    fixture fx;
    fx_start(&fx, NULL);
    for (size_t i = 0; i + 1 < sizeof name; i += 2)
        memcpy(name + i, "\xc3\xa4", 2); /* a letter of two bytes */
    fx_import_func(&fx, name + 1, NULL); /* an odd start: the cut falls into a letter */
    fx.imports[0].name.bytes = name;
    fx.imports[0].name.length = 1000;
    fx.imports[0].module.bytes = "a\0\n\"b";
    fx.imports[0].module.length = 5;
    CHECK(!links(&fx));
    CHECK(strstr(fx.error.text, "\"a??\"b\" \"\xc3\xa4") &&
          strstr(fx.error.text, "\xc3\xa4...\" (func) is missing"));
    fx_end(&fx);
}

int main(void)
{
    test_memories();
    test_tables();
    test_globals();
    test_functions();
    test_kinds_counts_and_stores();
    test_long_and_odd_names_are_cut();
    return 0;
}
