# Tables of references.

@cython.final
cdef class Table:
    """A table of references: ``len(t)``, ``t[i]``, ``t[i] = f``. Out of range: IndexError.

    Args:
        type: its `TableType`.
        init: what its first elements are.
        store: the store it belongs to; by default that of the first instance that it is given to.
    """

    def __init__(self, type, init=None, *, Store store=None):
        if self.type_ is not None or self.ptr != NULL:
            raise RuntimeError("a Table cannot be made over")
        if not isinstance(type, support("TableType")):
            raise TypeError(f"type must be a TableType, not {type_name(type)}")
        self.type_, self.init, self.element = type, init, type_by_name(type.element)
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
        cdef pw_table_type type
        cdef pw_slot value[2]
        cdef pw_table *made = NULL
        if self.store is not None:  # another thread was faster
            return 0
        if self.type_ is None:
            raise RuntimeError("the table is being destroyed")
        fill_limits(self.type_, &type.limits)
        type.element = self.element
        convert(store, self.element, self.init, value, "the first value of the table")
        check_result(pw_table_new(store.ptr, &type, value[0], &made), store)
        if self.store is not None:  # while Python code ran in here, which lets others into the section
            return 0
        self.ptr, self.store = made, store
        pwn_publish(&self.bound)
        store.know(made, self)
        self.type_, self.init = None, None
        return 0

    cdef pw_table *pointer(self) except NULL:
        if not self.is_bound():
            self.bind(None)
        return self.ptr

    @property
    def type(self):
        """Its `TableType`; the minimum is the current size."""
        cdef pw_table_type type
        with cython.critical_section(self):
            if not self.is_bound() and self.type_ is not None:
                return self.type_
        pw_table_type_of(self.pointer(), &type)
        return table_type(&type)

    def __len__(self):
        return <Py_ssize_t>pw_table_size(self.pointer())

    def __repr__(self):
        return f"<wasm table {self.type}>"

    def __reduce__(self):
        raise TypeError("cannot pickle a Table: it belongs to a store")

    def __getitem__(self, index):
        cdef pw_slot value[2]
        cdef uint64_t at = self.check(index)
        cdef Store store = self.store
        store.enter()
        try:
            check_result(pw_table_get(self.ptr, at, value), store)
            return value_from_slot(store, self.element, value)
        finally:
            pwn_leave(&store.run)

    def __delitem__(self, key):
        raise TypeError("the elements of a Table cannot be deleted")

    def __setitem__(self, index, value):
        cdef pw_slot slot[2]
        cdef uint64_t at = self.check(index)
        cdef Store store = self.store
        store.enter()
        try:
            convert(store, self.element, value, slot, "the element")
            check_result(pw_table_set(self.ptr, at, slot[0]), store)
        finally:
            pwn_leave(&store.run)

    def grow(self, n, value=None):
        """Adds `n` elements that are `value`; gives the length before.

        Raises:
            ValueError: the maximum or the store's limit forbids it.
        """
        cdef uint64_t before = 0, more = page_count(n, "n")
        cdef pw_slot slot[2]
        cdef pw_result result
        self.pointer()
        cdef Store store = self.store
        store.enter()
        try:
            convert(store, self.element, value, slot, "the element")
            result = pw_table_grow(self.ptr, more, slot[0], &before)
        finally:
            pwn_leave(&store.run)
        if result == PW_ERR_HOST:
            check_result(result, store)  # a signal
        if result != PW_OK:
            raise ValueError(support("limit_table_growth")(n, self.type, store.limits))
        return before

    cdef uint64_t check(self, object index) except? 0xffffffffffffffff:
        cdef uint64_t at = offset_of(index, "the index")
        cdef uint64_t size = pw_table_size(self.pointer())
        if at >= size:
            raise IndexError(f"index {at} is outside of the table of {size} elements")
        return at


cdef Table wrap_table(Store store, pw_table *table):
    cdef Table wrapper
    cdef pw_table_type type
    known = store.known(table)
    if known is not None:
        return known
    wrapper = Table.__new__(Table)
    pw_table_type_of(table, &type)
    wrapper.ptr, wrapper.store, wrapper.element = table, store, type.element
    pwn_publish(&wrapper.bound)
    store.know(table, wrapper)
    return wrapper
