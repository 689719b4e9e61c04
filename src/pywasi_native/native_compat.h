/* native_compat.h - what differs between the supported Pythons, and what Cython cannot say. */
#ifndef PYWASI_NATIVE_COMPAT_H
#define PYWASI_NATIVE_COMPAT_H

#include <Python.h>
#include <frameobject.h>
#include <stdint.h>
#include <string.h>

/* Takes the exception that is set, with its traceback. */
static inline PyObject *pwn_take_exception(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback) {
        PyException_SetTraceback(value, traceback);
        Py_DECREF(traceback);
    }
    Py_XDECREF(type);
    return value;
#endif
}

/* Sets an exception object as it is: its traceback and context stay. Does not steal. */
static inline void pwn_set_exception(PyObject *value)
{
    Py_INCREF(value);
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(value);
#else
    PyObject *type = (PyObject *)Py_TYPE(value);
    Py_INCREF(type);
    PyErr_Restore(type, value, PyException_GetTraceback(value));
#endif
}

/* Puts a frame in front of the traceback of the exception that is set. Line 0: there is no source to show. */
static inline void pwn_add_frame(const char *file, const char *function, PyObject *globals)
{
    PyObject *kept = pwn_take_exception();
    PyCodeObject *code = PyCode_NewEmpty(file, function, 0);
    PyFrameObject *frame = code ? PyFrame_New(PyThreadState_Get(), code, globals, NULL) : NULL;
    if (!frame)
        PyErr_Clear(); /* a traceback without the frame is better than another error */
    pwn_set_exception(kept);
    Py_DECREF(kept);
    if (frame)
        PyTraceBack_Here(frame);
    Py_XDECREF(frame);
    Py_XDECREF(code);
}

/* An int (or its subclass) as 64 bits: 0, else which side of the signed range it is on. */
static inline int pwn_int_value(PyObject *number, int64_t *value)
{
    int overflow = 0;
#if PY_VERSION_HEX >= 0x030C0000
    if (PyUnstable_Long_IsCompact((const PyLongObject *)number)) {
        *value = (int64_t)PyUnstable_Long_CompactValue((const PyLongObject *)number);
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

/* Lets a type be called by the vectorcall protocol: `field` is the place of its vectorcallfunc in `object`. Cython
 * has no spelling for it, so the ready type is completed at import, before anyone else can see it. */
static inline void pwn_enable_vectorcall(PyTypeObject *type, const void *object, const void *field)
{
    type->tp_vectorcall_offset = (const char *)field - (const char *)object;
    type->tp_call = PyVectorcall_Call;
    type->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL;
    PyType_Modified(type);
}

/* An attribute of a type of ours, at import. Static types refuse setattr. */
static inline int pwn_set_in_type(PyTypeObject *type, const char *name, PyObject *value)
{
    int failed = PyDict_SetItemString(type->tp_dict, name, value);
    PyType_Modified(type);
    return failed;
}

#endif
