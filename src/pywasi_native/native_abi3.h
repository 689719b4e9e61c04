/* native_abi3.h - what the other headers use and the limited API lacks, for wheels that outlive their Python (abi3).
 *
 * Slower, never different: macros become calls, and the shortcuts for small numbers and slices are not taken.
 */
#ifndef PYWASI_NATIVE_ABI3_H
#define PYWASI_NATIVE_ABI3_H

#include <Python.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define PyBytes_AS_STRING PyBytes_AsString
#define PyBytes_GET_SIZE PyBytes_Size
#define PyByteArray_AS_STRING PyByteArray_AsString
#define PyFloat_AS_DOUBLE PyFloat_AsDouble

/* Where Cython puts the first field of a class with cdef methods. */
typedef struct pwn_callable {
    PyObject_HEAD
    void *vtable;
    vectorcallfunc vectorcall;
} pwn_callable;

enum { PWN_MOST_SLOTS = 48, PWN_MOST_MEMBERS = 4 };

/* The spec's slots with the member that says where an object has its vectorcallfunc, and the call that uses it. */
static bool pwn_spec_with_vectorcall(const PyType_Spec *spec, PyType_Slot *slots, PyMemberDef *members)
{
    const PyMemberDef *old = NULL;
    size_t count = 0, known = 0;
    for (const PyType_Slot *slot = spec->slots; slot->slot; slot++) {
        if (slot->slot == Py_tp_members)
            old = (const PyMemberDef *)slot->pfunc;
        else if (slot->slot != Py_tp_call && count < PWN_MOST_SLOTS - 3)
            slots[count++] = *slot;
        else if (slot->slot != Py_tp_call)
            return false;
    }
    for (; old && old->name; old++) {
        if (known == PWN_MOST_MEMBERS - 2)
            return false;
        members[known++] = *old;
    }
    members[known++] = (PyMemberDef){"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(pwn_callable, vectorcall), Py_READONLY, NULL};
    members[known] = (PyMemberDef){NULL, 0, 0, 0, NULL};
    slots[count++] = (PyType_Slot){Py_tp_members, members};
    slots[count++] = (PyType_Slot){Py_tp_call, (void *)PyVectorcall_Call};
    slots[count] = (PyType_Slot){0, NULL};
    return true;
}

/* Types cannot be completed after they are made, as pwn_enable_vectorcall does elsewhere, and Cython has no spelling for it:
 * so it is done as Cython makes them. */
static PyObject *pwn_type_from_spec(PyObject *module, PyType_Spec *spec, PyObject *bases)
{
    const char *dot = strrchr(spec->name, '.');
    PyType_Slot slots[PWN_MOST_SLOTS];
    PyMemberDef members[PWN_MOST_MEMBERS];
    PyType_Spec made = *spec;
    if (!dot || (strcmp(dot, ".Func") != 0 && strcmp(dot, ".TypedFunction") != 0))
        return PyType_FromModuleAndSpec(module, spec, bases);
    if (!pwn_spec_with_vectorcall(spec, slots, members)) {
        PyErr_Format(PyExc_SystemError, "%s has more slots or members than native_abi3.h expects", spec->name);
        return NULL;
    }
    made.slots = slots;
    made.flags |= Py_TPFLAGS_HAVE_VECTORCALL;
    return PyType_FromModuleAndSpec(module, &made, bases);
}
#define PyType_FromModuleAndSpec pwn_type_from_spec

/* A new exception's way through a frame that has no source: code that raises it, under another name. */
static PyObject *pwn_raising_code(const char *file, const char *function)
{
    PyObject *code = Py_CompileString("raise problem", file, Py_file_input);
    PyObject *replace = code ? PyObject_GetAttrString(code, "replace") : NULL;
    PyObject *none = PyTuple_New(0);
    PyObject *changes = Py_BuildValue("{s:s,s:s,s:i}", "co_name", function, "co_qualname", function, "co_firstlineno", 0);
    PyObject *made = replace && none && changes ? PyObject_Call(replace, none, changes) : NULL;
    Py_XDECREF(changes);
    Py_XDECREF(none);
    Py_XDECREF(replace);
    Py_XDECREF(code);
    return made;
}

/* Puts a frame in front of the traceback of the exception that is set. */
static void pwn_add_frame(const char *file, const char *function, PyObject *globals)
{
    PyObject *kept = PyErr_GetRaisedException();
    PyObject *context = PyException_GetContext(kept), *result = NULL;
    PyObject *code = pwn_raising_code(file, function);
    if (code && PyDict_SetItemString(globals, "problem", kept) == 0)
        result = PyEval_EvalCode(code, globals, globals);
    PyErr_Clear(); /* kept itself, with a longer traceback; or an error, and then without the frame is better */
    if (PyDict_DelItemString(globals, "problem") < 0)
        PyErr_Clear();
    PyException_SetContext(kept, context); /* steals it */
    Py_XDECREF(result);
    Py_XDECREF(code);
    PyErr_SetRaisedException(kept);
}

/* The types have it from pwn_type_from_spec; Cython's layout is as expected, or the import fails. */
static inline void pwn_enable_vectorcall(PyTypeObject *type, const void *object, const void *field)
{
    if ((const char *)field - (const char *)object != (ptrdiff_t)offsetof(pwn_callable, vectorcall))
        Py_FatalError("native_abi3.h and Cython do not agree on the layout of a class");
    (void)type;
}

static inline int pwn_set_in_type(PyTypeObject *type, const char *name, PyObject *value)
{
    return PyObject_SetAttrString((PyObject *)type, name, value);
}

#endif
