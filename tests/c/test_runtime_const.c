/* Constant expressions. */
#include "runtime_fixture.h"

static pw_instance *make(fixture *fx)
{
    pw_instance *instance;
    CHECK(fx_instance(fx, &instance) == PW_OK);
    return instance;
}

static void check(fixture *fx, pw_instance *instance, pw_const_expr expr, pw_slot low, pw_slot high)
{
    pw_slot value[2] = {0xdead, 0};
    CHECK(pwi_const_eval(instance, &expr, value, &fx->error) == PW_OK);
    CHECK(value[0] == low && value[1] == high);
}

static void test_constants(void)
{
    fixture fx;
    fx_start(&fx, NULL);
    pw_instance *instance = make(&fx);
    check(&fx, instance, EXPR(&fx, PW_I32, 0x41, 0x7f), 0xffffffff, 0); /* -1: the high half is zero */
    check(&fx, instance, EXPR(&fx, PW_I32, 0x41, 0x80, 0x80, 0x80, 0x80, 0x78), 0x80000000, 0);
    check(&fx, instance, EXPR(&fx, PW_I64, 0x42, 0x7f), UINT64_MAX, 0);
    check(&fx, instance, EXPR(&fx, PW_F32, 0x43, 1, 2, 3, 0x84), 0x84030201, 0);
    check(&fx, instance, EXPR(&fx, PW_F64, 0x44, 1, 2, 3, 4, 5, 6, 7, 0x88), UINT64_C(0x8807060504030201), 0);
    check(&fx, instance, EXPR(&fx, PW_V128, 0xfd, 0x0c, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0), 1,
          2);
    check(&fx, instance, EXPR(&fx, PW_FUNCREF, 0xd0, 0x70), 0, 0);
    check(&fx, instance, EXPR(&fx, PW_FUNCREF, 0xd0, 0x80, 0x01), 0, 0); /* a heap type of two bytes */
    fx_end(&fx);
}

static void test_arithmetic_wraps(void)
{
    fixture fx;
    fx_start(&fx, NULL);
    pw_instance *instance = make(&fx);
    check(&fx, instance, EXPR(&fx, PW_I32, 0x41, 0x7f, 0x41, 2, 0x6a), 1, 0);
    check(&fx, instance, EXPR(&fx, PW_I32, 0x41, 3, 0x41, 5, 0x6b), 0xfffffffe, 0);
    check(&fx, instance, EXPR(&fx, PW_I32, 0x41, 0x7f, 0x41, 0x7f, 0x6c), 1, 0);
    check(&fx, instance, EXPR(&fx, PW_I64, 0x42, 0x7f, 0x42, 2, 0x7c), 1, 0);
    check(&fx, instance, EXPR(&fx, PW_I64, 0x42, 3, 0x42, 5, 0x7d), UINT64_MAX - 1, 0);
    check(&fx, instance, EXPR(&fx, PW_I64, 0x42, 0x7e, 0x42, 3, 0x7e), (pw_slot)-6, 0);
    /* (1 - (2 * 3)) + 10 */
    check(&fx, instance, EXPR(&fx, PW_I32, 0x41, 1, 0x41, 2, 0x41, 3, 0x6c, 0x6b, 0x41, 10, 0x6a), 5, 0);
    fx_end(&fx);
}

static void test_globals_and_functions(void)
{
    fixture fx;
    pw_global *imported, *imported_mutable;
    pw_slot vector[2] = {11, 12}, number = 13;
    pw_global_type v128 = {PW_V128, false}, i64_mutable = {PW_I64, true}, i32 = {PW_I32, false};
    fx_start(&fx, NULL);
    CHECK(pwi_global_make(fx.store, &v128, vector, &imported, NULL) == PW_OK);
    CHECK(pwi_global_make(fx.store, &i64_mutable, &number, &imported_mutable, NULL) == PW_OK);
    pw_func *host = fx_host(&fx);
    fx_import_global(&fx, "v", imported, v128);
    fx_import_global(&fx, "m", imported_mutable, i64_mutable);
    fx_import_func(&fx, "f", host);
    fx_global(&fx, i32, EXPR(&fx, PW_I32, 0x41, 21));
    fx_global(&fx, i32, EXPR(&fx, PW_I32, 0x23, 2, 0x23, 2, 0x6a)); /* of the global before it */
    fx_func(&fx);
    pw_instance *instance = make(&fx);
    check(&fx, instance, EXPR(&fx, PW_V128, 0x23, 0), 11, 12);
    check(&fx, instance, EXPR(&fx, PW_I64, 0x23, 1), 13, 0);
    check(&fx, instance, EXPR(&fx, PW_I32, 0x23, 3), 42, 0);
    check(&fx, instance, EXPR(&fx, PW_FUNCREF, 0xd2, 0), (pw_slot)(uintptr_t)host, 0);
    check(&fx, instance, EXPR(&fx, PW_FUNCREF, 0xd2, 1), (pw_slot)(uintptr_t)&instance->own_funcs[0], 0);
    fx_end(&fx);
}

static void test_deep_expressions_need_no_c_stack(void)
{
    enum { DEPTH = 10000 };
    static uint8_t code[3 * DEPTH];
    fixture fx;
    fx_start(&fx, NULL);
    for (int i = 0; i < DEPTH; i++) {
        code[2 * i] = 0x41;
        code[2 * i + 1] = 1;
        code[2 * DEPTH + i] = 0x6a;
    }
    pw_instance *instance = make(&fx);
    check(&fx, instance, fx_expr(&fx, PW_I32, code, sizeof code - 1), DEPTH, 0);
    fx_end(&fx);
}

static void test_unknown_opcodes_are_an_error(void)
{
    fixture fx;
    pw_slot value[2];
    fx_start(&fx, NULL);
    pw_instance *instance = make(&fx);
    pw_const_expr expr = EXPR(&fx, PW_I32, 0x41, 1, 0x45);
    CHECK(pwi_const_eval(instance, &expr, value, &fx.error) == PW_ERR_INVALID &&
          strstr(fx.error.text, "0x45"));
    fx_end(&fx);
}

int main(void)
{
    test_constants();
    test_arithmetic_wraps();
    test_globals_and_functions();
    test_deep_expressions_need_no_c_stack();
    test_unknown_opcodes_are_an_error();
    return 0;
}
