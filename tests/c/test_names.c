/* The name section: never fatal, whatever is in it; and what is good of it is kept. */
#include "wasm_fixture.h"

/* Three functions, the middle one imported first, and a custom section "name" with these bytes. */
static pw_module *with_names(pw_type_registry *registry, const uint8_t *names, size_t size)
{
    buffer to = {NULL, 0, 0}, custom = {NULL, 0, 0};
    pw_module *module;
    pw_error error;
    put_header(&to);
    SECTION(&to, 1, 1, 0x60, 0, 0);
    SECTION(&to, 2, 1, 0, 0, 0, 0);
    SECTION(&to, 3, 2, 0, 0);
    SECTION(&to, 10, 2, 2, 0, 0x0b, 2, 0, 0x0b);
    put_name(&custom, "name");
    put_bytes(&custom, names, size);
    put_section(&to, 0, &custom);
    CHECK(load(registry, to.bytes, to.size, 0, &error, &module) == PW_OK);
    free_buffer(&to);
    free_buffer(&custom);
    return module;
}

/* NAMES("module|0 a|2 b", bytes...): what is left of the name section, as text. */
#define NAMES(expected, ...)                                                                                 \
    do {                                                                                                     \
        const uint8_t names_here[] = {__VA_ARGS__};                                                          \
        check_names(__LINE__, expected, names_here, sizeof names_here);                                      \
    } while (0)

static void check_names(int line, const char *expected, const uint8_t *names, size_t size)
{
    char text[256];
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    pw_module *module = with_names(&registry, names, size);
    int used = snprintf(text, sizeof text, "%.*s", (int)module->name.length,
                        module->name.length ? module->name.bytes : "");
    for (uint32_t i = 0; i < module->func_name_count; i++) {
        const pw_func_name *entry = &module->func_names[i];
        used += snprintf(text + used, sizeof text - (size_t)used, "|%u %.*s", entry->func_index,
                         (int)entry->name.length, entry->name.bytes);
    }
    if (strcmp(text, expected) != 0) {
        fprintf(stderr, "test_names.c:%d: wanted \"%s\", got \"%s\"\n", line, expected, text);
        exit(1);
    }
    pwi_module_destroy(module);
    pwi_types_destroy(&registry);
}

int main(void)
{
    NAMES("", 9);
    NAMES("M|0 a|2 bc", 0, 2, 1, 'M', 1, 8, 2, 0, 1, 'a', 2, 2, 'b', 'c');
    NAMES("|1 x", 1, 4, 1, 1, 1, 'x');
    NAMES("|1 x", 1, 4, 1, 1, 1, 'x', 2, 1, 0, 9, 0, 200, 3, 1, 2,
          3);                                         /* locals and unknown subsections: skipped */
    NAMES("|0 a", 1, 7, 2, 0, 1, 'a', 3, 1, 'b');     /* function 3 is not there */
    NAMES("|0 a", 1, 7, 2, 0, 1, 'a', 0, 1, 'b');     /* twice */
    NAMES("|2 a", 1, 7, 2, 2, 1, 'a', 1, 1, 'b');     /* not in order */
    NAMES("|0 a", 1, 7, 2, 0, 1, 'a', 1, 1, 0xff);    /* no UTF-8 */
    NAMES("|0 a", 1, 7, 2, 0, 1, 'a', 1, 9, 'b');     /* longer than the section */
    NAMES("", 1, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0); /* a count that cannot be */
    NAMES("", 1, 0xff, 0xff, 0xff, 0xff, 0x0f);
    NAMES("M", 0, 2, 1, 'M', 0, 2, 1, 'N'); /* a subsection twice */
    NAMES("", 0, 5, 9, 'M');
    NAMES("|0 ", 1, 3, 1, 0, 0);    /* an empty name */
    NAMES("", 1, 10, 4, 0, 1, 'a'); /* a subsection larger than the section */
    return 0;
}
