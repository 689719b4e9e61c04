# Functions: vectorcall objects over pw_func.

cdef extern from "Python.h":
    const size_t VECTORCALL_OFFSET "PY_VECTORCALL_ARGUMENTS_OFFSET"
    object PyVectorcall_Call(object callable, object arguments, PyObject *keywords)

cdef enum:
    LOCAL_SLOTS = 16  # calls that need more take them from the heap


@cython.final
cdef class Func:
    """A function of a WebAssembly store: an export, a function reference, or a Python callable with a type.

    Args:
        type: its `FuncType`.
        callable: what is called; it gets the arguments as Python values and returns None, a value, or a tuple.
        name: for error messages; by default the callable's ``__name__``.
        store: the store it belongs to; by default that of the first instance that it is given to.
    """

    def __cinit__(self):
        self.vectorcall = func_vectorcall

    def __init__(self, type, callable, *, name=None, Store store=None):
        if self.ptr != NULL or self.callable is not None:
            raise RuntimeError("a Func cannot be made over")
        if not isinstance(type, support("FuncType")):
            raise TypeError(f"type must be a FuncType, not {type_name(type)}")
        if not PyCallable_Check(callable):
            raise TypeError(f"a Func needs a callable, not {type_name(callable)}")
        self.name_ = str(name) if name is not None else getattr(callable, "__name__", "function")
        self.type_, self.doc_ = type, getattr(callable, "__doc__", None)
        for text in (*type.params, *type.results):
            type_by_name(text)
        self.callable = callable
        if store is not None:
            self.bind(store)

    def __dealloc__(self):
        signature_free(&self.sig)

    def __call__(self, *args):
        """Calls the function; gives None, one value, or a tuple."""
        # Only for f.__call__(...): f(...) goes to func_vectorcall, see the end of this file.
        return PyVectorcall_Call(self, args, NULL)

    @property
    def type(self):
        """Parameters and results, a `FuncType`."""
        with cython.critical_section(self):
            if self.type_ is None:
                self.type_ = signature_type(&self.sig)
            return self.type_

    @property
    def name(self):
        """The name of the export, else by the name section, else ``func[12]``."""
        return self.shown_name()

    cdef str shown_name(self):
        cdef uint32_t index = 0
        cdef pw_instance *instance
        with cython.critical_section(self):
            if self.name_ is None:
                instance = pw_func_instance(self.ptr, &index) if self.is_bound() and self.ptr != NULL else NULL
                if instance != NULL:
                    self.name_ = function_name(pw_instance_module(instance), index)
                else:
                    self.name_ = ("function" if self.store is None
                                  else self.store.names.get(<size_t>self.ptr, "function"))
            return self.name_

    @property
    def __name__(self):
        return self.shown_name()

    @property
    def __qualname__(self):
        return self.qualname_ or self.shown_name()

    @property
    def __signature__(self):
        return support("signature")(self.type)

    def __repr__(self):
        return f"<wasm function {self.shown_name()} {self.type}>"

    def __reduce__(self):
        if self.module_ is None:
            return support("reduce_function")(self, *export_of(self))
        return self.__qualname__

    def aio(self, *args):
        """Calls the function from a coroutine: ``await f.aio(1, 2)``. Host functions may be ``async def`` then.

        While such a function is awaited, and every few milliseconds of its run, the call is suspended without a thread, and
        others run on the event loop. Calls into one store take turns; those that its own host functions await come first.
        Cancelling the task ends the call. Nothing happens before it is awaited.

        Raises:
            TypeError: the arguments do not fit.
            RuntimeError: calls into the store are in flight on another event loop.
        """
        return support("aio_call")(self, args)

    def call_bits(self, *args):
        """Calls with unsigned bit patterns for numbers and vectors, objects for references; gives a tuple of such.

        For tests and tools: it keeps the exact bits of NaNs.
        """
        cdef Store store
        cdef pw_slot *slots
        cdef pw_result result
        self.pointer()
        store = self.store
        if <uint32_t>len(args) != self.sig.params:
            raise TypeError(count_text(self, len(args)))
        slots = <pw_slot *>PyMem_Malloc((self.sig.slots + 1) * sizeof(pw_slot))
        if slots == NULL:
            raise MemoryError()
        try:
            store.enter()
            try:
                pw_store_pause_collections(store.ptr)
                try:
                    self.bits_to_slots(store, args, slots)
                finally:
                    pw_store_resume_collections(store.ptr)
                result = pw_func_call(self.ptr, slots)
                pwn_attach(&store.run)
                if result != PW_OK:
                    set_failure(pw_store_error(store.ptr), result, store)
                    raise_set()
                return self.slots_to_bits(store, slots)
            finally:
                pwn_leave(&store.run)
        finally:
            PyMem_Free(slots)

    cdef int bits_to_slots(self, Store store, tuple args, pw_slot *slots) except -1:
        cdef uint32_t i
        for i in range(self.sig.params):
            kind, value = self.sig.kinds[i], args[i]
            width = 128 if kind == K_V128 else 64 if kind in (K_I64, K_F64) else 32
            if kind > K_V128:
                convert(store, self.sig.types[i], value, slots, f"{self.shown_name()}() argument {i + 1}")
            elif not isinstance(value, int):
                raise TypeError(f"{self.shown_name()}() argument {i + 1} must be an int, its bits, "
                                f"not {type_name(value)}")
            elif not 0 <= value < 1 << width:
                raise OverflowError(f"{self.shown_name()}() argument {i + 1} must be {width} bits without sign, "
                                    f"not {short(value)}")
            else:
                slots[0] = value & 0xffffffffffffffff
                if kind == K_V128:
                    slots[1] = value >> 64
            slots += pw_type_slots(self.sig.types[i])
        return 0

    cdef tuple slots_to_bits(self, Store store, const pw_slot *slots):
        cdef const pw_slot *start = slots
        if hold_refs(store, self.sig.kinds + self.sig.params, self.sig.results, start) < 0:
            raise_set()
        try:
            return self.held_to_bits(store, slots)
        finally:
            release_refs(store, self.sig.kinds + self.sig.params, self.sig.results, start)

    cdef tuple held_to_bits(self, Store store, const pw_slot *slots):
        cdef uint32_t i
        values = []
        for i in range(self.sig.params, self.sig.params + self.sig.results):
            kind = self.sig.kinds[i]
            if kind > K_V128:
                values.append(value_from_slot(store, self.sig.types[i], slots))
            elif kind == K_V128:
                values.append(slots[0] | (<object>slots[1] << 64))
            else:
                values.append(slots[0] & 0xffffffff if kind in (K_I32, K_F32) else slots[0])
            slots += pw_type_slots(self.sig.types[i])
        return tuple(values)

    cdef bint is_bound(self) noexcept:
        return pwn_is_published(&self.bound) and self.store is not None

    cdef int bind(self, Store store) except -1:
        """To that store; None: to one of its own, unless another thread is faster."""
        cdef bint is_own = store is None
        if is_own:
            store = Store()
        if not self.is_bound():
            store.enter()
            try:
                with cython.critical_section(self):  # threads may bind it to different stores
                    self.bind_entered(store)
            finally:
                pwn_leave(&store.run)
        if not is_own:
            same_store(self.store, store)
        return 0

    cdef int bind_entered(self, Store store) except -1:
        cdef pw_func_type type
        cdef pw_val_type *types
        cdef pw_func *made
        cdef signature sig
        if self.store is not None:  # another thread was faster
            return 0
        callable = self.callable
        if callable is None:
            raise RuntimeError("the function is being destroyed")
        names = (*self.type_.params, *self.type_.results)
        types = <pw_val_type *>PyMem_Malloc((len(names) + 1) * sizeof(pw_val_type))
        if types == NULL:
            raise MemoryError()
        try:
            for i, text in enumerate(names):
                types[i] = type_by_name(text)
            type.param_count, type.result_count = len(self.type_.params), len(self.type_.results)
            type.params, type.results = types, types + len(self.type_.params)
            made = new_host_func(store, &type, callable, self.name_)
            signature_fill(&sig, &type)
        finally:
            PyMem_Free(types)
        if self.store is not None:  # while Python code ran in here, which lets others into the section
            signature_free(&sig)
            return 0
        self.ptr, self.sig, self.store = made, sig, store
        self.make_plain()
        pwn_publish(&self.bound)
        store.know(made, self)
        self.callable = None
        return 0

    cdef void make_plain(self) noexcept:
        """Of a function that has its store: gives it the faster call if it can have it."""
        cdef uint32_t i
        if not self.sig.is_plain:
            return
        self.plain.func, self.plain.frame = self.ptr, pw_store_frame(self.store.ptr)
        self.plain.params, self.plain.has_result = self.sig.params, self.sig.results == 1
        self.plain.kinds, self.plain.is_i32 = self.sig.kinds, True
        for i in range(self.sig.params):
            self.plain.is_i32 = self.plain.is_i32 and self.sig.kinds[i] == K_I32
        self.vectorcall = call_plain

    cdef pw_func *pointer(self) except NULL:
        if not self.is_bound():
            self.bind(None)
        return self.ptr

    cdef int call_slots(self, pw_slot *slots) noexcept:
        """Calls a function without references in its type, for those who have entered its store: the arguments are in
        the slots, and the results come there. -1 with an exception."""
        cdef Store store = self.store
        cdef pw_result result = pw_func_call(self.ptr, slots)
        pwn_attach(&store.run)
        if result != PW_OK:
            set_failure(pw_store_error(store.ptr), result, store)
        elif store.thrown is not None:
            store.thrown, store.run.thrown = None, 0  # some handler took it
        if store.run.dropped:
            let_go_quietly(store)
            if result == PW_OK and PyErr_Occurred() != NULL:
                return -1
        return 0 if result == PW_OK else -1


cdef Func wrap_func(Store store, pw_func *function, str name=None):
    cdef pw_func_type type
    cdef Func wrapper
    known = store.known(function)
    if known is not None:
        return known
    wrapper = Func.__new__(Func)
    pw_func_type_of(function, &type)
    signature_fill(&wrapper.sig, &type)
    wrapper.ptr, wrapper.store, wrapper.name_ = function, store, name
    wrapper.make_plain()
    pwn_publish(&wrapper.bound)
    store.know(function, wrapper)
    return wrapper


cdef tuple export_of(Func function):
    """Under which name the instance that it belongs to exports it, and the origin of that instance; or None."""
    cdef uint32_t index = 0
    cdef pw_instance *instance = NULL
    cdef pw_module *module
    cdef pw_export_type item
    cdef pw_extern value
    cdef size_t i
    if function.is_bound() and function.ptr != NULL:
        instance = pw_func_instance(function.ptr, &index)
    if instance == NULL:
        return None, None
    module = pw_instance_module(instance)
    for i in range(pw_module_export_count(module)):
        pw_instance_export(instance, i, &value)
        if value.kind == PW_EXTERN_FUNC and value.of.func == function.ptr:
            pw_module_export(module, i, &item)
            return name_text(item.name), function.store.origins.get(<size_t>instance)
    return None, None


def set_origin(Func function not None, str module not None, str qualname not None):
    """Says under which name a function can be imported, for pickle and help."""
    with cython.critical_section(function):
        if function.module_ is None:
            function.module_, function.qualname_ = module, qualname


cdef str count_text(Func function, Py_ssize_t given):
    cdef uint32_t wanted = function.sig.params
    return (f"{function.shown_name()}() takes {wanted} argument{'' if wanted == 1 else 's'} ({given} given)")


cdef int complain(Func function, Py_ssize_t index, int why, PyObject *value) noexcept:
    """Sets the exception for an argument that does not fit, or, without an index, for their number."""
    try:
        if index < 0:
            set_error(TypeError, count_text(function, <Py_ssize_t><size_t>value))
        else:
            text = misfit(why, function.sig.types[index], <object>value)
            set_error(OverflowError if why == OUT_OF_RANGE else TypeError,
                      f"{function.shown_name()}() argument {index + 1} {text}")
    except BaseException as problem:
        set_clean(problem)
    return -1


cdef int get_ready(Func function) noexcept:
    """Binds a function that belongs to no store yet; -1 with an exception."""
    try:
        function.pointer()
    except BaseException as problem:
        set_clean(problem)
        return -1
    return 0


cdef int put_arguments(Func self, PyObject *const *args, pw_slot *slots) noexcept:
    """Arguments into slots; -1 with an exception."""
    cdef uint32_t i
    cdef int why
    for i in range(self.sig.params):
        why = to_slot(self.store, self.sig.kinds[i], self.sig.types[i], args[i], slots)
        if why == FAILED:
            return -1
        if why != FITS:
            return complain(self, i, why, args[i])
        slots += 2 if self.sig.kinds[i] == K_V128 else 1
    return 0


cdef int put_references(Func self, PyObject *const *args, pw_slot *slots) noexcept:
    """The same, where references are among them: what is in a slot already is no root while the next one is converted,
    which may run code of Python and so of the guest."""
    cdef pw_store *store = self.store.ptr
    cdef pw_result stopped
    cdef int failed
    if pw_store_collection_is_due(store):
        stopped = pw_store_collect(store)
        pwn_attach(&self.store.run)
        if stopped != PW_OK:
            return set_failure(pw_store_error(store), stopped, self.store)
    pw_store_pause_collections(store)
    failed = put_arguments(self, args, slots)
    pw_store_resume_collections(store)
    return failed


cdef void let_go_quietly(Store store) noexcept:
    """Store.let_go at the end of a call, whose exception, if there is one, stays set."""
    exception = pwn_take_exception()
    try:
        store.let_go()
    except BaseException as problem:
        if exception is None:
            exception = problem
    if exception is not None:
        pwn_set_exception(exception)


cdef PyObject *take_results(Func self, const pw_slot *slots) noexcept:
    """The results of a call: None, a value, a tuple; NULL with an exception."""
    if self.sig.results == 1:
        return from_slot(self.store, self.sig.kinds[self.sig.params], slots)
    if self.sig.results == 0:
        Py_INCREF(None)
        return <PyObject *>None
    return take_many(self, slots)


cdef PyObject *take_many(Func self, const pw_slot *slots) noexcept:
    cdef uint32_t i, first = self.sig.params
    cdef const pw_slot *start = slots
    if hold_refs(self.store, self.sig.kinds + first, self.sig.results, start) < 0:
        return NULL
    try:
        values = []
        for i in range(first, first + self.sig.results):
            values.append(value_from_slot(self.store, self.sig.types[i], slots))
            slots += pw_type_slots(self.sig.types[i])
        answer = tuple(values)
    except BaseException as problem:
        set_clean(problem)
        return NULL
    finally:
        release_refs(self.store, self.sig.kinds + first, self.sig.results, start)
    Py_INCREF(answer)
    return <PyObject *>answer


cdef PyObject *finish_call(Func self, Store store, pw_result result, const pw_slot *slots) noexcept:
    """What is to be done after a call, but for leaving the store. Attached."""
    cdef PyObject *answer = NULL
    if result == PW_OK:
        if store.thrown is not None:
            store.thrown, store.run.thrown = None, 0  # some handler took it
        answer = take_results(self, slots)
    else:
        set_failure(pw_store_error(store.ptr), result, store)
    if store.run.dropped:
        let_go_quietly(store)
    return answer


cdef PyObject *call_in_store(Func self, PyObject *const *args, pw_slot *slots) noexcept:
    cdef Store store = self.store  # keeps the store alive, whatever the call does
    cdef PyObject *answer = NULL
    cdef pw_result result
    if pwn_enter(&store.run) < 0:
        return NULL
    if (put_references(self, args, slots) if self.sig.has_refs else put_arguments(self, args, slots)) == 0:
        result = pw_func_call(self.ptr, slots)
        pwn_attach(&store.run)
        answer = finish_call(self, store, result, slots)
    elif store.run.dropped:
        let_go_quietly(store)
    pwn_leave(&store.run)
    return answer


cdef PyObject *call_with_heap(Func self, PyObject *const *args) noexcept:
    cdef PyObject *answer
    cdef pw_slot *slots = <pw_slot *>PyMem_Malloc(self.sig.slots * sizeof(pw_slot))
    if slots == NULL:
        set_error(MemoryError, "no memory for the arguments")
        return NULL
    answer = call_in_store(self, args, slots)
    PyMem_Free(slots)
    return answer


cdef PyObject *func_vectorcall(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames) noexcept:
    """What Python runs for f(...). Nothing in here raises in Cython's way: that would put lines of this file into
    the traceback of the caller."""
    cdef Func self = <Func>callable
    cdef Py_ssize_t given = PyVectorcall_NARGS(nargsf)
    cdef pw_slot slots[LOCAL_SLOTS]
    if kwnames != NULL and len(<tuple>kwnames):
        set_error(TypeError, f"{self.shown_name()}() takes no keyword arguments")
        return NULL
    if not self.is_bound() and get_ready(self) < 0:
        return NULL
    if given != <Py_ssize_t>self.sig.params:
        complain(self, -1, 0, <PyObject *><size_t>given)
        return NULL
    if self.sig.slots > LOCAL_SLOTS:
        return call_with_heap(self, args)
    return call_in_store(self, args, slots)


cdef PyObject *end_plain(PyObject *callable, pw_result result, const pw_slot *slots) noexcept:
    cdef Func self = <Func>callable
    cdef Store store = self.store
    cdef PyObject *answer = finish_call(self, store, result, slots)
    pwn_leave(&store.run)
    return answer


cdef PyObject *call_plain(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames) noexcept:
    """func_vectorcall for signatures that are plain. It counts no references: whoever calls has one to the function, which
    has one to the store."""
    if (not pwn_is_published(&(<Func>callable).bound) or (<Func>callable).store is None or kwnames != NULL
            or PyVectorcall_NARGS(nargsf) != <Py_ssize_t>(<Func>callable).plain.params):
        return func_vectorcall(callable, args, nargsf, kwnames)
    return pwn_call_plain(&(<Func>callable).plain, &(<Func>callable).store.run, callable, args, func_vectorcall, end_plain)


cdef int enable_vectorcall() except -1:
    cdef Func probe = Func.__new__(Func)
    pwn_enable_vectorcall(<PyTypeObject *>Func, <PyObject *>probe, &probe.vectorcall)
    return 0


enable_vectorcall()


class _OwnText(str):
    """A text of a type of which each instance has one of its own. Types demand that their __module__ is a str, be they
    static or made at run time, so a property cannot do it."""

    def __new__(cls, text, of):
        made = str.__new__(cls, text)
        made.of = of
        return made

    def __get__(self, instance, owner=None):
        return self if instance is None else self.of(instance)

    def __reduce__(self):
        return str, (str(self),)


def _doc_of(Func function not None):
    return function.doc_ if function.doc_ is not None else f"{function.shown_name()} {function.type}"


def _module_of(Func function not None):
    return function.module_


pwn_set_in_type(<PyTypeObject *>Func, "__doc__", _OwnText(Func.__doc__, _doc_of))
pwn_set_in_type(<PyTypeObject *>Func, "__module__", _OwnText("pywasi_native._native", _module_of))
