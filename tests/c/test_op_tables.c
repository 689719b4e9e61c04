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
    CHECK(ident != NULL && id < PW_HANDLER_COUNT);
    char name[80];
    (void)snprintf(name, sizeof name, "%s%s%s%s", prefix, ident, *suffix ? "_" : "", suffix);
    const char *there = pwi_handler_name((uint16_t)id);
    if (there == NULL || strcmp(there, name) != 0)
        fprintf(stderr, "handler %u is %s, expected %s\n", id, there ? there : "none", name);
    CHECK(there != NULL && strcmp(there, name) == 0);
    CHECK(pwi_handler_cells((uint16_t)id) == cells);
}

static const char class_name[] = "SAK";

/* A family over a (of S, A), b (the first `b_classes` of S, A, K; 0: no b) and, if `results`, d (of S, A). */
static void is_family(uint32_t first, uint32_t code, const char *prefix, uint32_t b_classes, int results,
                      uint8_t cells, uint8_t cells_with_constant)
{
    CHECK(first != PW_NO_HANDLER);
    uint32_t id = first;
    for (uint32_t a = 0; a < 2; a++) {
        for (uint32_t b = 0; b < (b_classes ? b_classes : 1); b++) {
            for (uint32_t d = 0; d < (results ? 2u : 1u); d++) {
                char suffix[4] = "";
                size_t length = 0;
                suffix[length++] = class_name[a];
                if (b_classes)
                    suffix[length++] = class_name[b];
                if (results)
                    suffix[length++] = class_name[d];
                uint32_t offset = b_classes ? a * b_classes + b : a;
                CHECK(id == first + (results ? offset * 2 + d : offset));
                is_handler(id++, code, prefix, suffix, b == 2 ? cells_with_constant : cells);
            }
        }
    }
}

static int is_float(char type)
{
    return type == 'f' || type == 'F';
}

static void is_comparison(const pw_op_forms *forms)
{
    uint8_t constant = is_float(forms->operands[0]) ? 3 : 2;
    is_family(forms->base, forms->code, "", 3, 1, 2, constant);
    CHECK(forms->result[0] == 'i');
    const pw_op_forms *swapped = pwi_op_forms(forms->swap);
    CHECK(swapped != NULL && swapped->swap == forms->code && swapped->shape == forms->shape);
    if (forms->shape == PW_SHAPE_FCMPOP) {
        is_family(forms->branch, forms->code, "br_", 2, 0, 3, 3);
        is_family(forms->branch_not, forms->code, "brn_", 2, 0, 3, 3);
        CHECK(forms->negate == PW_NO_OPCODE);
        return;
    }
    const pw_op_forms *negated = pwi_op_forms(forms->negate);
    CHECK(negated != NULL && negated->negate == forms->code && negated->shape == PW_SHAPE_CMPOP);
    is_family(forms->branch, forms->code, "br_", 3, 0, 3, 3);
    CHECK(forms->branch_not == negated->branch);
}

static void is_access(const pw_op_forms *forms)
{
    if (forms->shape == PW_SHAPE_LOAD) {
        is_family(forms->base, forms->code, "", 0, 1, 2, 2);
        is_family(forms->fused, forms->code, "x_", 3, 1, 3, 3);
    } else {
        is_family(forms->base, forms->code, "", forms->shape == PW_SHAPE_STORE ? 3 : 2, 0, 2, 3);
        CHECK(is_float(forms->operands[1]) == (forms->shape == PW_SHAPE_FSTORE));
    }
    is_handler(forms->general, forms->code, "g_", "", 4);
    CHECK(forms->operands[0] == 'a');
}

static uint32_t is_rightly_formed(const pw_op_forms *forms)
{
    switch ((pw_op_shape)forms->shape) {
    case PW_SHAPE_BINOP:
        is_family(forms->base, forms->code, "", 3, 1, 2, is_float(forms->operands[0]) ? 3 : 2);
        CHECK(forms->swap == PW_NO_OPCODE || forms->swap == forms->code);
        return 12;
    case PW_SHAPE_CMPOP:
        is_comparison(forms);
        return 18;
    case PW_SHAPE_FCMPOP:
        is_comparison(forms);
        return 20;
    case PW_SHAPE_UNOP:
        is_family(forms->base, forms->code, "", 0, 1, 2, 2);
        return 4;
    case PW_SHAPE_LOAD:
        is_access(forms);
        return 17;
    case PW_SHAPE_STORE:
        is_access(forms);
        return 7;
    case PW_SHAPE_FSTORE:
        is_access(forms);
        return 5;
    case PW_SHAPE_GENERIC:
        is_handler(forms->base, forms->code, "", "", forms->cells);
        CHECK(forms->imm_cells < forms->cells);
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
    uint32_t handlers = 0;
    for (size_t i = 0; i < ROWS; i++)
        handlers += is_rightly_formed(pwi_op_forms(all[i].code));
    /* What is left are the internal handlers, which the engine numbers by name. */
    CHECK(handlers > 1500 && handlers < PW_HANDLER_COUNT);
    CHECK(pwi_op_forms(PW_OP_i32_add)->swap == PW_OP_i32_add);
    CHECK(pwi_op_forms(PW_OP_i32_sub)->swap == PW_NO_OPCODE);
    CHECK(pwi_op_forms(PW_OP_i64_lt_u)->swap == PW_OP_i64_gt_u);
    CHECK(pwi_op_forms(PW_OP_i64_lt_u)->negate == PW_OP_i64_ge_u);
    CHECK(pwi_op_forms(PW_OP_i32_add)->base == PW_F_i32_add && PW_H_i32_add_SKA == PW_F_i32_add + 5);
}

static void test_handlers_that_do_not_exist(void)
{
    CHECK(pwi_handler_name(PW_HANDLER_COUNT) == NULL && pwi_handler_cells(PW_HANDLER_COUNT) == 0);
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
