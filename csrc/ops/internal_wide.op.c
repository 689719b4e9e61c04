/* Handlers of 128-bit integers (https://github.com/WebAssembly/wide-arithmetic): operands in slots from lane 0 on, low
 * half first; the result takes the place of the first operand. */
#include "internal_prelude.h"
#include "op_prelude.h"

INTERNAL(wide_add, 2)
{
    pw_slot *a = fp + PW_LANE(1, 0);
    uint64_t low = a[0] + a[2];
    a[1] = a[1] + a[3] + (low < a[0]);
    a[0] = low;
    PW_NEXT(2);
}

INTERNAL(wide_sub, 2)
{
    pw_slot *a = fp + PW_LANE(1, 0);
    uint64_t borrow = a[0] < a[2];
    a[0] -= a[2];
    a[1] = a[1] - a[3] - borrow;
    PW_NEXT(2);
}

INTERNAL(wide_mul_u, 2)
{
    pw_slot *a = fp + PW_LANE(1, 0);
    uint64_t high = pwi_mul_high(a[0], a[1]);
    a[0] *= a[1];
    a[1] = high;
    PW_NEXT(2);
}

INTERNAL(wide_mul_s, 2)
{
    pw_slot *a = fp + PW_LANE(1, 0);
    uint64_t high = pwi_mul_high_s(a[0], a[1]);
    a[0] *= a[1];
    a[1] = high;
    PW_NEXT(2);
}
