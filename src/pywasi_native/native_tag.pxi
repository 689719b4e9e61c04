# Tags, and exceptions on their way between Python and the guest.

@cython.final
cdef class Tag:
    """The kind of an exception: two tags are never the same, whatever their types.

    Args:
        type: the types of the values that its exceptions carry: value types, a `TagType`, or a `FuncType` without
            results.
        store: the store it belongs to; by default that of the first instance that it is given to.
    """

    def __init__(self, type=(), *, Store store=None):
        if self.type_ is not None or self.ptr != NULL:
            raise RuntimeError("a Tag cannot be made over")
        if isinstance(type, support("FuncType")):
            if type.results:
                raise ValueError(f"the type of a tag has no results: {type}")
            type = type.params
        if not isinstance(type, support("TagType")):
            type = support("TagType")(type)
        for text in type.params:
            type_by_name(text)
        self.type_ = type
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
        cdef pw_func_type type
        cdef pw_val_type *params
        cdef pw_tag *made = NULL
        if self.store is not None:  # another thread was faster
            return 0
        if self.type_ is None:
            raise RuntimeError("the tag is being destroyed")
        names = self.type_.params
        params = <pw_val_type *>PyMem_Malloc((len(names) + 1) * sizeof(pw_val_type))
        if params == NULL:
            raise MemoryError()
        try:
            for i, text in enumerate(names):
                params[i] = type_by_name(text)
            type.param_count, type.result_count = len(names), 0
            type.params = type.results = params
            check_result(pw_tag_new(store.ptr, &type, &made), store)
        finally:
            PyMem_Free(params)
        if self.store is not None:  # while Python code ran in here, which lets others into the section
            return 0
        self.ptr, self.store = made, store
        pwn_publish(&self.bound)
        store.know(made, self)
        return 0

    cdef pw_tag *pointer(self) except NULL:
        if not self.is_bound():
            self.bind(None)
        return self.ptr

    @property
    def type(self):
        """The types of the values, a `TagType`."""
        cdef pw_func_type type
        with cython.critical_section(self):
            if self.type_ is None:
                pw_tag_type_of(self.pointer(), &type)
                self.type_ = support("TagType")(func_type(&type).params)
            return self.type_

    def __repr__(self):
        return f"<wasm {self.type} at {<size_t><void *>self:#x}>"

    def __reduce__(self):
        raise TypeError("cannot pickle a Tag: it belongs to a store")


cdef Tag wrap_tag(Store store, pw_tag *tag):
    cdef Tag wrapper
    known = store.known(tag)
    if known is not None:
        return known
    wrapper = Tag.__new__(Tag)
    wrapper.ptr, wrapper.store = tag, store
    pwn_publish(&wrapper.bound)
    store.know(tag, wrapper)
    return wrapper


# ---- into the guest ----

cdef pw_result host_failed(Store store) noexcept:
    """What a host function answers that has raised. The exception is set."""
    exception = pwn_take_exception()
    try:
        if isinstance(exception, support("WasmException")) and is_throwable(store, exception):
            return throw(store, exception)
    except BaseException as problem:
        if problem.__context__ is None:
            problem.__context__ = exception
        exception = problem
    store.pending = exception
    return PW_ERR_HOST


cdef bint is_throwable(Store store, exception) except -1:
    """Not so: one of another store, or one that was unpickled. Such passes through the guest as any other exception."""
    tag = exception.tag
    return isinstance(tag, Tag) and ((<Tag>tag).store is None or (<Tag>tag).store is store)


cdef pw_result throw(Store store, exception) except *:
    """Throws in the guest. An exception that came out of this store is the same again, an exnref to it too."""
    cdef ExnRef reference = exception._reference
    if reference is None:
        reference = exception._reference = throw_new(store, exception.tag, tuple(exception.args_))
    store.thrown, store.run.thrown = exception, 1
    return pw_rethrow_exception(store.ptr, reference.reference)


cdef ExnRef throw_new(Store store, Tag tag, tuple values):
    cdef pw_func_type type
    cdef pw_slot *slots
    cdef pw_slot *slot
    cdef pw_result result
    cdef uint32_t i, held = 0
    tag.bind(store)
    pw_tag_type_of(tag.ptr, &type)
    if <Py_ssize_t>type.param_count != len(values):
        raise TypeError(f"an exception of {tag.type} has {type.param_count} values, not {len(values)}")
    slots = slot = <pw_slot *>PyMem_Malloc((2 * len(values) + 1) * sizeof(pw_slot))
    if slots == NULL:
        raise MemoryError()
    try:
        pw_store_pause_collections(store.ptr)
        try:
            for i in range(type.param_count):
                convert(store, type.params[i], values[i], slot, f"value {i + 1} of the exception")
                slot += pw_type_slots(type.params[i])
            held = hold_values(store, &type, slots)
        finally:
            pw_store_resume_collections(store.ptr)
        result = pw_raise_exception(store.ptr, tag.ptr, slots)
        pwn_attach(&store.run)  # a collection may have given the GIL away
        release_values(store, &type, held, slots)
        if result != PW_ERR_EXCEPTION:
            check_result(result, store)
        return wrap_ref(store, pw_store_exception(store.ptr))
    finally:
        PyMem_Free(slots)


cdef uint32_t hold_values(Store store, const pw_func_type *type, const pw_slot *slots) except? 0:
    """Holds the references among the parameters' values; gives how many parameters that were."""
    cdef uint32_t i
    cdef const pw_slot *slot = slots
    for i in range(type.param_count):
        if kind_of(type.params[i]) >= K_EXTERN and is_collected(slot[0]) and pw_ref_hold(store.ptr, slot[0]) != PW_OK:
            release_values(store, type, i, slots)
            raise MemoryError("no memory to hold references")
        slot += pw_type_slots(type.params[i])
    return type.param_count


cdef void release_values(Store store, const pw_func_type *type, uint32_t count, const pw_slot *slots) noexcept:
    cdef uint32_t i
    for i in range(count):
        if kind_of(type.params[i]) >= K_EXTERN and is_collected(slots[0]):
            pw_ref_release(store.ptr, slots[0])
        slots += pw_type_slots(type.params[i])


# ---- out of the guest ----

cdef object caught_exception(Store store):
    """The Python exception for the one that nothing in the guest caught; what Python has thrown is the same object."""
    cdef pw_slot slot = pw_store_exception(store.ptr)
    cdef ExnRef reference = wrap_ref(store, slot)
    cdef pw_func_type type
    cdef const pw_slot *value
    cdef uint32_t i
    thrown, store.thrown, store.run.thrown = store.thrown, None, 0
    if thrown is not None and thrown._reference is reference:
        return thrown
    tag, values = wrap_tag(store, pw_exception_tag(slot)), []
    pw_tag_type_of(pw_exception_tag(slot), &type)
    value = pw_exception_values(slot)
    for i in range(type.param_count):
        values.append(value_from_slot(store, type.params[i], value))
        value += pw_type_slots(type.params[i])
    exception = support("WasmException")(tag, values)
    exception._reference = reference
    return exception
