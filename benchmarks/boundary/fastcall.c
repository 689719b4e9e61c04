/* The baseline of the boundary: a C extension written for CPython by hand. Compiled at bench time. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

static int as_i32(PyObject *object, int32_t *out)
{
    long value = PyLong_AsLong(object);
    if (value == -1 && PyErr_Occurred()) return 0;
    if (value < INT32_MIN || value > (long)UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "not a 32-bit integer");
        return 0;
    }
    *out = (int32_t)value;
    return 1;
}

static PyObject *add(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    int32_t a, b;
    (void)self;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "add() takes 2 arguments");
        return NULL;
    }
    if (!as_i32(args[0], &a) || !as_i32(args[1], &b)) return NULL;
    return PyLong_FromLong((int32_t)((uint32_t)a + (uint32_t)b));
}

/* loop(function, n): calls function(x) n times; every result goes into the next argument. */
static PyObject *loop(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    int32_t n, x = 0;
    (void)self;
    if (count != 2 || !as_i32(args[1], &n)) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "loop() takes a function and a count");
        return NULL;
    }
    for (int32_t i = 0; i < n; i++) {
        PyObject *argument = PyLong_FromLong(x);
        if (!argument) return NULL;
        PyObject *result = PyObject_CallOneArg(args[0], argument);
        Py_DECREF(argument);
        if (!result) return NULL;
        int ok = as_i32(result, &x);
        Py_DECREF(result);
        if (!ok) return NULL;
    }
    return PyLong_FromLong(x);
}

static PyMethodDef methods[] = {
    {"add", (PyCFunction)(void (*)(void))add, METH_FASTCALL, "add(a, b) as 32-bit integers"},
    {"loop", (PyCFunction)(void (*)(void))loop, METH_FASTCALL, "loop(function, n)"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "fastcall", .m_size = 0, .m_methods = methods};

PyMODINIT_FUNC PyInit_fastcall(void) { return PyModuleDef_Init(&module); }
