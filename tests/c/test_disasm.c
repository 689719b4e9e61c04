/* Instructions as text, and offsets that are none. */
#include "wasm_fixture.h"

static pw_type_registry registry;
static buffer bytes;
static pw_module *module;

static void make(void)
{
    buffer code = {NULL, 0, 0}, body = {NULL, 0, 0};
    pw_error error;
    CHECK(pwi_types_init(&registry) == PW_OK);
    put_header(&bytes);
    SECTION(&bytes, 1, 2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f);
    SECTION(&bytes, 3, 1, 0);
    SECTION(&bytes, 4, 2, 0x70, 0, 1, 0x70, 0, 1);
    SECTION(&bytes, 5, 2, 0, 1, 0, 1);
    SECTION(&bytes, 9, 1, 1, 0, 0);
    SECTION(&bytes, 12, 1);
    put_u32(&code, 1);
    PUT(&body, 1, 1, 0x7f, 0x00); /* everything below is unreachable, so it needs no operands */
    PUT(&body, 0x41, 0x7f, 0x1a); /* i32.const -1 */
    PUT(&body, 0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 0x1a);
    PUT(&body, 0x43, 0, 0, 0xc0, 0x3f, 0x1a);                               /* 1.5 */
    PUT(&body, 0x43, 0, 0, 0xc0, 0xff, 0x1a);                               /* -nan:0x400000 */
    PUT(&body, 0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0xff, 0x1a);                   /* -inf */
    PUT(&body, 0x44, 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f, 0x1a); /* 0.1 */
    PUT(&body, 0x02, 0x40, 0x0b, 0x02, 0x7f, 0x00, 0x0b, 0x1a, 0x41, 0, 0x02, 1, 0x0b, 0x1a, 0x02, 0x63, 1,
        0x00, 0x0b, 0x1a);
    PUT(&body, 0x20, 0, 0x1a, 0x28, 2, 0, 0x1a, 0x28, 1, 8, 0x1a, 0x28, 0x42, 1, 4, 0x1a);
    PUT(&body, 0x11, 1, 0, 0x1a, 0x11, 1, 1, 0x1a, 0x3f, 0, 0x1a, 0x3f, 1, 0x1a);
    PUT(&body, 0xfc, 0x0a, 0, 0, 0xfc, 0x0a, 0, 1, 0xfc, 8, 0, 1, 0xfc, 0x0c, 0, 0);
    PUT(&body, 0xd0, 0x70, 0x1a, 0xd0, 1, 0x1a, 0x1c, 1, 0x6f, 0x1a, 0x0e, 2, 0, 0, 0, 0x0b);
    put_sized(&code, &body);
    put_section(&bytes, 10, &code);
    SECTION(&bytes, 11, 1, 1, 0);
    if (load(&registry, bytes.bytes, bytes.size, 0, &error, &module) != PW_OK) {
        fprintf(stderr, "%s at %llu\n", error.text, (unsigned long long)error.offset);
        exit(1);
    }
    free_buffer(&code);
    free_buffer(&body);
}

static const char *const expected[] = {
    "unreachable",
    "i32.const -1",
    "drop",
    "i64.const -9223372036854775808",
    "drop",
    "f32.const 1.5",
    "drop",
    "f32.const -nan:0x400000",
    "drop",
    "f64.const -inf",
    "drop",
    "f64.const 0.10000000000000001",
    "drop",
    "block",
    "end",
    "block (result i32)",
    "unreachable",
    "end",
    "drop",
    "i32.const 0",
    "block (type 1)",
    "end",
    "drop",
    "block (result (ref null 1))",
    "unreachable",
    "end",
    "drop",
    "local.get 0",
    "drop",
    "i32.load",
    "drop",
    "i32.load offset=8 align=2",
    "drop",
    "i32.load 1 offset=4",
    "drop",
    "call_indirect (type 1)",
    "drop",
    "call_indirect 1 (type 1)",
    "drop",
    "memory.size",
    "drop",
    "memory.size 1",
    "drop",
    "memory.copy",
    "memory.copy 0 1",
    "memory.init 1 0",
    "table.init 0",
    "ref.null func",
    "drop",
    "ref.null 1",
    "drop",
    "select (result externref)",
    "drop",
    "br_table 0 0 0",
    "end",
};

/* Instructions of the proposals after Wasm 2.0, all of them in unreachable code. */
static void make_proposals(void)
{
    buffer code = {NULL, 0, 0}, body = {NULL, 0, 0};
    pw_error error;
    CHECK(pwi_types_init(&registry) == PW_OK);
    put_header(&bytes);
    SECTION(&bytes, 1, 4, 0x60, 0, 0, 0x50, 0, 0x5f, 1, 0x7f, 0, 0x5e, 0x78, 1, 0x5e, 0x63, 0x6c, 1);
    SECTION(&bytes, 3, 1, 0);
    SECTION(&bytes, 5, 1, 3, 1, 2);
    SECTION(&bytes, 13, 1, 0, 0);
    SECTION(&bytes, 9, 1, 5, 0x63, 0x6c, 0);
    SECTION(&bytes, 12, 1);
    put_u32(&code, 1);
    PUT(&body, 0, 0x00);
    PUT(&body, 0xfd, 12, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x1a);
    PUT(&body, 0xfd, 13, 31, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0x1a);
    PUT(&body, 0xfd, 0x15, 5, 0x1a, 0xfd, 0x5d, 2, 8, 0x1a, 0xfd, 0x55, 0, 4, 7, 0x1a);
    PUT(&body, 0xfe, 0x10, 2, 4, 0x1a, 0xfe, 3, 0);
    PUT(&body, 0x1f, 0x40, 2, 0, 0, 0, 2, 0, 0x0b, 0x06, 0x40, 0x07, 0, 0x19, 0x09, 0, 0x0b, 0x06, 0x40, 0x18,
        0);
    PUT(&body, 0xfb, 2, 1, 0, 0x1a, 0xfb, 8, 2, 3, 0x1a, 0xfb, 9, 2, 0, 0x1a, 0xfb, 10, 3, 0, 0x1a, 0xfb, 17,
        2, 2);
    PUT(&body, 0xfb, 20, 1, 0x1a, 0xfb, 21, 0x6c, 0x1a, 0xfb, 22, 1, 0x1a);
    PUT(&body, 0x02, 0x64, 1, 0xd0, 0x6d, 0xfb, 24, 1, 0, 0x6d, 1, 0x1a, 0x00, 0x0b, 0x1a, 0x08, 0, 0x0b);
    put_sized(&code, &body);
    put_section(&bytes, 10, &code);
    SECTION(&bytes, 11, 1, 1, 0);
    if (load(&registry, bytes.bytes, bytes.size, ((pw_features)1 << PW_FEATURE_COUNT) - 1, &error, &module) !=
        PW_OK) {
        fprintf(stderr, "%s at %llu\n", error.text, (unsigned long long)error.offset);
        exit(1);
    }
    free_buffer(&code);
    free_buffer(&body);
}

static const char *const expected_proposals[] = {
    "unreachable",
    "v128.const i32x4 0x00000001 0x00000002 0x00000000 0x80000000",
    "drop",
    "i8x16.shuffle 31 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14",
    "drop",
    "i8x16.extract_lane_s 5",
    "drop",
    "v128.load64_zero offset=8 align=4",
    "drop",
    "v128.load16_lane offset=4 align=1 7",
    "drop",
    "i32.atomic.load offset=4",
    "drop",
    "atomic.fence",
    "try_table (catch 0 0) (catch_all 0)",
    "end",
    "try",
    "catch 0",
    "catch_all",
    "rethrow 0",
    "end",
    "try",
    "delegate 0",
    "struct.get 1 0",
    "drop",
    "array.new_fixed 2 3",
    "drop",
    "array.new_data 2 0",
    "drop",
    "array.new_elem 3 0",
    "drop",
    "array.copy 2 2",
    "ref.test (ref 1)",
    "drop",
    "ref.test i31ref",
    "drop",
    "ref.cast (ref 1)",
    "drop",
    "block (result (ref 1))",
    "ref.null eq",
    "br_on_cast 0 eqref (ref 1)",
    "drop",
    "unreachable",
    "end",
    "drop",
    "throw 0",
    "end",
};

static int depth_change(const char *text)
{
    if (strncmp(text, "block", 5) == 0 || strncmp(text, "try", 3) == 0)
        return 1;
    return strcmp(text, "end") == 0 || strncmp(text, "delegate", 8) == 0 ? -1 : 0;
}

static void test_texts(const char *const *wanted, size_t count)
{
    uint64_t offset = module->bodies[0].code_offset;
    for (size_t i = 0; i < count; i++) {
        char text[80];
        int change;
        CHECK(pw_module_disassemble(module, &offset, text, sizeof text, &change) == PW_OK);
        if (strcmp(text, wanted[i]) != 0) {
            fprintf(stderr, "wanted \"%s\", got \"%s\"\n", wanted[i], text);
            exit(1);
        }
        CHECK(change == depth_change(text));
    }
    char text[64];
    int change;
    CHECK(pw_module_disassemble(module, &offset, text, sizeof text, &change) == PW_ERR_ARGUMENT);
}

/* Any offset gives an instruction or an error; texts are cut to the room there is. */
static void test_any_offset(void)
{
    for (uint64_t start = 0; start < bytes.size + 20; start++) {
        for (size_t size = 0; size < 12; size++) {
            char text[12] = "ZZZZZZZZZZZ";
            uint64_t offset = start;
            int change;
            pw_result result = pw_module_disassemble(module, &offset, text, size, &change);
            CHECK(result == PW_OK ? offset > start && offset <= bytes.size : offset == start);
            CHECK(size == 0 || memchr(text, '\0', size) != NULL);
            CHECK(size == sizeof text || text[size] == 'Z' || size == 11);
        }
    }
    uint64_t far = UINT64_MAX;
    char text[8];
    int change;
    CHECK(pw_module_disassemble(module, &far, text, sizeof text, &change) == PW_ERR_ARGUMENT);
}

int main(void)
{
    for (int proposals = 0; proposals < 2; proposals++) {
        if (proposals)
            make_proposals();
        else
            make();
        if (proposals)
            test_texts(expected_proposals, sizeof expected_proposals / sizeof expected_proposals[0]);
        else
            test_texts(expected, sizeof expected / sizeof expected[0]);
        test_any_offset();
        pwi_module_destroy(module);
        pwi_types_destroy(&registry);
        free_buffer(&bytes);
    }
    return 0;
}
