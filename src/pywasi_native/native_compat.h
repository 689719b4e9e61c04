/* native_compat.h - what differs between the supported Pythons, and what Cython cannot say. */
#ifndef PYWASI_NATIVE_COMPAT_H
#define PYWASI_NATIVE_COMPAT_H

#include <Python.h>
#include <stdbool.h>
#ifdef Py_LIMITED_API
#include "native_abi3.h"
#else
#include <frameobject.h>
#endif

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

#ifndef Py_LIMITED_API
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
#endif

static PyObject *pwn_heard(void *flag)
{
    *(bool *)flag = true;
    PyErr_SetString(PyExc_RuntimeError, "only a probe");
    return NULL;
}

/* Whether there is an audit hook. PySys_Audit builds its arguments only when there is one; this argument cannot be
 * built, so no hook is called. */
static inline bool pwn_has_audit_hook(void)
{
    bool flag = false;
    if (PySys_Audit("pywasi.listening", "O&", pwn_heard, &flag) < 0)
        PyErr_Clear();
    return flag;
}

#ifndef Py_LIMITED_API
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

#endif
