/* The tables of opcodes and handlers: every row is found by its code, nothing else is, and the handlers of a family
 * stand where op_forms_info.h says. */
#include "engine/op_forms_info.h"
#include "wasm/op_info.h"

#include "wasm_fixture.h"

/* The rows, once more, to compare with what the look-ups give. */
static const struct {
    uint32_t code;
    const char *text, *ident;
} all[] = {
#define PW_OPCODE(code, text, ident, imm, params, results, feature, align) {code, text, #ident},
#include "op_table.h"
#undef PW_OPCODE
};
enum { ROWS = sizeof all / sizeof all[0] };

static void test_rows_are_found(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        const pw_op_info *info = pwi_op_info(all[i].code);
        CHECK(info != NULL && info->code == all[i].code && strcmp(info->text, all[i].text) == 0);
        const pw_op_forms *forms = pwi_op_forms(all[i].code);
        CHECK(forms != NULL && forms->code == all[i].code);
        CHECK(i == 0 || all[i - 1].code < all[i].code);
    }
}

/* Codes with no row give NULL, also those whose key would be that of another code. */
static void test_nothing_else_is_found(void)
{
    size_t found = 0;
    for (uint32_t code = 0; code < 0x100000u; code++) {
        if (pwi_op_info(code) != NULL)
            found++;
        CHECK((pwi_op_info(code) != NULL) == (pwi_op_forms(code) != NULL));
    }
    CHECK(found == ROWS);
    CHECK(pwi_op_info(UINT32_MAX) == NULL && pwi_op_forms(PW_NO_OPCODE) == NULL);
    CHECK(pwi_op_info(0x80000000u | PW_OP_i32_add) == NULL);
}

static void test_contents(void)
{
    const pw_op_info *info = pwi_op_info(PW_OP_i64_store32);
    CHECK(info->code == 0x3e && info->imm == PW_IMM_MEMARG && info->align == 2 && info->feature == 0);
    CHECK(strcmp(info->params, "aI") == 0 && strcmp(info->results, "") == 0);
    info = pwi_op_info(0xfc00a);
    CHECK(strcmp(info->text, "memory.copy") == 0 && info->imm == PW_IMM_MEMORY_COPY);
    CHECK(info->feature == PW_FEATURE_MASK(BULK_MEMORY) && strcmp(info->params, "aaa") == 0);
    CHECK(pwi_op_info(PW_OP_i32_extend8_s)->feature == PW_FEATURE_MASK(SIGN_EXTENSION));
    CHECK(strcmp(pwi_op_info(PW_OP_table_get)->params, "*") == 0);
    CHECK(pwi_op_info(PW_OP_select_t)->feature == PW_FEATURE_MASK(REFERENCE_TYPES));
}

/* ---- handlers --------------------------------------------------------------------------------------------------- */

/* Whether handler `id` is `prefix` + ident of the code + `suffix`, and takes so many cells. */
static void is_handler(uint32_t id, uint32_t code, const char *prefix, const char *suffix, uint8_t cells)
{
    const char *ident = NULL;
    for (size_t i = 0; i < ROWS; i++)
        if (all[i].code == code)
            ident = all[i].ident;
    CHECK(ident != NULL && id < PW_PINS_END);
    char name[80];
    (void)snprintf(name, sizeof name, "%s%s%s%s", prefix, ident, *suffix ? "_" : "", suffix);
    const char *there = pwi_handler_name((uint16_t)id);
    if (there == NULL || strcmp(there, name) != 0)
        fprintf(stderr, "handler %u is %s, expected %s\n", id, there ? there : "none", name);
    CHECK(there != NULL && strcmp(there, name) == 0);
    CHECK(pwi_handler_cells((uint16_t)id) == cells);
}

/* Classes of values of a type, constants apart, in the order of their numbers. */
static const char *places(char type, bool pins)
{
    return !pins || type == 'f' ? "SA" : type == 'F' ? "SAP" : "SALN";
}

/* A family over classes of a, of b (NULL: no b; `constant`: K last) and of the result (NULL: none). */
typedef struct family {
    uint32_t first;
    const char *prefix, *a, *b, *d;
    bool constant;
    uint8_t cells, cells_with_constant;
} family;

static uint32_t is_family(uint32_t code, family f)
{
    CHECK(f.first != PW_NO_HANDLER);
    uint32_t id = f.first;
    char b_classes[6];
    (void)snprintf(b_classes, sizeof b_classes, "%s%s", f.b ? f.b : " ", f.constant ? "K" : "");
    for (const char *a = f.a; *a; a++) {
        for (const char *b = b_classes; *b; b++) {
            for (const char *d = f.d ? f.d : " "; *d; d++) {
                char suffix[4];
                (void)snprintf(suffix, sizeof suffix, "%c%.*s%.*s", *a, f.b != NULL, b, f.d != NULL, d);
                is_handler(id++, code, f.prefix, suffix, *b == 'K' ? f.cells_with_constant : f.cells);
            }
        }
    }
    return id - f.first;
}

static int is_float(char type)
{
    return type == 'f' || type == 'F';
}

static uint32_t is_comparison(const pw_op_forms *forms, bool pins)
{
    const char *of = places(forms->operands[0], pins);
    uint8_t constant = is_float(forms->operands[0]) ? 3 : 2;
    uint32_t count = is_family(forms->code, (family){forms->base, "", of, of, "SA", true, 2, constant});
    CHECK(forms->result[0] == 'i');
    const pw_op_forms *swapped = pwi_op_forms(forms->swap);
    CHECK(swapped != NULL && swapped->swap == forms->code && swapped->shape == forms->shape);
    if (forms->shape == PW_SHAPE_FCMPOP) {
        count += is_family(forms->code, (family){forms->branch, "br_", of, of, NULL, true, 3, 4});
        CHECK(forms->negate == PW_NO_OPCODE && forms->step == PW_NO_HANDLER);
        return count + is_family(forms->code, (family){forms->branch_not, "brn_", of, of, NULL, true, 3, 4});
    }
    const pw_op_forms *negated = pins ? pwi_pins_forms(forms->negate) : pwi_op_forms(forms->negate);
    CHECK(negated != NULL && negated->negate == forms->code && negated->shape == PW_SHAPE_CMPOP);
    CHECK(forms->branch_not == PW_NO_HANDLER);
    count += is_family(forms->code, (family){forms->branch, "br_", of, of, NULL, true, 3, 3});
    const char *slots = pins ? "SLN" : "S"; /* a step changes a local */
    return count + is_family(forms->code, (family){forms->step, "st_", slots, slots, NULL, true, 4, 4});
}

/* a * factor + b: in shells with pins, for loads and i32.add. */
static uint32_t is_scaled(const pw_op_forms *forms, bool pins)
{
    if (!pins || !(forms->shape == PW_SHAPE_LOAD || forms->code == PW_OP_i32_add)) {
        CHECK(forms->scaled == PW_NO_HANDLER);
        return 0;
    }
    const char *of = places('i', true), *to = places(forms->result[0], true);
    return is_family(forms->code, (family){forms->scaled, "s_", of, of, to, true, 3, 3});
}

static uint32_t is_access(const pw_op_forms *forms, bool pins)
{
    const char *at = places('a', pins);
    is_handler(forms->general, forms->code, "g_", "", 4);
    CHECK(forms->operands[0] == 'a');
    if (forms->shape == PW_SHAPE_LOAD) {
        const char *to = places(forms->result[0], pins);
        uint32_t count = is_family(forms->code, (family){forms->base, "", at, NULL, to, false, 2, 2});
        count += is_family(forms->code, (family){forms->fused, "x_", at, at, to, true, 3, 3});
        return 1 + count + is_scaled(forms, pins);
    }
    bool constant = forms->shape == PW_SHAPE_STORE;
    CHECK(is_float(forms->operands[1]) != constant);
    const char *value = places(forms->operands[1], pins);
    uint32_t count = is_family(forms->code, (family){forms->base, "", at, value, NULL, constant, 2, 3});
    return 1 + count + is_family(forms->code, (family){forms->fused, "x_", at, value, NULL, constant, 3, 4});
}

static uint32_t is_rightly_formed(const pw_op_forms *forms, bool pins)
{
    const char *a = places(forms->operands[0], pins), *d = places(forms->result[0], pins);
    uint8_t constant = is_float(forms->operands[0]) ? 3 : 2;
    switch ((pw_op_shape)forms->shape) {
    case PW_SHAPE_BINOP:
        CHECK(forms->swap == PW_NO_OPCODE || forms->swap == forms->code);
        return is_scaled(forms, pins) + is_family(forms->code, (family){forms->base, "", a, a, d, true, 2, constant});
    case PW_SHAPE_CMPOP:
    case PW_SHAPE_FCMPOP: return is_comparison(forms, pins);
    case PW_SHAPE_UNOP: return is_family(forms->code, (family){forms->base, "", a, NULL, d, false, 2, 2});
    case PW_SHAPE_LOAD:
    case PW_SHAPE_STORE:
    case PW_SHAPE_FSTORE: return is_access(forms, pins);
    case PW_SHAPE_GENERIC:
        CHECK(forms->imm_cells < forms->cells);
        if (forms->general != PW_NO_HANDLER)
            is_handler(forms->general, forms->code, "g_", "", (uint8_t)(forms->cells + 1));
        if (forms->base != PW_NO_HANDLER)
            is_handler(forms->base, forms->code, "", "", forms->cells);
        if (forms->fused != PW_NO_HANDLER) {
            CHECK(strcmp(forms->operands, "Vi") == 0 && forms->imm_cells == 0);
            is_handler(forms->fused, forms->code, "x_", "", 2);
        }
        CHECK((forms->base == PW_NO_HANDLER) == (pwi_op_info(forms->code)->imm == PW_IMM_MEMARG_ATOMIC));
        return 1;
    case PW_SHAPE_ROW:
        CHECK(forms->base == PW_NO_HANDLER && *forms->operands == 0 && *forms->result == 0);
        return 0;
    }
    CHECK(false && "a shape that does not exist");
    return 0;
}

static void test_families(void)
{
    uint32_t handlers = 0, with_pins = 0;
    for (size_t i = 0; i < ROWS; i++) {
        handlers += is_rightly_formed(pwi_op_forms(all[i].code), false);
        with_pins += is_rightly_formed(pwi_pins_forms(all[i].code), true);
    }
    /* What is left are the internal handlers, which the engine numbers by name. */
    CHECK(handlers > 1500 && handlers < PW_HANDLER_COUNT);
    CHECK(with_pins > 6000 && with_pins < PW_PINS_END - PW_HANDLER_COUNT);
    CHECK(pwi_op_forms(PW_OP_i32_add)->swap == PW_OP_i32_add);
    CHECK(pwi_op_forms(PW_OP_i32_sub)->swap == PW_NO_OPCODE);
    CHECK(pwi_op_forms(PW_OP_i64_lt_u)->swap == PW_OP_i64_gt_u);
    CHECK(pwi_op_forms(PW_OP_i64_lt_u)->negate == PW_OP_i64_ge_u);
    CHECK(pwi_op_forms(PW_OP_i32_add)->base == PW_F_i32_add && PW_H_i32_add_SKA == PW_F_i32_add + 5);
}

static void test_handlers_that_do_not_exist(void)
{
    CHECK(pwi_handler_name(PW_PINS_END) == NULL && pwi_handler_cells(PW_PINS_END) == 0);
    CHECK(pwi_handler_name(PW_NO_HANDLER) == NULL && pwi_handler_cells(PW_NO_HANDLER) == 0);
}

int main(void)
{
    test_rows_are_found();
    test_nothing_else_is_found();
    test_contents();
    test_families();
    test_handlers_that_do_not_exist();
    return 0;
}
