/* vector_ops.c - the ops over lanes that are functions, as csrc/ops defines them; all shells share them. */
#include "engine/vector_ops.h"

#define PW_VUNOP_CALL_FUNCTION(ident, T, ...)                                                                \
    pw_vector pwi_v_##ident(pw_vector first)                                                                 \
    {                                                                                                        \
        const pw_v128 a = pwi_from_vector(first);                                                            \
        pw_v128 r;                                                                                           \
        PW_VUNOP(T, __VA_ARGS__);                                                                            \
        return pwi_vector(r);                                                                                \
    }
#define PW_VSHIFT_CALL_FUNCTION(ident, T, ...)                                                               \
    pw_vector pwi_v_##ident(pw_vector first, uint32_t b)                                                     \
    {                                                                                                        \
        const pw_v128 a = pwi_from_vector(first);                                                            \
        pw_v128 r;                                                                                           \
        PW_VSHIFT(T, __VA_ARGS__);                                                                           \
        return pwi_vector(r);                                                                                \
    }
#define PW_TWO_OPERANDS(shape, ident, T, ...)                                                                \
    pw_vector pwi_v_##ident(pw_vector first, pw_vector second)                                               \
    {                                                                                                        \
        const pw_v128 a = pwi_from_vector(first), b = pwi_from_vector(second);                               \
        pw_v128 r;                                                                                           \
        shape(T, __VA_ARGS__);                                                                               \
        return pwi_vector(r);                                                                                \
    }
#define PW_VBINOP_CALL_FUNCTION(ident, T, ...) PW_TWO_OPERANDS(PW_VBINOP, ident, T, __VA_ARGS__)
#define PW_VCMPOP_CALL_FUNCTION(ident, T, ...) PW_TWO_OPERANDS(PW_VCMPOP, ident, T, __VA_ARGS__)
#define PW_VTERNOP_CALL_FUNCTION(ident, T, ...)                                                              \
    pw_vector pwi_v_##ident(pw_vector first, pw_vector second, pw_vector third)                              \
    {                                                                                                        \
        const pw_v128 a = pwi_from_vector(first), b = pwi_from_vector(second), c = pwi_from_vector(third);   \
        pw_v128 r;                                                                                           \
        PW_VTERNOP(T, __VA_ARGS__);                                                                          \
        return pwi_vector(r);                                                                                \
    }

#include "op_functions.h"
