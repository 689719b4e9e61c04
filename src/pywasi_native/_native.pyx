# distutils: language = c
# cython: language_level=3, binding=True, auto_pickle=False, freethreading_compatible=True, embedsignature=False
# cython: wraparound=False, boundscheck=False, initializedcheck=False
"""The compiled part: owns C objects, converts values, raises. It decides nothing.

What it needs of the Python side (errors, types) it asks of the function that `set_support` was given.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_FillInfo, PyBuffer_Release, PyObject_GetBuffer
from cpython.exc cimport PyErr_CheckSignals, PyErr_Clear, PyErr_Occurred, PyErr_SetInterrupt, PyErr_SetObject
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_RawFree, PyMem_RawRealloc
from cpython.object cimport PyCallable_Check
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memchr, memcpy, memset

from _weakref import ref as weak_reference  # the module around it is slow to import
from sys import modules as loaded_modules

cdef extern from "Python.h":
    ctypedef struct PyLongObject
    PyObject *PyObject_Vectorcall_ "PyObject_Vectorcall"(PyObject *callable, PyObject **args, size_t nargsf,
                                                         PyObject *kwnames)
    Py_ssize_t PyVectorcall_NARGS(size_t nargsf)
    unsigned long PyThread_get_thread_ident()
    void Py_XDECREF_ "Py_XDECREF"(PyObject *o)
    void Py_DECREF_ "Py_DECREF"(PyObject *o)

__all__ = ()

include "native_support.pxi"
include "native_store.pxi"
include "native_values.pxi"
include "native_ref.pxi"
include "native_snapshot.pxi"
include "native_module.pxi"
include "native_host.pxi"
include "native_func.pxi"
include "native_suspended.pxi"
include "native_batch.pxi"
include "native_memory.pxi"
include "native_table.pxi"
include "native_global.pxi"
include "native_tag.pxi"
include "native_tree.pxi"
include "native_wasi.pxi"
