# WASI: grants into the C library, its functions out of it.

cdef extern from "pywasi_wasi.h":
    const pw_wasi_denial *pw_wasi_last_denial(const pw_wasi *wasi)
    ctypedef struct pw_wasi_function:
        const char *name
        const char *signature
        const char *capability
        c_bool implemented
        pw_host_fn call
    const pw_wasi_function *pw_wasi_lookup(const char *module_name, size_t module_length, const char *name,
                                           size_t length)
    const pw_wasi_function *pw_wasi_function_at(size_t index)

cdef object KEPT_OUTPUT = 64 << 20


@cython.final
@cython.no_gc_clear
cdef class WasiState(Owned):
    """The WASI of one guest: its descriptors, streams and clocks. It belongs to a store and lives as long.

    Args:
        store: the store of the instance.
        args, env: argv and the environment, as bytes.
        stdio: for stdin, stdout, stderr: None, an int (descriptor), bytes (stdin), True (output: kept, see `output`), or
            what the functions of `stdio_files` give for a file object.
        dirs: (host path or `Tree`, guest path, bits PW_WASI_READ ... of what it allows).
        clock: nanoseconds at which both clocks stand, or None for those of the system.
        seed: for reproducible random numbers, or None for those of the system.
        output: bytes that may be written to stdout and to stderr, or None: no bound, but on what is kept.
        open_files: descriptors that may be open at once.
        sockets: (descriptor, name in refusals) of stream sockets.
        guest: who it is, for the audit log.
        hosts: guest path of a grant -> host path.
    """

    def __cinit__(self, Store store not None, *, list args, list env, tuple stdio, list dirs, clock, seed, output,
                  open_files, list sockets, str guest not None="", dict hosts not None={}):
        self.name, self.hosts, self.denials = guest, hosts, []
        self.windows = {}
        self.env.run, self.env.self = &store.run, <PyObject *>self
        self.build(args, env, stdio, dirs, clock, seed, output, open_files, sockets)
        store.enter()
        try:
            store.own(self)
        finally:
            pwn_leave(&store.run)

    cdef int build(self, list args, list env, tuple stdio, list dirs, object clock, object seed, object output,
                   object open_files, list sockets) except -1:
        """Opens what is granted; what was open is closed."""
        cdef pw_wasi_config *config = NULL
        cdef pw_error error
        cdef pw_result result
        wasi_check(pw_wasi_config_new(&config), "no memory for the configuration")
        try:
            self.configure(config, args, env, dirs)
            for stream in range(3):
                self.set_stdio(config, stream, stdio[stream], output)
            if clock is not None:
                pw_wasi_config_fixed_clock(config, clock)
            if seed is not None:
                pw_wasi_config_seeded_random(config, seed)
            pw_wasi_config_max_fds(config, open_files)
            for number, name in sockets:
                wasi_check(pw_wasi_config_socket(config, number, <bytes>name, PW_WASI_READ | PW_WASI_WRITE),
                           "a socket cannot be granted")
            self.set_hooks(config)
            pw_error_clear(&error)
            if self.ptr == NULL:
                result = pw_wasi_new(config, &self.ptr, &error)
            else:
                result = pw_wasi_renew(self.ptr, config, &error)
            self.files = stdio  # the streams that were there before are not used any more
            if result != PW_OK:
                raise OSError(support("limit_advised")(c_text(error.text))
                              or "the grants of the program cannot be opened")
        finally:
            pw_wasi_config_free(config)
        return 0

    def __dealloc__(self):
        if self.ptr != NULL:
            pw_wasi_free(self.ptr)

    cdef int configure(self, pw_wasi_config *config, list args, list env, list dirs) except -1:
        cdef bytes first, second
        cdef pw_result result
        for item in args:
            first = item
            wasi_check(pw_wasi_config_arg(config, first, <size_t>len(first)), f"argument {first!r} holds a NUL byte")
        for name, value in env:
            first, second = name, value
            wasi_check(pw_wasi_config_env(config, first, <size_t>len(first), second, <size_t>len(second)),
                       f"the environment variable {first!r} has no proper name or value")
        for host, guest, access in dirs:
            second = guest
            if isinstance(host, Tree):
                result = pw_wasi_config_tree(config, (<Tree>host).ptr, second, <uint32_t>access)
            else:
                first = host
                result = pw_wasi_config_dir(config, first, second, <uint32_t>access)
            wasi_check(result, f"the directory {second!r} cannot be granted")
        return 0

    cdef int set_stdio(self, pw_wasi_config *config, int stream, object what, object output) except -1:
        cdef pw_wasi_stdio how
        memset(&how, 0, sizeof(how))
        how.env = &self.env
        if what is True and output is None:
            output = KEPT_OUTPUT
        if stream > 0 and what is not None and output is not None:
            how.cap, how.is_capped = output, True
        if what is None:
            how.kind = PW_WASI_STDIO_NULL
        elif what is True:
            how.kind = PW_WASI_STDIO_BYTES
        elif isinstance(what, bytes):
            how.kind, how.data = PW_WASI_STDIO_BYTES, <const uint8_t *>PyBytes_AS_STRING(what)
            how.size = <size_t>len(<bytes>what)
        elif isinstance(what, int):
            how.kind, how.fd = PW_WASI_STDIO_FD, what
        else:
            how.kind, how.is_tty = PW_WASI_STDIO_CALLBACK, (<tuple>what)[1]
            how.read = wasi_read
            how.write = wasi_write_error if stream == 2 else wasi_write
            if len(<tuple>what) > 2:
                how.fd, how.waits = (<tuple>what)[2], True
            if len(<tuple>what) > 3:
                how.held = wasi_held
        wasi_check(pw_wasi_config_stdio(config, stream, &how), f"standard stream {stream} cannot be used")
        return 0

    cdef int set_hooks(self, pw_wasi_config *config) except -1:
        cdef pw_wasi_hooks hooks
        memset(&hooks, 0, sizeof(hooks))
        hooks.env, hooks.poll = &self.env, wasi_poll
        # There is no acquire: whoever needs Python next takes the GIL back.
        hooks.release, hooks.denied = wasi_release, wasi_denied
        hooks.used, hooks.listening = wasi_used, wasi_listening
        pw_wasi_config_hooks(config, &hooks)
        return 0

    def renew(self, Store store not None, *, list args, list env, tuple stdio, list dirs, clock, seed, output,
              open_files, list sockets, str guest not None="", dict hosts not None={}):
        """Begins anew, as if it had just been made, with the arguments of the constructor. No call may run."""
        if &store.run != self.env.run:
            raise ValueError("the WASI state belongs to another store")
        store.enter()
        try:
            with cython.critical_section(self):
                self.build(args, env, stdio, dirs, clock, seed, output, open_files, sockets)
        finally:
            pwn_leave(&store.run)
        self.denials.clear()
        self.windows.clear()
        self.denied = 0

    def changed(self):
        """(number, whether it is open) of the descriptors that are not what they were at the beginning."""
        cdef uint32_t number = 0
        cdef c_bool is_open = False
        found = []
        while pw_wasi_next_changed(self.ptr, &number, &is_open):
            found.append((number, bool(is_open)))
            number += 1
        return found

    def keeps(self, int stream):
        """Whether what the guest writes to this stream is kept."""
        return 0 < stream < 3 and self.files[stream] is True

    def output(self, int stream):
        """(bytes that the guest wrote to a kept stream, whether it wanted to write more than it may)."""
        cdef PyObject *found = NULL
        cdef c_bool capped = False
        with cython.critical_section(self):
            pw_wasi_output(self.ptr, stream, tree_take, &found, &capped)
        if found == NULL:
            if self.keeps(stream):
                raise MemoryError("no memory for the output of the program")
            return b"", bool(capped)
        data = <object>found
        Py_DECREF(data)
        return data, bool(capped)

    def refusals(self):
        """The `Denial` objects that are kept."""
        return tuple(self.denials)

    def denial(self):
        """(call, what was wanted, guest path of the grant, path) of the last refusal, or None."""
        cdef const pw_wasi_denial *last = pw_wasi_last_denial(self.ptr)
        if last == NULL:
            return None
        return c_text(last.call), c_text(last.wanted), c_text(last.granted), c_text(last.path)

    def function(self, Store store not None, str module not None, str name not None):
        """The `Func` for an import of a WASI module, or None if WASI has none of that name."""
        cdef const pw_wasi_function *found = wasi_find(module, name)
        cdef pw_func_type type
        cdef pw_val_type types[32]
        cdef pw_func *function = NULL
        if &store.run != self.env.run:
            raise ValueError("the WASI state belongs to another store")
        if found == NULL:
            return None
        wasi_signature(found.signature, &type, types)
        store.enter()
        try:
            check_result(pw_func_new(store.ptr, &type, found.call, self.ptr, NULL, &function), store)
            store.call_it(function, name)
            return wrap_func(store, function, name)
        finally:
            pwn_leave(&store.run)


cdef int wasi_check(pw_result result, str what) except -1:
    if result == PW_ERR_NO_MEMORY:
        raise MemoryError(what)
    if result != PW_OK:
        raise ValueError(what)
    return 0


cdef const pw_wasi_function *wasi_find(str module, str name) except? NULL:
    cdef bytes first = module.encode(), second = name.encode()
    return pw_wasi_lookup(first, <size_t>len(first), second, <size_t>len(second))


cdef int wasi_signature(const char *text, pw_func_type *type, pw_val_type *types) except -1:
    """Reads "iIi:i"."""
    cdef uint32_t count = 0, params = 0
    cdef bint after = False
    while text[0] and count < 32:
        if text[0] == b":":
            after, params = True, count
        else:
            types[count] = PW_I64 if text[0] == b"I" else PW_I32
            count += 1
        text += 1
    type.params, type.results = types, types + params
    type.param_count, type.result_count = params, count - params
    return 0


def wasi_function(str module not None, str name not None):
    """(capability, whether it is implemented) of a WASI function, or None if WASI has none of that name."""
    cdef const pw_wasi_function *found = wasi_find(module, name)
    return None if found == NULL else (c_text(found.capability), bool(found.implemented))


def wasi_functions():
    """(name, capability, whether it is implemented) of the functions of wasi_snapshot_preview1."""
    cdef const pw_wasi_function *item
    cdef size_t index = 0
    found = []
    while True:
        item = pw_wasi_function_at(index)
        if item == NULL:
            return found
        found.append((c_text(item.name), c_text(item.capability), bool(item.implemented)))
        index += 1


cdef pw_result wasi_poll(void *env) noexcept:
    return store_poll((<host_env *>env).run)


cdef void wasi_release(void *env) noexcept:
    pwn_detach((<host_env *>env).run)


cdef c_bool wasi_listening(void *env) noexcept:
    cdef pwn_run *run = (<host_env *>env).run
    # Without the GIL nobody can be asked: what held when it was given away holds.
    return run.listened if run.released != NULL else audit_listening()


cdef pw_result wasi_used(void *env, const pw_wasi_use *use, c_bool *allowed) noexcept:
    pwn_attach((<host_env *>env).run)
    return wasi_tell_use(<WasiState>(<host_env *>env).self, use, allowed)


cdef pw_result wasi_tell_use(WasiState state, const pw_wasi_use *use, c_bool *allowed) noexcept:
    try:
        raw = PyBytes_FromStringAndSize(use.raw, <Py_ssize_t>use.raw_length) if use.raw != NULL else None
        support("audit_used")(state, c_text(use.call), c_text(use.granted), use.access, c_text(use.path), raw,
                              use.dir if use.is_below else None)
    except Exception:
        allowed[0] = False
    except BaseException as problem:  # KeyboardInterrupt, SystemExit: not an answer, but an end
        (<Store>state.env.run.store).pending = problem
        return PW_ERR_HOST
    return PW_OK


cdef void wasi_denied(void *env, const pw_wasi_denial *denial) noexcept:
    pwn_attach((<host_env *>env).run)
    wasi_tell_denial(<WasiState>(<host_env *>env).self, denial)


cdef void wasi_tell_denial(WasiState state, const pw_wasi_denial *denial) noexcept:
    state.denied += 1
    try:
        support("audit_denied")(state, c_text(denial.call), c_text(denial.wanted), c_text(denial.granted),
                                denial.access, c_text(denial.path))
    except KeyboardInterrupt:
        PyErr_SetInterrupt()  # the next poll raises it again
    except BaseException:
        pass  # it is refused already


# ---- whether somebody listens ----

cdef object audit_level = 20   # INFO
cdef dict audit_levels = None  # of the logger, by level: whether it is on; cleared by logging when that changes


cdef c_bool audit_listening() noexcept:
    return True if pwn_has_audit_hook() else audit_logging()


cdef c_bool audit_logging() noexcept:
    try:
        if "logging" not in loaded_modules:
            return False
        on = audit_levels.get(audit_level) if audit_levels is not None else None
        return bool(on) if on is not None else bool(support("audit_is_logged")())
    except BaseException:
        return True


def listening():
    """Whether an audit hook or a handler of the logger wants to know what is granted and used."""
    return bool(audit_listening())


def set_audit_levels(dict levels):
    """Takes the cache of `Logger.isEnabledFor`."""
    global audit_levels
    audit_levels = levels


pwn_listening = audit_listening


cdef pw_result wasi_read(void *env, uint8_t *buffer, size_t size, size_t *done) noexcept:
    pwn_attach((<host_env *>env).run)
    return wasi_read_file(<WasiState>(<host_env *>env).self, 0, buffer, size, done)


cdef pw_result wasi_held(void *env, uint8_t *buffer, size_t size, size_t *done) noexcept:
    pwn_attach((<host_env *>env).run)
    return wasi_read_file(<WasiState>(<host_env *>env).self, 3, buffer, size, done)


cdef pw_result wasi_write(void *env, const uint8_t *data, size_t size, size_t *done) noexcept:
    pwn_attach((<host_env *>env).run)
    return wasi_write_file(<WasiState>(<host_env *>env).self, 1, data, size, done)


cdef pw_result wasi_write_error(void *env, const uint8_t *data, size_t size, size_t *done) noexcept:
    pwn_attach((<host_env *>env).run)
    return wasi_write_file(<WasiState>(<host_env *>env).self, 2, data, size, done)


cdef pw_result wasi_read_file(WasiState state, int method, uint8_t *buffer, size_t size, size_t *done) noexcept:
    """By this item of what `stdio_files.reader` gave."""
    cdef Store store = <Store>state.env.run.store
    cdef Py_buffer view
    done[0] = 0
    try:
        data = (<tuple>state.files[0])[method](size)
        if data is None:  # of files that do not block: nothing has come yet
            done[0] = PW_WASI_WOULD_BLOCK
            return PW_OK
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            if <size_t>view.len > size:
                raise ValueError("read() of stdin gave more bytes than were asked for")
            memcpy(buffer, view.buf, <size_t>view.len)
            done[0] = <size_t>view.len
        finally:
            PyBuffer_Release(&view)
    except BlockingIOError:
        done[0] = PW_WASI_WOULD_BLOCK
    except BaseException as problem:
        store.pending = problem
        return PW_ERR_HOST
    return PW_OK


cdef pw_result wasi_write_file(WasiState state, int stream, const uint8_t *data, size_t size, size_t *done) noexcept:
    cdef Store store = <Store>state.env.run.store
    done[0] = 0
    try:
        written = (<tuple>state.files[stream])[0](PyBytes_FromStringAndSize(<const char *>data, <Py_ssize_t>size))
        # Unbuffered files may take less; file-like objects may say nothing.
        done[0] = size if written is None else <size_t>min(max(int(written), 0), <object>size)
    except BlockingIOError as problem:
        done[0] = <size_t>min(max(getattr(problem, "characters_written", 0), 0), <object>size)
    except BaseException as problem:
        store.pending = problem
        return PW_ERR_HOST
    return PW_OK
