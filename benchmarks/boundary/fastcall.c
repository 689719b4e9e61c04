/* The baseline of the boundary: a C extension written for CPython by hand. Compiled at bench time. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

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

/* The linear memory that a module would have. */
static unsigned char memory[1 << 16];

/* buffers(bytes, bytearray): both are copied to the memory, and the second is copied back. */
static PyObject *buffers(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    if (count != 2 || !PyBytes_CheckExact(args[0]) || !PyByteArray_CheckExact(args[1])) {
        PyErr_SetString(PyExc_TypeError, "buffers() takes bytes and a bytearray");
        return NULL;
    }
    size_t in_size = (size_t)PyBytes_GET_SIZE(args[0]), out_size = (size_t)PyByteArray_GET_SIZE(args[1]);
    if (in_size == 0 || out_size == 0 || in_size + out_size > sizeof memory) {
        PyErr_SetString(PyExc_ValueError, "too large, or empty");
        return NULL;
    }
    unsigned char *volatile start = memory; /* the compiler may not leave the copies out */
    unsigned char *in = start, *out = start + in_size;
    memcpy(in, PyBytes_AS_STRING(args[0]), in_size);
    memcpy(out, PyByteArray_AS_STRING(args[1]), out_size);
    out[0]++;
    memcpy(PyByteArray_AS_STRING(args[1]), out, out_size);
    return PyLong_FromLong(in[0] + in[in_size - 1] + out[out_size - 1]);
}

static PyMethodDef methods[] = {
    {"add", (PyCFunction)(void (*)(void))add, METH_FASTCALL, "add(a, b) as 32-bit integers"},
    {"loop", (PyCFunction)(void (*)(void))loop, METH_FASTCALL, "loop(function, n)"},
    {"buffers", (PyCFunction)(void (*)(void))buffers, METH_FASTCALL, "buffers(bytes, bytearray)"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "fastcall", .m_size = 0, .m_methods = methods};

PyMODINIT_FUNC PyInit_fastcall(void) { return PyModuleDef_Init(&module); }
