# Calls that were interrupted and can go on: the fuel was used up, or they wait for something that Python awaits.

@cython.final
@cython.no_gc_clear # its store has to be there when it is dropped
cdef class Suspended:
    """A call of a function that goes on, once. Dropped, it ends without running anything more of the guest."""

    def __dealloc__(self):
        if self.ptr != NULL:
            pw_suspended_drop(self.ptr)

    @property
    def ready(self):
        """Whether it can go on."""
        return self.ptr != NULL and not pw_suspended_ended(self.ptr)

    def refuel(self, unsigned long long fuel, int slice_ns=0):
        """Goes on with so many more units of fuel, to the results of the call; or with `slice_ns` to another Suspended.

        Raises:
            RuntimeError: it has gone on already.
            OutOfFuel: these are used up too; the new exception can go on.
        """
        cdef Store store = self.store
        store.enter()
        try:
            self.check()
            pw_store_set_fuel(store.ptr, min(pw_store_fuel(store.ptr) + fuel, (1 << 63) - 1))
            return self.go_on(slice_ns)
        finally:
            pwn_leave(&store.run)

    def reply(self, tuple reply not None, int slice_ns):
        """Goes on, with what the host function was to give: (True, value) or (False, exception). The results of the call, or
        another Suspended, after so many nanoseconds at the latest."""
        cdef Store store = self.store
        store.enter()
        try:
            self.check()
            store.run.deadline = self.deadline
            if self.awaited is not None:
                store.reply = reply
            return self.go_on(slice_ns)
        finally:
            store.reply = None
            pwn_leave(&store.run)

    cdef int check(self) except -1:
        if self.ptr == NULL:
            raise RuntimeError("the call has gone on already: each interruption can be resumed once")
        if pw_suspended_ended(self.ptr):
            raise RuntimeError("the instance has been reset since then, which ended this call: what is resumed is what "
                               "the snapshot brought, inst.suspended")
        return 0

    cdef int resume_slots(self, uint64_t fuel, pw_slot *slots) noexcept:
        """As Func.call_slots."""
        cdef Store store = self.store
        cdef pw_result result
        try:
            self.check()
        except BaseException as problem:
            return set_clean(problem)
        pw_store_set_fuel(store.ptr, min(pw_store_fuel(store.ptr) + fuel, (1 << 63) - 1))
        result = pw_suspended_resume(&self.ptr, slots)
        pwn_attach(&store.run)
        if result != PW_OK:
            set_failure(pw_store_error(store.ptr), result, store)
        elif store.thrown is not None:
            store.thrown, store.run.thrown = None, 0
        if store.run.dropped:
            let_go_quietly(store)
            if result == PW_OK and PyErr_Occurred() != NULL:
                return -1
        return 0 if result == PW_OK else -1

    cdef object go_on(self, int slice_ns):
        cdef Func function = self.func
        cdef Store store = self.store
        cdef PyObject *answer
        cdef int before = store.run.slice_ns
        cdef pw_slot *slots = <pw_slot *>PyMem_Malloc((function.sig.slots + 1) * sizeof(pw_slot))
        if slots == NULL:
            raise MemoryError()
        store.run.slice_ns = slice_ns
        try:
            return outcome_of(function, store, pw_suspended_resume(&self.ptr, slots), slots)
        finally:
            store.run.slice_ns = before
            PyMem_Free(slots)


cdef Suspended wrap_suspended(Store store, pw_suspended *ptr):
    cdef Suspended made = Suspended.__new__(Suspended)
    made.ptr, made.store = ptr, store
    made.func = wrap_func(store, pw_suspended_func(ptr))
    return made


cdef list calls_of(pw_instance *instance, Store store):
    """The calls that a snapshot has brought, oldest first, as the exceptions that they would have raised."""
    cdef pw_suspended *ptr
    cdef pw_error error
    cdef Failure failure
    cdef Suspended made
    cdef list calls = []
    while True:
        ptr = pw_instance_take_suspended(instance)
        if ptr == NULL:
            return calls
        made = wrap_suspended(store, ptr)
        pw_suspended_frames(ptr, &error)
        failure = failure_of(&error, PW_ERR_TRAP, store)
        failure.frames = frames_of(&error, store)
        exception = support("from_failure")(failure)
        exception._suspended = made
        calls.append(exception)


cdef Suspended take_suspended(Store store):
    """The call that has just been interrupted; None: it cannot go on."""
    cdef pw_suspended *ptr = pw_store_take_suspended(store.ptr)
    cdef Suspended made
    if ptr == NULL:
        return None
    made = wrap_suspended(store, ptr)
    made.deadline = store.run.deadline
    made.awaited, store.awaited = store.awaited, None
    return made


cdef object outcome_of(Func function, Store store, pw_result result, const pw_slot *slots):
    """The results of a call, or the call itself when it was suspended."""
    cdef PyObject *answer
    pwn_attach(&store.run)
    if result == PW_ERR_SUSPENDED:
        suspended = take_suspended(store)
        if suspended is None:
            raise MemoryError("no memory to suspend a call")
        return suspended
    answer = finish_call(function, store, result, slots)
    if answer == NULL:
        raise_set()
    made = <object>answer
    Py_DECREF_(answer)
    return made


def bound_store(Func function not None):
    """The store of a function; one that has none yet gets one."""
    function.pointer()
    return function.store


def begin_call(Func function not None, tuple args not None, int slice_ns):
    """Calls a function. The results, or a `Suspended` when a host function returned an awaitable, or when the call has run
    for so many nanoseconds: its `awaited` is the awaitable, or None."""
    cdef Store store
    cdef pw_slot *slots
    cdef int before
    cdef Py_ssize_t i
    cdef PyObject **items
    function.pointer()
    store = function.store
    if <uint32_t>len(args) != function.sig.params:
        raise TypeError(count_text(function, len(args)))
    slots = <pw_slot *>PyMem_Malloc((function.sig.slots + 1) * sizeof(pw_slot))
    items = <PyObject **>PyMem_Malloc((len(args) + 1) * sizeof(PyObject *))
    try:
        if slots == NULL or items == NULL:
            raise MemoryError()
        for i in range(len(args)):
            items[i] = <PyObject *>args[i]
        store.enter()
        before = store.run.slice_ns
        try:
            if (put_references(function, items, slots) if function.sig.has_refs
                    else put_arguments(function, items, slots)) < 0:
                raise_set()
            store.run.slice_ns = slice_ns
            return outcome_of(function, store, pw_func_call(function.ptr, slots), slots)
        finally:
            store.run.slice_ns = before
            pwn_leave(&store.run)
    finally:
        PyMem_Free(slots)
        PyMem_Free(items)
