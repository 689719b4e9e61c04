# Instances as such, and snapshots of their state.

cdef extern from "pywasi.h":
    ctypedef struct pw_snapshot:
        pass
    ctypedef pw_result (*pw_write_fn)(void *env, const uint8_t *bytes, size_t size) noexcept
    pw_result pw_snapshot_take(pw_instance *instance, pw_snapshot **snapshot, pw_error *error)
    void pw_snapshot_free(pw_snapshot *snapshot) nogil
    pw_result pw_snapshot_restore(const pw_snapshot *snapshot, pw_instance *instance, pw_error *error)
    pw_result pw_snapshot_instantiate(const pw_snapshot *snapshot, pw_store *store, const pw_extern *imports,
                                      size_t import_count, pw_instance **instance, pw_error *error)
    size_t pw_snapshot_calls(const pw_snapshot *snapshot, uint64_t *fuel)
    uint64_t pw_snapshot_footprint(const pw_snapshot *snapshot)
    uint64_t pw_store_footprint(const pw_store *store)
    void pw_snapshot_size(const pw_snapshot *snapshot, uint64_t *memory_bytes, uint64_t *kept_bytes)
    pw_result pw_snapshot_write(const pw_snapshot *snapshot, pw_write_fn write, void *env)
    pw_result pw_snapshot_read(pw_module *module, const uint8_t *bytes, size_t size, pw_snapshot **snapshot,
                               pw_error *error) nogil


@cython.final
cdef class InstanceHandle:
    """An instance in its store."""

    cdef pw_instance *ptr
    cdef readonly Store store
    cdef readonly ModuleHandle module

    def snapshot(self):
        """Its state, a `SnapshotHandle`."""
        cdef SnapshotHandle made = SnapshotHandle.__new__(SnapshotHandle)
        cdef pw_error error
        cdef pw_result result
        cdef pw_instance *instance = self.ptr
        made.module = self.module
        self.store.enter()
        try:
            if pw_store_footprint(self.store.ptr) >= PWN_MUCH:
                pwn_detach(&self.store.run)
            result = pw_snapshot_take(instance, &made.ptr, &error)
            pwn_attach(&self.store.run)
        finally:
            pwn_leave(&self.store.run)
        if result != PW_OK:
            raise exception_of(&error, result, None)
        return made

    def suspended(self):
        """The calls that a snapshot has brought and nobody has asked for yet."""
        self.store.enter()
        try:
            return calls_of(self.ptr, self.store)
        finally:
            pwn_leave(&self.store.run)

    def restore(self, SnapshotHandle snapshot not None):
        """Gives it the state of a snapshot of the same module."""
        cdef pw_error error
        cdef pw_result result
        cdef const pw_snapshot *source = snapshot.ptr
        cdef pw_instance *instance = self.ptr
        self.store.enter()
        try:
            if pw_store_footprint(self.store.ptr) >= PWN_MUCH or pw_snapshot_footprint(source) >= PWN_MUCH:
                pwn_detach(&self.store.run)
            result = pw_snapshot_restore(source, instance, &error)
            pwn_attach(&self.store.run)
        finally:
            pwn_leave(&self.store.run)
        if result != PW_OK:
            raise exception_of(&error, result, None)


@cython.final
cdef class SnapshotHandle:
    """The state of an instance.

    Args:
        module: what it was an instance of.
        data: what `pieces` gave, joined.
    """

    cdef pw_snapshot *ptr
    cdef readonly ModuleHandle module

    def __init__(self, ModuleHandle module not None, data not None):
        cdef Py_buffer view
        cdef pw_error error
        cdef pw_result result
        cdef const uint8_t *start
        cdef size_t size
        cdef pw_module *of = module.ptr
        if self.ptr != NULL:
            raise RuntimeError("a SnapshotHandle cannot be made over")
        self.module = module
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        start, size = <const uint8_t *>view.buf, <size_t>view.len
        try:
            with nogil:
                result = pw_snapshot_read(of, start, size, &self.ptr, &error)
        finally:
            PyBuffer_Release(&view)
        if result != PW_OK:
            raise exception_of(&error, result, None)

    def __dealloc__(self):
        cdef pw_snapshot *dropped = self.ptr
        if dropped == NULL or pw_snapshot_footprint(dropped) < PWN_MUCH:
            pw_snapshot_free(dropped)
        else:
            with nogil:
                pw_snapshot_free(dropped)

    def pieces(self, take):
        """Calls `take` with the snapshot as bytes, piece by piece."""
        cdef SnapshotSink sink = SnapshotSink.__new__(SnapshotSink)
        cdef pw_result result
        sink.take = take
        result = pw_snapshot_write(self.ptr, snapshot_piece, <void *>sink)
        if sink.problem is not None:
            raise sink.problem
        if result != PW_OK:
            raise MemoryError("the system could not read the memories of the snapshot")

    def calls(self):
        """(number of stopped calls, units of fuel that were left)."""
        cdef uint64_t fuel
        cdef size_t count = pw_snapshot_calls(self.ptr, &fuel)
        return count, fuel

    def sizes(self):
        """(bytes of the memories, bytes of them that are kept)."""
        cdef uint64_t memory, kept
        pw_snapshot_size(self.ptr, &memory, &kept)
        return memory, kept


@cython.final
cdef class SnapshotSink:
    cdef object take
    cdef object problem


cdef pw_result snapshot_piece(void *env, const uint8_t *bytes, size_t size) noexcept:
    cdef SnapshotSink sink = <SnapshotSink>env
    try:
        sink.take(PyBytes_FromStringAndSize(<const char *>bytes, <Py_ssize_t>size))
    except BaseException as problem:
        sink.problem = problem
        return PW_ERR_HOST
    return PW_OK
