/* native_numbers.h - Python's numbers to slots and back, where that takes no code of Python. */
#ifndef PYWASI_NATIVE_NUMBERS_H
#define PYWASI_NATIVE_NUMBERS_H

#include <Python.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef Py_LIMITED_API
#include "native_abi3.h"
#endif

/* How a value type is converted: what PW_TYPE_KIND and PW_TYPE_HEAP say, in one byte. */
enum pwn_kind { K_I32, K_I64, K_F32, K_F64, K_V128, K_FUNC, K_EXTERN, K_OTHER };

/* Most ints are one digit of at most 30 bits and a sign: then true, without a call and without a range to check. */
static inline bool pwn_small_int(PyObject *number, int64_t *value)
{
#ifdef Py_LIMITED_API
    int overflow = 0;
    *value = PyLong_AsLongLongAndOverflow(number, &overflow);
    return !overflow && *value >= INT32_MIN && *value <= INT32_MAX;
#elif PY_VERSION_HEX >= 0x030C0000
    if (!PyUnstable_Long_IsCompact((const PyLongObject *)number))
        return false;
    *value = (int64_t)PyUnstable_Long_CompactValue((const PyLongObject *)number);
#else
    Py_ssize_t digits = Py_SIZE(number); /* with the sign of the number */
    if (digits < -1 || digits > 1)
        return false;
    *value = (int64_t)digits * (int64_t)((const PyLongObject *)number)->ob_digit[0];
#endif
#ifndef Py_LIMITED_API
    return true;
#endif
}

/* An int that is no negative one, in one digit: what offsets into a memory mostly are. */
static inline bool pwn_small_offset(PyObject *number, uint64_t *offset)
{
    int64_t value;
    if (!PyLong_CheckExact(number) || !pwn_small_int(number, &value) || value < 0)
        return false;
    *offset = (uint64_t)value;
    return true;
}

/* [start:stop] of such ints, as a slice; false for all others. */
static inline bool pwn_small_slice(PyObject *slice, uint64_t *start, uint64_t *stop)
{
#ifdef Py_LIMITED_API
    (void)slice, (void)start, (void)stop;
    return false;
#else
    const PySliceObject *parts = (const PySliceObject *)slice;
    return parts->step == Py_None && pwn_small_offset(parts->start, start) && pwn_small_offset(parts->stop, stop);
#endif
}

/* Numbers of the host in slots: i32 and f32 take the low half, the high half is zero. */
static inline uint64_t pwn_from_f32(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static inline uint64_t pwn_from_f64(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static inline float pwn_to_f32(uint64_t slot)
{
    uint32_t bits = (uint32_t)slot;
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static inline double pwn_to_f64(uint64_t slot)
{
    double number;
    memcpy(&number, &slot, sizeof number);
    return number;
}

/* A larger int, as `kind` takes it. Apart: the variable whose address is taken would have its place in every call. */
static bool pwn_large_int(unsigned kind, PyObject *number, uint64_t *slot)
{
    int overflow = 0;
    int64_t value = (int64_t)PyLong_AsLongLongAndOverflow(number, &overflow);
    if (overflow || (kind == K_I32 && (value < INT32_MIN || value > UINT32_MAX)))
        return false;
    *slot = kind == K_I32 ? (uint64_t)(uint32_t)value : (uint64_t)value;
    return true;
}

/* A plain int or float that fits: true, and the slot is set. */
static inline bool pwn_number_to_slot(unsigned kind, PyObject *value, uint64_t *slot)
{
    if (kind <= K_I64) {
        int64_t number;
        if (!PyLong_Check(value))
            return false;
        if (!pwn_small_int(value, &number))
            return pwn_large_int(kind, value, slot);
        *slot = kind == K_I32 ? (uint64_t)(uint32_t)number : (uint64_t)number;
        return true;
    }
    if (kind > K_F64 || !PyFloat_CheckExact(value))
        return false;
    *slot = kind == K_F64 ? pwn_from_f64(PyFloat_AS_DOUBLE(value)) : pwn_from_f32((float)PyFloat_AS_DOUBLE(value));
    return true;
}

/* The same for all of them. */
static inline bool pwn_numbers_to_slots(const uint8_t *kinds, size_t count, PyObject *const *values, uint64_t *slots)
{
    for (size_t i = 0; i < count; i++) {
        if (!pwn_number_to_slot(kinds[i], values[i], &slots[i]))
            return false;
    }
    return true;
}

/* The same for i32 alone, where no int is a large one; false: to be tried in the general way. */
static inline bool pwn_small_ints_to_slots(size_t count, PyObject *const *values, uint64_t *slots)
{
    for (size_t i = 0; i < count; i++) {
        int64_t number;
        if (!PyLong_Check(values[i]) || !pwn_small_int(values[i], &number))
            return false;
        slots[i] = (uint64_t)(uint32_t)number;
    }
    return true;
}

/* A new reference, or NULL with an exception. */
static inline PyObject *pwn_number_from_slot(unsigned kind, uint64_t slot)
{
    switch (kind) {
    case K_I32:
        return PyLong_FromLong((long)(int32_t)(uint32_t)slot);
    case K_I64:
        return PyLong_FromLongLong((long long)(int64_t)slot);
    case K_F32:
        return PyFloat_FromDouble((double)pwn_to_f32(slot));
    default:
        return PyFloat_FromDouble(pwn_to_f64(slot));
    }
}

#endif
