# Calls of typed functions that fuel has stopped: what they hold lives until they end, or until nobody can go on with them.

@cython.final
@cython.no_gc_clear  # what it holds has to be there when it is dropped
cdef class StoppedCall:
    """A call of a typed function that goes on, once: what `OutOfFuel` has of one."""

    cdef TypedFunction function
    cdef Suspended suspended
    cdef frame call         # slots and held in one block of its own; held NULL: it has ended, or another one goes on with it
    cdef Region region      # its bytes of the arena, or None
    cdef uint64_t epoch     # of the arena

    def __dealloc__(self):
        if self.call.held != NULL:
            self.suspended = None
            drop_stopped(self)

    @property
    def ready(self):
        """Whether it can go on."""
        return self.call.held != NULL and self.suspended.ready

    @property
    def store(self):
        return self.suspended.store

    def refuel(self, unsigned long long fuel, int slice_ns=0):
        """Goes on with so many more units of fuel, to what the typed function gives.

        Raises:
            RuntimeError: it has gone on already, or `slice_ns` is not 0: typed functions are no coroutines.
            OutOfFuel: these are used up too; the new exception can go on.
        """
        cdef PyObject *answer
        if slice_ns:
            raise RuntimeError("the call of a typed function is resumed by resume(), not by resume_aio()")
        answer = resume_stopped(self, fuel)
        if answer == NULL:
            exception = pwn_take_exception()
            raise exception
        made = <object>answer
        Py_DECREF(made)
        return made


cdef void let_go_of(StoppedCall self, int failed) noexcept:
    exception = pwn_take_exception() if failed else None
    self.function.arena.let_go(self.region)
    if exception is not None:
        pwn_set_exception(exception)


ctypedef int (*refusal)() noexcept
ctypedef int (*passing)(StoppedCall self) noexcept


cdef int keep_stopped(TypedFunction self, frame *call) except -1:
    """A call has failed. If it can go on, the exception, which is taken and set again, gets all that it holds; `call` has nothing
    then. 1: so it is."""
    cdef StoppedCall made
    cdef held *block
    exception = pwn_take_exception()
    suspended = getattr(exception, "_suspended", None)
    if not isinstance(suspended, Suspended):
        pwn_set_exception(exception)
        return 0
    made = StoppedCall.__new__(StoppedCall)
    made.function, made.suspended = self, suspended
    if self.has_memory:
        made.epoch, made.region = self.arena.epoch, self.arena.keep(call.top)
    block = <held *>PyMem_Malloc(self.count * (sizeof(held) + sizeof(pw_slot)) + sizeof(pw_slot))
    if block == NULL:
        if self.has_memory:
            self.arena.let_go(made.region)
        raise MemoryError("no memory for what a stopped call holds")
    memcpy(block, call.held, self.count * sizeof(held))
    made.call = call[0]
    made.call.held, made.call.slots = block, <pw_slot *>(block + self.count)
    memcpy(made.call.slots, call.slots, (self.count + 1) * sizeof(pw_slot))
    exception._suspended = made
    pwn_set_exception(exception)
    return 1


cdef PyObject *resume_stopped(StoppedCall self, uint64_t fuel) noexcept:
    """NULL with an exception. A call that is stopped again has its new exception, and this one has ended."""
    cdef pwn_run *run = &self.function.function.store.run
    cdef int failed
    if pwn_enter(run) < 0:
        return NULL
    if self.call.held == NULL:
        failed = (<refusal>refuse_again)()
    else:
        failed = self.suspended.resume_slots(fuel, self.call.slots)
        if failed == 0 or not self.suspended.ready:  # else there was no place for it on the stack, or it was refused
            failed = end_stopped(self, failed)
    pwn_leave(run)
    return self.call.answer if failed == 0 else NULL


cdef int end_stopped(StoppedCall self, int failed) noexcept:
    cdef TypedFunction function = self.function
    cdef held *block = self.call.held
    self.call.answer = NULL
    if failed == 0 and forgotten(self):
        failed = (<refusal>refuse_again)()
    elif failed == 0:
        failed = (<stage>take_answer)(function, &self.call)
    elif not forgotten(self) and (<passing>pass_on)(self):
        return -1
    if forgotten(self):
        release_views(self)
    elif function.has_memory:
        let_go_of(self, failed)
        self.call.top = function.arena.top
        give_back(function, &self.call)
        if self.call.answer == NULL:
            failed = -1
    self.call.held = NULL
    PyMem_Free(block)
    return failed


cdef int refuse_again() except -1:
    raise RuntimeError("the call has gone on already: each interruption can be resumed once")


cdef int pass_on(StoppedCall self) except -1:
    """The call was stopped again: the new exception gets all that this one holds. 1: so it is."""
    cdef StoppedCall made
    exception = pwn_take_exception()
    suspended = getattr(exception, "_suspended", None)
    if not isinstance(suspended, Suspended):
        pwn_set_exception(exception)
        return 0
    made = StoppedCall.__new__(StoppedCall)
    made.function, made.suspended, made.call = self.function, suspended, self.call
    made.region, made.epoch = self.region, self.epoch
    self.call.held = NULL
    exception._suspended = made
    pwn_set_exception(exception)
    return 1


cdef inline bint forgotten(StoppedCall self) noexcept:
    """The instance was reset: what the call has in its memory is not there any more."""
    return self.function.has_memory and self.function.arena.epoch != self.epoch


cdef void release_views(StoppedCall self) noexcept:
    cdef int i
    for i in range(self.function.count):
        if self.call.held[i].has_view:
            PyBuffer_Release(&self.call.held[i].view)
            self.call.held[i].has_view = False


cdef void drop_stopped(StoppedCall self) noexcept:
    """Nobody can go on with it. What only the guest can free waits for the next call."""
    cdef frame *call = &self.call
    release_views(self)
    pending = None
    if call.pending != NULL:
        pending = <list>call.pending
        Py_DECREF(pending)
    if self.function.has_memory and not forgotten(self):
        self.function.arena.dropped.append((self.region, call.loose, pending))
        self.function.arena.has_dropped = True
    PyMem_Free(call.held)
    call.held = NULL


cdef int clear_dropped(Arena arena) except -1:
    """Gives back what dropped calls held. In the store, and no call runs that takes from the arena."""
    arena.has_dropped = False
    while arena.dropped:
        region, loose, pending = arena.dropped.pop()
        arena.let_go(region)
        if loose:
            arena.release(loose)
        for item in reversed(pending or ()):
            if callable(item):
                item()
    return 0
