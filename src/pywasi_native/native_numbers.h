/* native_numbers.h - Python's numbers to slots and back, where that takes no code of Python. */
#ifndef PYWASI_NATIVE_NUMBERS_H
#define PYWASI_NATIVE_NUMBERS_H

#include <Python.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How a value type is converted: what PW_TYPE_KIND and PW_TYPE_HEAP say, in one byte. */
enum pwn_kind { K_I32, K_I64, K_F32, K_F64, K_V128, K_FUNC, K_EXTERN, K_OTHER };

/* An int (or its subclass) as 64 bits: 0, else which side of the signed range it is on. */
static inline int pwn_int_value(PyObject *number, int64_t *value)
{
    int overflow = 0;
#if PY_VERSION_HEX >= 0x030C0000
    if (PyUnstable_Long_IsCompact((const PyLongObject *)number)) {
        *value = (int64_t)PyUnstable_Long_CompactValue((const PyLongObject *)number);
        return 0;
    }
#else
    Py_ssize_t digits = Py_SIZE(number); /* with the sign of the number */
    if (digits >= -1 && digits <= 1) {
        *value = (int64_t)digits * (int64_t)((const PyLongObject *)number)->ob_digit[0];
        return 0;
    }
#endif
    *value = (int64_t)PyLong_AsLongLongAndOverflow(number, &overflow);
    return overflow;
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

/* A plain int or float that fits: true, and the slot is set. */
static inline bool pwn_number_to_slot(unsigned kind, PyObject *value, uint64_t *slot)
{
    int64_t number;
    if (kind <= K_I64) {
        if (!PyLong_Check(value) || pwn_int_value(value, &number) != 0)
            return false;
        if (kind == K_I64)
            *slot = (uint64_t)number;
        else if (number < INT32_MIN || number > UINT32_MAX)
            return false;
        else
            *slot = (uint32_t)number;
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
