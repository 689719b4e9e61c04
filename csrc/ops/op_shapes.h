/* op_shapes.h - ops whose whole meaning is one expression: the shapes that csrc/gen expands, as plain C.
 *
 * The expression sees operands a and b (loads: v, as it stands in memory; stores: v, the operand), and gives the
 * result. T is i32, i64, f32 or f64; C is the C type in memory.
 *
 *    BINOP (code, "text", ident, T, expr)                 T a, T b -> T
 *    BINOPC(code, "text", ident, T, expr)                 the same, and a and b may be swapped
 *    CMPOP (code, "text", ident, T, expr, swap, negate)   integers a, b -> i32; swap: ident of the comparison that
 *                                                         gives the same for (b, a), negate: of the opposite
 *    FCMPOP(code, "text", ident, T, expr, swap)           floats a, b -> i32
 *    UNOP  (code, "text", ident, T, expr)                 T a -> T
 *    CVTOP (code, "text", ident, T, U, expr)              T a -> U
 *    LOADOP(code, "text", ident, T, C, expr)              C v from memory -> T
 *    STOREOP(code, "text", ident, T, C, expr)             T v -> (C) to memory
 *
 * Over the lanes of vectors (op_vectors.h has the words of these expressions, and the bodies; L is the lanes' type):
 *
 *    VUNOP  (code, "text", ident, L, expr)                a -> v128
 *    VBINOP (code, "text", ident, L, expr)                a, b -> v128
 *    VTERNOP(code, "text", ident, L, expr)                a, b, c -> v128
 *    VCMPOP (code, "text", ident, L, expr)                a, b -> v128 of masks
 *    VSHIFT (code, "text", ident, L, expr)                a, i32 b -> v128
 *    V..._CALL                                            the same, and the body is a function
 */
#ifndef PW_OPS_OP_SHAPES_H
#define PW_OPS_OP_SHAPES_H

#define PW_SHAPE(ident, result, expr, ...)                                                                   \
    static inline result pwi_op_##ident(__VA_ARGS__)                                                         \
    {                                                                                                        \
        return (expr);                                                                                       \
    }

#define BINOP(code, text, ident, T, expr)               PW_SHAPE(ident, T, expr, T a, T b)
#define BINOPC(code, text, ident, T, expr)              PW_SHAPE(ident, T, expr, T a, T b)
#define CMPOP(code, text, ident, T, expr, swap, negate) PW_SHAPE(ident, i32, expr, T a, T b)
#define FCMPOP(code, text, ident, T, expr, swap)        PW_SHAPE(ident, i32, expr, T a, T b)
#define UNOP(code, text, ident, T, expr)                PW_SHAPE(ident, T, expr, T a)
#define CVTOP(code, text, ident, T, U, expr)            PW_SHAPE(ident, U, expr, T a)
#define LOADOP(code, text, ident, T, C, expr)           PW_SHAPE(ident, T, expr, C v)
#define STOREOP(code, text, ident, T, C, expr)          PW_SHAPE(ident, C, (C)(expr), T v)

#define PW_VECTOR_SHAPE(shape, ident, T, expr, ...)                                                          \
    static inline v128 pwi_op_##ident(__VA_ARGS__)                                                           \
    {                                                                                                        \
        v128 r;                                                                                              \
        shape(T, expr);                                                                                      \
        return r;                                                                                            \
    }

#define VUNOP(code, text, ident, T, expr)   PW_VECTOR_SHAPE(PW_VUNOP, ident, T, expr, v128 a)
#define VBINOP(code, text, ident, T, expr)  PW_VECTOR_SHAPE(PW_VBINOP, ident, T, expr, v128 a, v128 b)
#define VTERNOP(code, text, ident, T, expr) PW_VECTOR_SHAPE(PW_VTERNOP, ident, T, expr, v128 a, v128 b, v128 c)
#define VCMPOP(code, text, ident, T, expr)  PW_VECTOR_SHAPE(PW_VCMPOP, ident, T, expr, v128 a, v128 b)
#define VSHIFT(code, text, ident, T, expr)  PW_VECTOR_SHAPE(PW_VSHIFT, ident, T, expr, v128 a, i32 b)


#define VUNOP_CALL   VUNOP
#define VBINOP_CALL  VBINOP
#define VTERNOP_CALL VTERNOP
#define VCMPOP_CALL  VCMPOP
#define VSHIFT_CALL  VSHIFT

#endif
