# The engine, stores, and who may use a store when.

cdef pw_engine *the_engine = NULL

# Nobody but the main thread has imported anything yet where there is no `threading`.
pwn_main_thread = (loaded_modules["threading"].main_thread().ident if "threading" in loaded_modules
                   else PyThread_get_thread_ident())


cdef pw_engine *engine() except NULL:
    if the_engine == NULL:
        start("")
    return the_engine


def start(str shell not None):
    """Makes the engine of this process, with that dispatch shell, or the default one for an empty name.

    The package calls it at import, when nobody else can: there is one engine.
    """
    global the_engine
    cdef pw_engine_config config
    cdef pw_result result
    if the_engine != NULL:
        return
    config.shell = shell_id(shell)
    result = pw_engine_new(&config, &the_engine)
    if result == PW_ERR_ARGUMENT:
        raise ValueError(f"this build has no {shell} shell")
    if result != PW_OK:
        raise MemoryError("no memory for the engine")


cdef pw_shell shell_id(str name) except *:
    if name == "":
        return PW_SHELL_DEFAULT
    if name == "goto":
        return PW_SHELL_ID_GOTO
    if name == "switch":
        return PW_SHELL_ID_SWITCH
    if name == "tail":
        return PW_SHELL_ID_TAIL
    raise ValueError(f"{name!r} is no shell; there are goto, switch and tail")


def shell():
    """The name of the dispatch shell: goto, switch or tail."""
    return c_text(pw_engine_shell_name(engine()))


def features():
    """(name, level, standard) of every WebAssembly feature; the position is its bit. Level: 0 not in this build, 1 on
    request, 2 by default."""
    cdef pw_features supported = pw_features_supported(), default = pw_features_default()
    return tuple((c_text(pw_feature_text(i)), int((supported >> i) & 1) + int((default >> i) & 1),
                  c_text(pw_feature_standard(i))) for i in range(<uint32_t>PW_FEATURE_COUNT))


cdef extern from *:
    """
    /* To give back this many bytes takes milliseconds, which other threads may use; for less it does not pay. */
    #define PWN_MUCH ((uint64_t)4 << 20)
    """
    uint64_t PWN_MUCH


cdef int free_store(pw_store *store) noexcept:
    """None of its finalizers is Python's: functions of the host belong to the Store's objects."""
    if pw_store_peak_memory(store) < PWN_MUCH:
        pw_store_free(store)
    else:
        with nogil:
            pw_store_free(store)
    return 0


@cython.no_gc_clear
cdef class Owned:
    """Something that the C code of a store points to."""


@cython.final
@cython.no_gc_clear
cdef class Store:
    """The heap that instances share which import from each other, with its lock and its limits.

    A store is made with the first instance and joined by every instance that imports from it; naming one is only
    for those who want to. It serves one thread at a time; another one waits.

    Args:
        limits: a `Limits`, or None for the defaults.
    """

    def __cinit__(self, limits=None):
        cdef pw_store_limits bounds
        memset(&bounds, 0, sizeof(bounds))
        self.externs, self.wrappers, self.modules, self.names, self.dropped = {}, {}, {}, {}, []
        pwn_run_init(&self.run, <PyObject *>self)
        if limits is not None:
            bounds.memory_bytes, bounds.table_elements = limits.memory, limits.tables
            bounds.instances, bounds.stack_bytes = limits.instances, limits.stack
            self.run.timeout_ns = nanoseconds(limits.timeout)
        self.limits, self.origins = limits, {}
        if pw_store_new(engine(), &bounds, &self.ptr) != PW_OK:
            raise MemoryError("no memory for a store")
        if limits is not None and limits.fuel is not None:
            self.counts_fuel = True
            check_result(pw_store_count_fuel(self.ptr), self)
            pw_store_set_fuel(self.ptr, limits.fuel)
        pw_store_set_poll(self.ptr, store_poll, &self.run)
        pw_store_set_blocking(self.ptr, store_blocks)
        pw_store_set_extern_dropped(self.ptr, store_dropped, &self.run)

    def __dealloc__(self):
        cdef Owned item
        pwn_run_destroy(&self.run)
        if self.run.is_lost:  # fork has caught another thread in the middle of changing it: it cannot be walked
            Py_INCREF(self.owned)
            return
        if self.ptr != NULL:
            free_store(self.ptr)
            self.ptr = NULL
        # One by one: a chain that frees itself would recurse.
        while self.owned is not None:
            item = self.owned
            self.owned = item.next_owned
            item.next_owned = None

    def cancel(self):
        """Ends the call that runs in this store with `Cancelled`; from any thread. No call: no effect."""
        if self.flights is not None:
            self.flights.cancel()
        if self.run.depth > 0:
            self.run.cancelled = 1
            pw_store_interrupt(self.ptr)

    def in_flight(self, make):
        """The calls from coroutines that are in flight: what `make` gives the first time."""
        with cython.critical_section(self):
            if self.flights is None:
                self.flights = make()
            return self.flights

    @property
    def fuel(self):
        """Units of fuel that are left, or None where none is counted."""
        return pw_store_fuel(self.ptr) if self.counts_fuel else None

    @fuel.setter
    def fuel(self, value):
        if not self.counts_fuel:
            raise RuntimeError("this store counts no fuel: make it with limits=wasm.Limits(fuel=...)")
        self.enter()
        try:
            pw_store_set_fuel(self.ptr, support("fuel_units")(value, 0))
        finally:
            pwn_leave(&self.run)

    @property
    def peak_memory(self):
        """The most bytes that the memories of this store took together."""
        return pw_store_peak_memory(self.ptr)

    cdef int enter(self) except -1:
        if pwn_enter(&self.run) < 0:
            raise_set()
        return 0

    cdef int let_go(self) except -1:
        """Forgets the objects that nothing in the store refers to any more. Entered; their finalizers may run."""
        cdef void *host
        self.run.dropped = 0
        while True:
            host = pw_extern_next_dropped(self.ptr)
            if host == NULL:
                return 0
            self.externs.pop(<size_t>host, None)

    cdef int own(self, Owned item) except -1:
        """Entered."""
        item.next_owned = self.owned
        self.owned = item
        return 0

    cdef object known(self, void *address):
        reference = self.wrappers.get(<size_t>address)
        return None if reference is None else reference()

    cdef int know(self, void *address, object wrapper) except -1:
        self.wrappers[<size_t>address] = weak_reference(wrapper)
        return 0

    cdef int call_it(self, void *function, str name) except -1:
        self.names[<size_t>function] = name
        return 0


cdef int raise_set() except -1:
    """Tells Cython that an exception is set."""
    exception = pwn_take_exception()
    raise exception


cdef Store same_store(Store mine, Store other):
    if mine is not other:
        raise ValueError("the value belongs to another store: make both with the same store=wasm.Store(), or let "
                         "one instance import from the other")
    return mine


cdef int check_result(pw_result result, Store store) except -1:
    """Raises what the store knows about a result."""
    if result != PW_OK:
        raise exception_of(pw_store_error(store.ptr), result, store)
    return 0


def after_fork():
    """Sets stores free for the only thread that the child of a fork has; those that others ran are lost."""
    pwn_after_fork()


cdef int64_t nanoseconds(seconds) except -1:
    """Of a timeout; 0: none."""
    return 0 if seconds is None else <int64_t>max(1, min(seconds * 1e9, 4e18))


def set_timeout(Store store not None, seconds):
    """Another timeout for the calls of this store; errors give that of its limits."""
    store.run.timeout_ns = nanoseconds(seconds)


def run_in_parallel(Store store not None):
    """Calls of this store give the GIL away at their first poll: other threads have work of the same kind."""
    store.run.is_eager = True


cdef pw_result store_poll(void *env) noexcept:
    cdef pwn_stop stop = pwn_poll_step(<pwn_run *>env)
    return PW_OK if stop == PWN_GO_ON else store_stop(<Store>(<pwn_run *>env).store, stop)


cdef pw_result give_way(Store store) noexcept:
    """The call is suspended and goes on when others have had their turn, if it can be."""
    if pw_store_can_give_way(store.ptr):
        return PW_ERR_SUSPENDED
    pwn_detach(&store.run)
    return PW_OK


cdef int look(Store store) except -1:
    """Raises what ends the work that is done in the store: a signal handler's exception, `Timeout`, `Cancelled`."""
    cdef pwn_stop stop = pwn_poll_step(&store.run)
    pwn_attach(&store.run)
    if stop == PWN_GO_ON or stop == PWN_GIVE_WAY:
        return 0
    store_stop(store, stop)
    exception, store.pending = store.pending, None
    raise exception


cdef void store_dropped(void *env) noexcept:
    pwn_note_dropped(<pwn_run *>env)


cdef void store_blocks(void *env) noexcept:
    pwn_block(<pwn_run *>env)


cdef pw_result store_stop(Store store, pwn_stop stop) noexcept:
    """Keeps the exception that ends the running call. Attached."""
    if stop == PWN_GIVE_WAY:
        return give_way(store)
    try:
        if stop == PWN_STOP_SIGNAL:
            store.pending = pwn_take_exception()
        else:
            store.pending = (support("limit_timed_out")(store.limits.timeout) if stop == PWN_STOP_TIMEOUT
                             else support("cancelled")())
    except BaseException as problem:
        store.pending = problem
    return PW_ERR_HOST
