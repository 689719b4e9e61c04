# Globals.

@cython.final
cdef class Global:
    """A global variable.

    Args:
        type: its `GlobalType`, or a value type such as ``"i32"``.
        value: what it begins with.
        mutable: whether it may change, when `type` is a value type.
        store: the store it belongs to; by default that of the first instance that it is given to.
    """

    def __init__(self, type, value, *, mutable=None, Store store=None):
        cdef pw_slot slot[2]
        if self.type_ is not None or self.ptr != NULL:
            raise RuntimeError("a Global cannot be made over")
        if not isinstance(type, support("GlobalType")):
            type = support("GlobalType")(type, bool(mutable))
        elif mutable is not None:
            raise TypeError("the GlobalType says already whether it is mutable")
        self.spec.type, self.spec.is_mutable = type_by_name(type.value), type.mutable
        if kind_of(self.spec.type) <= K_V128:
            # Numbers are checked at once; references need a store, which may not be known yet.
            convert(None, self.spec.type, value, slot, "the value of the global")
            value = value_from_slot(None, self.spec.type, slot)
        self.type_, self.init = type, value
        if store is not None:
            self.bind(store)

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
        cdef pw_slot value[2]
        cdef pw_global *made = NULL
        if self.store is not None:  # another thread was faster
            return 0
        if self.type_ is None:
            raise RuntimeError("the global is being destroyed")
        convert(store, self.spec.type, self.init, value, "the value of the global")
        check_result(pw_global_new(store.ptr, &self.spec, value, &made), store)
        if self.store is not None:  # while Python code ran in here, which lets others into the section
            return 0
        self.ptr, self.store = made, store
        pwn_publish(&self.bound)
        store.know(made, self)
        self.type_, self.init = None, None
        return 0

    cdef pw_global *pointer(self) except NULL:
        if not self.is_bound():
            self.bind(None)
        return self.ptr

    @property
    def type(self):
        """Its `GlobalType`."""
        return global_type(&self.spec)

    def __repr__(self):
        return f"<wasm global {self.type}>"

    def __reduce__(self):
        raise TypeError("cannot pickle a Global: it belongs to a store")

    @property
    def value(self):
        """Its value. Setting it raises AttributeError unless the global is mutable."""
        cdef pw_slot slot[2]
        self.pointer()
        cdef Store store = self.store
        store.enter()
        try:
            pw_global_get(self.ptr, slot)
            return value_from_slot(store, self.spec.type, slot)
        finally:
            pwn_leave(&store.run)

    @value.setter
    def value(self, value):
        cdef pw_slot slot[2]
        if not self.spec.is_mutable:
            raise AttributeError("the global is immutable")
        self.pointer()
        cdef Store store = self.store
        store.enter()
        try:
            convert(store, self.spec.type, value, slot, "the value of the global")
            check_result(pw_global_set(self.ptr, slot), store)
        finally:
            pwn_leave(&store.run)

    def bits(self):
        """Its value as an unsigned bit pattern, for tests and tools; a reference as an object."""
        cdef pw_slot slot[2]
        cdef uint8_t kind = kind_of(self.spec.type)
        self.pointer()
        cdef Store store = self.store
        store.enter()
        try:
            pw_global_get(self.ptr, slot)
            if kind > K_V128:
                return value_from_slot(store, self.spec.type, slot)
            if kind == K_V128:
                return slot[0] | (<object>slot[1] << 64)
            return slot[0] & 0xffffffff if kind == K_I32 or kind == K_F32 else slot[0]
        finally:
            pwn_leave(&store.run)


cdef Global wrap_global(Store store, pw_global *value):
    cdef Global wrapper
    known = store.known(value)
    if known is not None:
        return known
    wrapper = Global.__new__(Global)
    pw_global_type_of(value, &wrapper.spec)
    wrapper.ptr, wrapper.store = value, store
    pwn_publish(&wrapper.bound)
    store.know(value, wrapper)
    return wrapper
