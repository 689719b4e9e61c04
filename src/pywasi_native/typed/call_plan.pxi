# What a typed function does with each argument, ready for calls.

cdef enum:
    MOST_STEPS = 64
    FEW_STEPS = 10      # calls with more take their room from the heap

# What a step is. The order is known to plans.py.
cdef enum:
    S_INT = 0           # an integer from `low` to `high`
    S_BOOL = 1
    S_FLOAT = 2
    S_BUFFER = 3        # a pointer to `size`-byte items of kind `item`
    S_LENGTH = 4        # how many items the buffers of its group have
    S_CELL = 5          # a pointer to `size` bytes that come back
    S_CELL_LENGTH = 6   # a pointer to a length: the room before, what was used after
    S_OBJECT = 7        # a Handle: its address
    S_CONVERT = 8       # what a Python function makes of it: an int, or a buffer

cdef enum:
    F_WRITABLE = 1      # copied back
    F_TEXT = 2          # str is welcome
    F_NUL = 4           # a NUL byte is put behind it
    F_INITIAL = 8       # a cell that the caller gives a value

# Kinds of values in wasm.
cdef enum:
    V_NONE = 0
    V_I32 = 1
    V_I64 = 2
    V_F32 = 3
    V_F64 = 4

# How raw results and cells are read.
cdef enum:
    R_NONE = 0
    R_SIGNED = 1
    R_UNSIGNED = 2
    R_BOOL = 3
    R_FLOAT = 4
    R_BYTES = 5         # of a cell

# When a result is an error.
cdef enum:
    E_NEVER = 0
    E_NEGATIVE = 1
    E_NONZERO = 2
    E_ZERO = 3

cdef struct step:
    uint8_t what
    uint8_t value           # V_*, of the slot
    uint8_t item            # of a buffer: b i u f c v(oid) s(truct); of a cell: how it is read, R_*
    uint8_t flags
    int32_t source          # index of the argument, -1: the caller gives none
    int32_t group           # of a buffer: the step that holds its length, -1; of a length: itself
    uint32_t size           # of an item, or of a cell
    int64_t low
    uint64_t high

cdef struct result_plan:
    uint8_t how             # R_*
    uint8_t value           # V_*
    uint8_t size
    uint8_t error           # E_*
    bint kept               # it is among what the call gives


@cython.final
cdef class TypedFunction:
    """A function of a module with Python types. Made by `Instance.func` and `pywasi_native.typed.bind`.

    Attributes:
        function: the export that it calls.
        __name__, __doc__, __signature__: as of any function.
    """

    cdef vectorcall_type vectorcall
    cdef readonly Func function
    cdef Memory memory
    cdef Arena arena
    cdef int32_t count              # of steps, one per parameter of the export
    cdef int32_t params             # of the Python function
    cdef int32_t cells              # results beside that of the export
    cdef bint has_memory            # among the steps are some that need the memory
    cdef step steps[MOST_STEPS]
    cdef result_plan result
    cdef tuple names                # of the parameters
    cdef tuple shown                # what each step wants, for errors
    cdef tuple makers               # per step: class of a struct or handle, converter, what reads a cell; or None
    cdef object wrap                # makes of the raw result what the caller gets, or None
    cdef object on_error            # called with the raw result when it is an error
    cdef dict extra                 # __doc__ and the like
    cdef object __weakref__

    def __cinit__(self):
        self.vectorcall = typed_vectorcall

    def __init__(self, Func function not None, Memory memory, Arena arena, list steps, tuple result, tuple names, dict extra,
                 *, object wrap=None, object on_error=None):
        if self.function is not None:
            raise RuntimeError("a TypedFunction cannot be made over")
        if len(steps) > MOST_STEPS:
            raise ValueError(f"{extra['name']} has more than {MOST_STEPS} parameters")
        self.memory, self.arena, self.names, self.extra = memory, arena, names, extra
        self.wrap, self.on_error = wrap, on_error
        self.count, self.params = len(steps), len(names)
        makers, shown = [], []
        for i, row in enumerate(steps):
            self.add(&self.steps[i], row, makers, shown)
        self.makers, self.shown = tuple(makers), tuple(shown)
        self.result.how, self.result.value, self.result.size, self.result.error, self.result.kept = result
        self.function = function

    cdef int add(self, step *to, tuple row, list makers, list shown) except -1:
        (what, value, item, flags, source, group, size, low, high, maker, text) = row
        to.what, to.value, to.flags, to.source, to.group = what, value, flags, source, group
        to.item = ord(item) if isinstance(item, str) else item
        to.size, to.low, to.high = size, low, high
        makers.append(maker)
        shown.append(text)
        if what in (S_BUFFER, S_CELL, S_CELL_LENGTH, S_CONVERT):
            self.has_memory = True
        if what in (S_CELL, S_CELL_LENGTH):
            self.cells += 1
        return 0

    def __call__(self, *args, **named):
        """Calls the function."""
        return PyVectorcall_Call(self, args, <PyObject *>named if named else NULL)

    @property
    def __name__(self):
        return self.extra["name"]

    @property
    def __qualname__(self):
        return self.extra["name"]

    @property
    def __text_signature__(self):
        return None

    @property
    def __signature__(self):
        made = self.extra["signature"]
        if callable(made):
            made = self.extra["signature"] = made()
        return made

    @property
    def declaration(self):
        """The declaration in C that it was made of."""
        return self.extra["declaration"]

    def pickled_by(self, reduce):
        """From now on it is pickled as ``reduce(function)`` says."""
        self.extra["reduce"] = reduce

    def __repr__(self):
        return f"<typed function {self.extra['declaration']}>"

    def __reduce__(self):
        # By name, as any function; only what a module offers under that name. Else as an export with its signature.
        if "reduce" in self.extra:
            return self.extra["reduce"](self.function)
        name = self.extra["name"]
        from sys import modules
        if getattr(modules.get(self.extra["module"]), name, None) is self:
            return name
        raise TypeError(f"cannot pickle the typed function {name}: no module offers it by that name")
