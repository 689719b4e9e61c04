# Modules: decoded, inspected, joined with their imports.

cdef extern from "pywasi.h":
    ctypedef struct pw_compile_config:
        pw_features features
        pw_result (*poll)(void *env) noexcept nogil
        void *poll_env
    pw_result pw_module_new(pw_engine *engine, const uint8_t *bytes, size_t size, const pw_compile_config *config,
                            pw_module **module, pw_error *error) nogil


cdef extern from "native_poll.h":
    ctypedef struct pwn_compiling:
        pass
    void pwn_compiling_begin(pwn_compiling *compiling, int64_t timeout_ns)
    pwn_stop pwn_compiling_step(pwn_compiling *compiling) nogil
    void pwn_compiling_end(pwn_compiling *compiling)


cdef inline int look_for_signals(size_t i) except -1:
    """Between the items of a long list."""
    if (i & 1023) == 1023:
        PyErr_CheckSignals()
    return 0


cdef pw_result compiling_polls(void *env) noexcept nogil:
    return PW_OK if pwn_compiling_step(<pwn_compiling *>env) == PWN_GO_ON else PW_ERR_HOST


@cython.final
cdef class ModuleHandle:
    """A decoded and validated module.

    Args:
        data: the binary.
        file: the name that tracebacks show.
        features: bits of the features that it may use, 0 for all that are supported.
        timeout: seconds that it may take, or None.
    """

    def __cinit__(self, bytes data not None, str file not None, unsigned long long features=0, timeout=None):
        cdef pw_compile_config config
        cdef pw_error error
        cdef pw_result result
        cdef pwn_compiling compiling
        cdef pw_engine *with_engine = engine()
        cdef const uint8_t *start = <const uint8_t *>PyBytes_AS_STRING(data)
        cdef size_t size = <size_t>len(data)
        memset(&error, 0, sizeof(error))
        pw_error_clear(&error)
        config.features = features
        config.poll, config.poll_env = compiling_polls, &compiling
        self.file = file
        pwn_compiling_begin(&compiling, nanoseconds(timeout))
        result = pw_module_new(with_engine, start, size, &config, &self.ptr, &error)
        pwn_compiling_end(&compiling)
        if PyErr_Occurred() != NULL:
            raise_set()
        if result == PW_ERR_HOST:
            raise support("limit_compile_timed_out")(timeout, len(data))
        if result != PW_OK:
            raise exception_of(&error, result, None)

    def __dealloc__(self):
        cdef const uint8_t *start
        cdef size_t size
        cdef pw_module *module = self.ptr
        if module == NULL:
            return
        pw_module_bytes(module, &start, &size)
        if size < PWN_MUCH:
            pw_module_free(module)
        else:
            with nogil:
                pw_module_free(module)

    def data(self):
        """The binary."""
        cdef const uint8_t *start
        cdef size_t size
        pw_module_bytes(self.ptr, &start, &size)
        return PyBytes_FromStringAndSize(<const char *>start, <Py_ssize_t>size)

    def name(self):
        """The module's name by its name section, or empty."""
        return name_text(pw_module_name(self.ptr))

    def features(self):
        """Bits of the features that it uses."""
        return pw_module_features(self.ptr)

    def imports(self):
        """(module, name, type) of every import."""
        cdef pw_import_type item
        cdef size_t i
        found = []
        for i in range(pw_module_import_count(self.ptr)):
            look_for_signals(i)
            pw_module_import(self.ptr, i, &item)
            found.append((name_text(item.module), name_text(item.name), extern_type(&item.type)))
        return found

    def exports(self):
        """(name, type) of every export."""
        cdef pw_export_type item
        cdef size_t i
        found = []
        for i in range(pw_module_export_count(self.ptr)):
            look_for_signals(i)
            pw_module_export(self.ptr, i, &item)
            found.append((name_text(item.name), extern_type(&item.type)))
        return found

    def custom_sections(self):
        """(name, content) of every custom section."""
        cdef pw_name name
        cdef const uint8_t *start
        cdef size_t size, i
        found = []
        for i in range(pw_module_custom_count(self.ptr)):
            look_for_signals(i)
            pw_module_custom(self.ptr, i, &name, &start, &size)
            found.append((name_text(name), PyBytes_FromStringAndSize(<const char *>start, <Py_ssize_t>size)))
        return found

    def sections(self):
        """(id, offset, size, name, count) of every section, in the order of the file."""
        cdef pw_section_info info
        cdef size_t i
        found = []
        for i in range(pw_module_section_count(self.ptr)):
            pw_module_section(self.ptr, i, &info)
            found.append((info.id, info.offset, info.size, name_text(info.name), info.count))
        return found

    def functions(self):
        """(index, name, type, offset of the body or None, size of the body) of every function."""
        cdef pw_func_type type
        cdef uint64_t offset, size
        cdef uint32_t i
        found = []
        for i in range(pw_module_func_count(self.ptr)):
            look_for_signals(i)
            pw_module_func_type(self.ptr, i, &type)
            name, what = name_text(pw_module_func_name(self.ptr, i)), func_type(&type)
            if i < pw_module_imported_func_count(self.ptr):
                found.append((i, name, what, None, 0))
            elif pw_module_func_body(self.ptr, i, &offset, &size) == PW_OK:
                found.append((i, name, what, offset, size))
        return found

    def disassemble(self, unsigned long long offset):
        """(text, offset of the next instruction, change of nesting) of the instruction at an offset."""
        cdef char text[512]
        cdef int change = 0
        cdef uint64_t position = offset
        if pw_module_disassemble(self.ptr, &position, text, sizeof(text), &change) != PW_OK:
            raise ValueError(f"there is no instruction at byte {offset:#x}")
        return c_text(text), position, change

    def host_function(self, Store store not None, Py_ssize_t index, function):
        """A `Func` for a Python callable, of the type that the import at `index` declares."""
        cdef pw_import_type item
        if not 0 <= index < <Py_ssize_t>pw_module_import_count(self.ptr):
            raise IndexError("there is no such import")
        pw_module_import(self.ptr, <size_t>index, &item)
        if item.type.kind != PW_EXTERN_FUNC:
            raise TypeError("the import is no function")
        store.enter()
        try:
            return make_host_func(store, &item.type.func, function, name_text(item.name))
        finally:
            pwn_leave(&store.run)

    def matches(self, Store store not None, Py_ssize_t index, value):
        """Whether a `Func`, `Memory`, `Table`, `Global` or `Tag` of the store satisfies the import at `index`."""
        cdef pw_extern given
        if not 0 <= index < <Py_ssize_t>pw_module_import_count(self.ptr):
            raise IndexError("there is no such import")
        fill_extern(store, value, &given)
        return bool(pw_import_matches(self.ptr, <size_t>index, &given))

    def instantiate(self, Store store not None, list imports not None, object origin=None,
                    SnapshotHandle snapshot=None):
        """Joins the module with its imports, in their order; runs its start function, or gives it the state of a
        snapshot. Gives the `InstanceHandle` and the exports by name.

        The store remembers `origin` for functions of the instance that are pickled.
        """
        cdef InstanceHandle handle
        cdef pw_extern *given
        cdef pw_instance *instance = NULL
        cdef pw_error error
        cdef pw_result result
        cdef Py_ssize_t i
        given = <pw_extern *>PyMem_Malloc((len(imports) + 1) * sizeof(pw_extern))
        if given == NULL:
            raise MemoryError()
        try:
            for i in range(len(imports)):
                fill_extern(store, imports[i], &given[i])
            memset(&error, 0, sizeof(error))
            pw_error_clear(&error)
            store.modules[<size_t>self.ptr] = self
            store.enter()
            try:
                if snapshot is not None:
                    if pw_snapshot_footprint(snapshot.ptr) >= PWN_MUCH:
                        pwn_detach(&store.run)
                    result = pw_snapshot_instantiate(snapshot.ptr, store.ptr, given, <size_t>len(imports), &instance,
                                                     &error)
                else:
                    result = pw_instance_new(store.ptr, self.ptr, given, <size_t>len(imports), &instance, &error)
                pwn_attach(&store.run)
                if result != PW_OK:
                    set_failure(&error, result, store)
                    raise_set()
                store.origins[<size_t>instance] = origin
                handle = InstanceHandle.__new__(InstanceHandle)
                handle.ptr, handle.store, handle.module = instance, store, self
                return handle, self.instance_exports(store, instance)
            finally:
                pwn_leave(&store.run)
        finally:
            PyMem_Free(given)

    cdef dict instance_exports(self, Store store, pw_instance *instance):
        cdef pw_export_type item
        cdef pw_extern value
        cdef size_t i
        exports = {}
        for i in range(pw_module_export_count(self.ptr)):
            if (i & 255) == 255:
                look(store)
            pw_module_export(self.ptr, i, &item)
            pw_instance_export(instance, i, &value)
            name = name_text(item.name)
            if value.kind == PW_EXTERN_FUNC:
                exports[name] = wrap_func(store, value.of.func, name)
            elif value.kind == PW_EXTERN_MEMORY:
                exports[name] = wrap_memory(store, value.of.memory)
            elif value.kind == PW_EXTERN_TABLE:
                exports[name] = wrap_table(store, value.of.table)
            elif value.kind == PW_EXTERN_GLOBAL:
                exports[name] = wrap_global(store, value.of.globals)
            else:
                exports[name] = wrap_tag(store, value.of.tag)
        return exports


cdef int fill_extern(Store store, object value, pw_extern *out) except -1:
    if isinstance(value, Func):
        out.kind, out.of.func = PW_EXTERN_FUNC, (<Func>value).pointer()
    elif isinstance(value, Memory):
        out.kind, out.of.memory = PW_EXTERN_MEMORY, (<Memory>value).pointer_in(store)
    elif isinstance(value, Table):
        out.kind, out.of.table = PW_EXTERN_TABLE, (<Table>value).pointer()
    elif isinstance(value, Global):
        out.kind, out.of.globals = PW_EXTERN_GLOBAL, (<Global>value).pointer()
    elif isinstance(value, Tag):
        out.kind, out.of.tag = PW_EXTERN_TAG, (<Tag>value).pointer()
    else:
        raise TypeError(f"{type_name(value)} cannot be imported")
    return 0


def bind(value, Store store not None):
    """Makes a `Func`, `Memory`, `Table`, `Global` or `Tag` part of a store, if it is part of none.

    Gives it back. A shared memory may be part of any number.

    Raises:
        ValueError: it is part of another one.
    """
    if isinstance(value, Func):
        (<Func>value).bind(store)
    elif isinstance(value, Memory):
        (<Memory>value).bind(store)
    elif isinstance(value, Table):
        (<Table>value).bind(store)
    elif isinstance(value, Global):
        (<Global>value).bind(store)
    elif isinstance(value, Tag):
        (<Tag>value).bind(store)
    else:
        raise TypeError(f"{type_name(value)} has no store")
    return value


def store_of(value):
    """The store that a `Func`, `Memory`, `Table`, `Global` or `Tag` is part of and cannot leave, or None."""
    if isinstance(value, Func):
        return (<Func>value).store
    if isinstance(value, Memory):
        return (<Memory>value).store  # None for a shared one
    if isinstance(value, Table):
        return (<Table>value).store
    if isinstance(value, Global):
        return (<Global>value).store
    if isinstance(value, Tag):
        return (<Tag>value).store
    return None


# ---- types as Python objects ----

cdef object func_type(const pw_func_type *type):
    return support("FuncType")(
        tuple(type_text(type.params[i]) for i in range(type.param_count)),
        tuple(type_text(type.results[i]) for i in range(type.result_count)))


cdef object memory_type(const pw_limits *type):
    return support("MemoryType")(type.min, type.max if type.has_max else None, bool(type.shared),
                                 "i64" if type.is64 else "i32", 1 << type.page_bits)


cdef object table_type(const pw_table_type *type):
    return support("TableType")(type_text(type.element), type.limits.min,
                                type.limits.max if type.limits.has_max else None,
                                "i64" if type.limits.is64 else "i32")


cdef object global_type(const pw_global_type *type):
    return support("GlobalType")(type_text(type.type), bool(type.is_mutable))


cdef object extern_type(const pw_extern_type *type):
    if type.kind == PW_EXTERN_FUNC:
        return func_type(&type.func)
    if type.kind == PW_EXTERN_MEMORY:
        return memory_type(&type.memory)
    if type.kind == PW_EXTERN_TABLE:
        return table_type(&type.table)
    if type.kind == PW_EXTERN_GLOBAL:
        return global_type(&type.globals)
    return support("TagType")(func_type(&type.func).params)


cdef int fill_limits(object type, pw_limits *out) except -1:
    memset(out, 0, sizeof(pw_limits))
    out.min, out.has_max = type.minimum, type.maximum is not None
    if out.has_max:
        out.max = type.maximum
    out.is64 = type.address == "i64"
    if hasattr(type, "page_size"):
        out.shared, out.page_bits = type.shared, type.page_size.bit_length() - 1
    return 0
