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

#endif
