# A call, from the arguments to the results.

cdef struct frame:
    held *held
    pw_slot *slots
    PyObject *const *args
    uint64_t top            # of the arena before
    uint64_t loose          # what has to be given back to the allocator
    PyObject *pending       # list of what to call at the end, or NULL; owned
    PyObject *answer        # of the call; owned


# A step of a call: -1 with an exception. By this type it is called without a look at the exception, so that nothing is
# spent on handlers where nothing fails.
ctypedef int (*stage)(TypedFunction self, frame *call) noexcept
ctypedef int (*sweep)(Arena arena) noexcept


cdef PyObject *run(TypedFunction self, PyObject *const *args) noexcept:
    """Calls with as many arguments as there are parameters; NULL with an exception."""
    cdef held few[FEW_STEPS]
    cdef pw_slot few_slots[FEW_STEPS + 1]
    cdef frame call
    call.args, call.held, call.slots = args, few, few_slots
    if self.count > FEW_STEPS:
        return run_with_heap(self, &call)
    return run_in_store(self, &call)


cdef PyObject *run_with_heap(TypedFunction self, frame *call) noexcept:
    cdef PyObject *answer
    call.held = <held *>PyMem_Malloc(self.count * (sizeof(held) + sizeof(pw_slot)) + sizeof(pw_slot))
    if call.held == NULL:
        PyErr_NoMemory_()
        return NULL
    call.slots = <pw_slot *>(call.held + self.count)
    answer = run_in_store(self, call)
    PyMem_Free(call.held)
    return answer


cdef PyObject *run_in_store(TypedFunction self, frame *call) noexcept:
    cdef pwn_run *run = &self.function.store.run
    cdef int i, failed
    if pwn_enter(run) < 0:
        return NULL
    call.loose, call.pending, call.answer = 0, NULL, NULL
    if self.has_memory and self.arena.has_dropped and (<sweep>clear_dropped)(self.arena) < 0:
        pwn_leave(run)
        return NULL
    call.top = self.arena.top if self.has_memory else 0
    for i in range(self.count):
        call.held[i].has_view = False
        call.held[i].room = call.held[i].address = 0
        call.slots[i] = <uint64_t>NO_LENGTH
    failed = (<stage>take_arguments)(self, call)
    if failed == 0 and self.has_memory:
        failed = (<stage>put_bytes)(self, call)
    if failed == 0:
        failed = self.function.call_slots(call.slots)
        if failed and (<stage>keep_stopped)(self, call) == 1:
            pwn_leave(run)
            return NULL
    if failed == 0:
        failed = (<stage>take_answer)(self, call)
    if self.has_memory:
        give_back(self, call)
    pwn_leave(run)
    return call.answer


cdef int take_arguments(TypedFunction self, frame *call) except -1:
    """Numbers into slots; of the rest, what has to be copied."""
    cdef int i
    cdef step *at
    cdef object value
    for i in range(self.count):
        at = &self.steps[i]
        if at.what == S_LENGTH:
            continue
        if at.source < 0:
            call.held[i].room = aligned(at.size) if at.size else ALIGNMENT
            continue
        value = <object>call.args[at.source]
        if at.what == S_INT:
            put_int(self, i, value, &call.slots[i])
        elif at.what == S_FLOAT:
            put_float(self, i, value, &call.slots[i])
        elif at.what == S_BUFFER:
            take_buffer(self, i, value, &call.held[i], call.slots)
        else:
            take_other(self, i, value, call)
    for i in range(self.count):  # they may stand before their buffers
        if self.steps[i].what == S_LENGTH:
            put_length(self, i, call.slots)
    return 0


cdef int take_other(TypedFunction self, int i, object value, frame *call) except -1:
    cdef step *at = &self.steps[i]
    if at.what == S_BOOL:
        put_bool(self, i, value, &call.slots[i])
    elif at.what == S_OBJECT:
        call.slots[i] = address_of(self, i, value)
    elif at.what == S_CONVERT:
        convert(self, i, value, call)
    else:  # a cell with a value
        call.held[i].room = aligned(at.size)
        if at.item == R_FLOAT:
            put_float(self, i, value, &call.slots[i])
        elif at.item == R_BOOL:
            put_bool(self, i, value, &call.slots[i])
        else:
            put_int(self, i, value, &call.slots[i])
    return 0


cdef int convert(TypedFunction self, int i, object value, frame *call) except -1:
    """What a Python function makes of an argument. It may leave things to be called when the call has ended."""
    if call.pending == NULL:
        made = []
        Py_INCREF(made)
        call.pending = <PyObject *>made
    pending = <list>call.pending
    try:
        answer = self.makers[i](value, pending)
    except TypeError as problem:
        raise TypeError(f"{place(self, i)} {problem}") from None
    if PyLong_Check(answer):
        call.held[i].address = answer
        call.slots[i] = answer & 0xffffffffffffffff if self.steps[i].value in (V_I64, V_F64) else answer & 0xffffffff
        return 0
    pending.append(answer)  # keeps it alive
    take_view(self, i, answer, &call.held[i])
    if call.held[i].address == 0:
        call.held[i].room = aligned(call.held[i].count) if call.held[i].count else ALIGNMENT
    return 0


cdef int put_bytes(TypedFunction self, frame *call) except -1:
    """Copies what has to lie in the module's memory, and puts the addresses into the slots."""
    cdef uint64_t total = 0, address = 0
    cdef int i
    cdef held *item
    cdef uint8_t *data
    for i in range(self.count):
        total += call.held[i].room
    if total:
        self.arena.reserve(total, &address, &call.loose)
    data = self.memory.data()
    for i in range(self.count):
        item = &call.held[i]
        if item.room:
            item.address = address
            address += item.room
            fill(&self.steps[i], item, call.slots, i, data + item.address)
        if self.steps[i].what in (S_BUFFER, S_CELL, S_CELL_LENGTH) or item.room:
            call.slots[i] = <uint32_t>item.address
    return 0


cdef inline void fill(const step *at, const held *item, const pw_slot *slots, int i, uint8_t *to) noexcept:
    if at.what == S_BUFFER or at.what == S_CONVERT:
        memcpy(to, item.data, <size_t>item.count)
        if at.flags & F_NUL:
            to[item.count] = 0
    elif at.what == S_CELL_LENGTH:
        write_bits(slots[i] if slots[i] != <uint64_t>NO_LENGTH else 0, at.size, to)
    elif at.flags & F_INITIAL:
        write_bits(slots[i], at.size, to)
    else:
        memset(to, 0, at.size)


cdef int take_answer(TypedFunction self, frame *call) except -1:
    """What the call gives; what was written to is copied back."""
    if self.has_memory:
        copy_back(self, call)
    answer = answer_of(self, call)
    Py_INCREF(answer)
    call.answer = <PyObject *>answer
    return 0


cdef object answer_of(TypedFunction self, frame *call):
    cdef int i
    cdef object answer = None
    if self.result.error and is_error(&self.result, call.slots[0]):
        answer = take_raw(&self.result, call.slots[0])
        self.on_error(answer)
        raise RuntimeError(f"{self.extra['name']}() failed with {answer}")
    if self.result.kept:
        answer = take_raw(&self.result, call.slots[0])
        if self.wrap is not None:
            answer = self.wrap(answer)
        if self.cells == 0:
            return answer
    elif self.cells == 0:
        return None
    values = [answer] if self.result.kept else []
    for i in range(self.count):
        if self.steps[i].what == S_CELL or self.steps[i].what == S_CELL_LENGTH:
            values.append(take_cell(self, i, &call.held[i]))
    return values[0] if len(values) == 1 else tuple(values)


cdef int copy_back(TypedFunction self, frame *call) except -1:
    cdef uint8_t *data = self.memory.data()
    cdef int i
    for i in range(self.count):
        if self.steps[i].flags & F_WRITABLE and call.held[i].has_view and call.held[i].room:
            memcpy(call.held[i].view.buf, data + call.held[i].address, <size_t>call.held[i].count)
    return 0


cdef object take_cell(TypedFunction self, int i, const held *item):
    cdef step *at = &self.steps[i]
    cdef const uint8_t *data = self.memory.data() + item.address
    if at.item == R_BYTES:
        answer = PyBytes_FromStringAndSize(<const char *>data, at.size)
    else:
        answer = read_number(at.item, at.size, data)
    return answer if self.makers[i] is None else self.makers[i](answer)


cdef inline void give_back(TypedFunction self, frame *call) noexcept:
    """Views, room of the arena, and what converters left."""
    cdef int i
    for i in range(self.count):
        if call.held[i].has_view:
            PyBuffer_Release(&call.held[i].view)
    self.arena.top = call.top
    if self.arena.kept:
        settle_quietly(self, call)
    if call.loose or call.pending != NULL:
        give_back_more(self, call)


cdef void settle_quietly(TypedFunction self, frame *call) noexcept:
    exception = pwn_take_exception() if call.answer == NULL else None
    self.arena.settle()
    if exception is not None:
        pwn_set_exception(exception)


cdef void give_back_more(TypedFunction self, frame *call) noexcept:
    """A failure of the call is not replaced by one in here."""
    exception = pwn_take_exception() if call.answer == NULL else None
    try:
        end_call(self, call)
    except BaseException as problem:
        if exception is None:
            exception = problem
            Py_XDECREF_(call.answer)
            call.answer = NULL
    if exception is not None:
        pwn_set_exception(exception)


cdef int end_call(TypedFunction self, frame *call) except -1:
    pending = []
    if call.pending != NULL:
        pending = <list>call.pending
        Py_DECREF(pending)
    if call.loose:
        self.arena.release(call.loose)
    for item in reversed(pending):
        if callable(item):
            item()
    return 0


cdef list sorted_arguments(TypedFunction self, PyObject *const *args, Py_ssize_t given, tuple names):
    """All arguments in order, where some were given by name."""
    cdef Py_ssize_t i
    placed = {}
    for i in range(given):
        if i >= self.params:
            raise TypeError(count_text(self, given + len(names)))
        placed[self.names[i]] = <object>args[i]
    for i, name in enumerate(names):
        if name not in self.names:
            raise TypeError(f"{self.extra['name']}() got an unexpected keyword argument {name!r}")
        if name in placed:
            raise TypeError(f"{self.extra['name']}() got multiple values for argument {name!r}")
        placed[name] = <object>args[given + i]
    missing = [name for name in self.names if name not in placed]
    if missing:
        raise TypeError(f"{self.extra['name']}() is missing {', '.join(map(repr, missing))}")
    return [placed[name] for name in self.names]


cdef str count_text(TypedFunction self, Py_ssize_t given):
    plural = "" if self.params == 1 else "s"
    inner = f" ({', '.join(self.names)})" if self.names else ""
    return f"{self.extra['name']}() takes {self.params} argument{plural}{inner}, {given} given"


cdef PyObject *run_rare(TypedFunction self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames) noexcept:
    """Arguments by name, or too few or many."""
    cdef PyObject *ordered[MOST_STEPS]
    cdef int i
    try:
        if self.function is None:
            raise TypeError("typed functions are made by Instance.func() or pywasi_native.typed.bind()")
        if kwnames == NULL or not <tuple>kwnames:
            raise TypeError(count_text(self, given))
        values = sorted_arguments(self, args, given, <tuple>kwnames)
        for i in range(self.params):
            ordered[i] = <PyObject *>values[i]
    except BaseException as problem:
        pwn_set_exception(problem)
        return NULL
    return run(self, ordered)


cdef PyObject *typed_vectorcall(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames) noexcept:
    """What Python runs for f(...)."""
    cdef PyObject *answer
    cdef Py_ssize_t given = PyVectorcall_NARGS(nargsf)
    if given == (<TypedFunction>callable).params and kwnames == NULL and (<TypedFunction>callable).function is not None:
        answer = run(<TypedFunction>callable, args)
    else:
        answer = run_rare(<TypedFunction>callable, args, given, kwnames)
    if answer == NULL:
        clean_exception()
    return answer


cdef void clean_exception() noexcept:
    """Takes the lines of this file from the head of the traceback of the exception that is set."""
    problem = pwn_take_exception()
    traceback = problem.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename.endswith((".pxi", ".pyx")):
        traceback = traceback.tb_next
    problem.__traceback__ = traceback
    pwn_set_exception(problem)


cdef int enable_vectorcall() except -1:
    cdef TypedFunction probe = TypedFunction.__new__(TypedFunction)
    pwn_enable_vectorcall(<PyTypeObject *>TypedFunction, <PyObject *>probe, &probe.vectorcall)
    return 0


enable_vectorcall()


def _doc_of(TypedFunction function not None):
    return function.extra["doc"] or function.extra["declaration"]


def _module_of(TypedFunction function not None):
    return function.extra["module"]


pwn_set_in_type(<PyTypeObject *>TypedFunction, "__doc__", _OwnText(TypedFunction.__doc__, _doc_of))
pwn_set_in_type(<PyTypeObject *>TypedFunction, "__module__", _OwnText("pywasi_native.typed._calls", _module_of))
