# distutils: language = c
# cython: language_level=3, binding=True, auto_pickle=False, freethreading_compatible=True, embedsignature=False
# cython: wraparound=False, boundscheck=False, initializedcheck=False
"""The hot part of typed functions: Python values into slots and linear memory, the call, and back.

What each argument is was decided before (`plans.py`) and stands here as a list of steps. Decides nothing itself.
"""

cimport cython
from cpython.buffer cimport (
    PyBUF_FORMAT, PyBUF_ND, PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer,
)
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy, memset

from pywasi_native._native cimport (
    Func, Memory, Store, Suspended, pw_slot, pwn_enable_vectorcall, pwn_enter, pwn_from_f32, pwn_from_f64, pwn_leave,
    pwn_run, pwn_set_exception, pwn_set_in_type, pwn_take_exception, vectorcall_type,
)

cdef extern from "native_numbers.h":
    bint pwn_small_int(PyObject *number, int64_t *value)
    float pwn_to_f32(pw_slot slot)
    double pwn_to_f64(pw_slot slot)

cdef extern from "Python.h":
    PyObject *PyErr_NoMemory_ "PyErr_NoMemory"()
    void Py_XDECREF_ "Py_XDECREF"(PyObject *o)
    bint PyLong_Check(object o)
    bint PyFloat_CheckExact(object o)
    bint PyUnicode_Check(object o)
    bint PyObject_CheckBuffer(object o)
    double PyFloat_AS_DOUBLE(object o)
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL
    char *PyByteArray_AS_STRING(object o)
    Py_ssize_t PyVectorcall_NARGS(size_t nargsf)
    object PyVectorcall_Call(object callable, object arguments, PyObject *keywords)

from pywasi_native._native import _OwnText

__all__ = ()

include "call_arena.pxi"
include "call_plan.pxi"
include "call_values.pxi"
include "call_buffers.pxi"
include "call_run.pxi"
include "call_stopped.pxi"
include "call_objects.pxi"
