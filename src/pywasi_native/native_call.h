/* native_call.h - the call of a function that takes and gives plain numbers, as long as all goes well.
 *
 * Nothing in here but the rare ways out costs a register that lives across the call, so the prologue stays short. The ways
 * out are functions of the Cython module: `otherwise` makes the call in the general way, from the start; `end` finishes one
 * that was made.
 */
#ifndef PYWASI_NATIVE_CALL_H
#define PYWASI_NATIVE_CALL_H

#include "native_numbers.h"
#include "native_run.h"
#include "pywasi.h"

typedef PyObject *(*pwn_otherwise)(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);
typedef PyObject *(*pwn_end)(PyObject *callable, pw_result result, const pw_slot *slots);

/* What a call needs of a function; valid as long as its store. */
typedef struct pwn_plain {
    pw_func *func;
    pw_slot *const *frame; /* of the store: where arguments and results are now */
    const uint8_t *kinds;  /* of the parameters, then of the result */
    uint32_t params;
    bool has_result, is_i32; /* all of the parameters */
} pwn_plain;

static PWN_NOINLINE PyObject *pwn_end_apart(PyObject *callable, pw_result result, pw_slot answer, pwn_end end)
{
    return end(callable, result, &answer);
}

static PWN_NOINLINE PyObject *pwn_otherwise_apart(PyObject *callable, pwn_run *run, PyObject *const *args, uint32_t params,
                                                  pwn_otherwise otherwise)
{
    pwn_leave_attached(run);
    return otherwise(callable, args, params, NULL);
}

/* With as many arguments as there are parameters. */
static PWN_INLINE PyObject *pwn_call_plain(const pwn_plain *plain, pwn_run *run, PyObject *callable, PyObject *const *args,
                                       pwn_otherwise otherwise, pwn_end end)
{
    pw_slot *slots, answer;
    pw_result result;
    if (pwn_enter(run) < 0)
        return NULL;
    slots = *plain->frame;
    if (!(plain->is_i32 && pwn_small_ints_to_slots(plain->params, args, slots)) &&
        !pwn_numbers_to_slots(plain->kinds, plain->params, args, slots))
        return pwn_otherwise_apart(callable, run, args, plain->params, otherwise);
    result = pw_func_call_frame(plain->func);
    pwn_attach(run);
    answer = slots[0];
    if (result != PW_OK || run->dropped || run->thrown)
        return pwn_end_apart(callable, result, answer, end);
    pwn_leave_attached(run);
    if (!plain->has_result)
        return Py_NewRef(Py_None);
    return pwn_number_from_slot(plain->kinds[plain->params], answer);
}

#endif
