# Trees of files in memory, which WASI guests and Python share.

@cython.final
cdef class Tree:
    """A tree in memory with room for `size` bytes; paths are bytes in UTF-8, relative, b"" for the root.

    All methods raise OSError with the errno of this platform.
    """

    def __cinit__(self, unsigned long long size):
        cdef pw_result result = pw_wasi_tree_new(size, &self.ptr)
        if result == PW_ERR_NO_MEMORY:
            raise MemoryError("no memory for a tree of files")
        if result != PW_OK:
            raise OSError("the system has no random numbers or no time for a tree of files")
        self.size = size

    def __dealloc__(self):
        pw_wasi_tree_free(self.ptr)

    @property
    def used(self):
        """Bytes that are taken of `size`."""
        return pw_wasi_tree_used(self.ptr)

    def put(self, bytes path not None, data, modified):
        """Writes a whole file and the directories above it. modified: nanoseconds, or None for now."""
        cdef Py_buffer view
        cdef uint64_t when = PW_WASI_NOW if modified is None else modified
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            tree_check(pw_wasi_tree_put(self.ptr, path, <size_t>len(path), <const uint8_t *>view.buf, <size_t>view.len,
                                        when), path)
        finally:
            PyBuffer_Release(&view)

    def get(self, bytes path not None, c_bool follow):
        """The bytes of a file; without `follow` those of a symbolic link."""
        cdef PyObject *found = NULL
        tree_check(pw_wasi_tree_get(self.ptr, path, <size_t>len(path), follow, tree_take, &found), path)
        if found == NULL:
            raise MemoryError("no memory for the contents of a file")
        data = <object>found
        Py_DECREF(data)
        return data

    def has(self, bytes path not None):
        """Whether there is a file at a path."""
        return pw_wasi_tree_get(self.ptr, path, <size_t>len(path), True, tree_ignore, NULL) == 0

    def make_dir(self, bytes path not None):
        """Makes a directory and those above it; one that is there is no error."""
        tree_check(pw_wasi_tree_make_dir(self.ptr, path, <size_t>len(path)), path)

    def link(self, bytes path not None, bytes content not None):
        """Makes a symbolic link."""
        tree_check(pw_wasi_tree_link(self.ptr, path, <size_t>len(path), content, <size_t>len(content)), path)

    def remove(self, bytes path not None):
        """Removes a file, a link or an empty directory."""
        tree_check(pw_wasi_tree_remove(self.ptr, path, <size_t>len(path)), path)

    def list(self, bytes path not None):
        """(name, filetype of WASI, size in bytes) of what a directory holds."""
        cdef tree_listing listing
        memset(&listing, 0, sizeof(listing))
        try:
            tree_check(pw_wasi_tree_list(self.ptr, path, <size_t>len(path), tree_entry, &listing), path)
            if listing.failed:
                raise MemoryError("no memory for the list of a directory")
            return tree_names(&listing)
        finally:
            PyMem_RawFree(listing.data)


# A listing in memory: for each name | tree_row | its bytes |, unaligned.
cdef struct tree_listing:
    char *data
    size_t used
    size_t capacity
    c_bool failed


cdef struct tree_row:
    uint64_t size
    size_t length
    uint8_t type


cdef list tree_names(const tree_listing *listing):
    cdef size_t at = 0
    cdef tree_row row
    found = []
    while at < listing.used:
        memcpy(&row, listing.data + at, sizeof(row))
        at += sizeof(row)
        found.append((PyBytes_FromStringAndSize(listing.data + at, <Py_ssize_t>row.length), row.type, row.size))
        at += row.length
    return found


# Under the lock of the tree: nothing here may run Python code, or the collector, which runs it.

cdef void tree_ignore(void *env, const uint8_t *data, size_t size) noexcept:
    pass


cdef void tree_take(void *env, const uint8_t *data, size_t size) noexcept:
    try:
        made = PyBytes_FromStringAndSize(<const char *>data, <Py_ssize_t>size)
        Py_INCREF(made)
        (<PyObject **>env)[0] = <PyObject *>made
    except MemoryError:
        pass


cdef void tree_entry(void *env, const char *name, size_t length, uint8_t type, uint64_t size) noexcept:
    cdef tree_listing *listing = <tree_listing *>env
    cdef tree_row row
    cdef size_t needed = listing.used + sizeof(row) + length
    cdef char *data
    if needed > listing.capacity:
        data = <char *>PyMem_RawRealloc(listing.data, needed * 2)
        if data == NULL:
            listing.failed = True
            return
        listing.data, listing.capacity = data, needed * 2
    row.size, row.length, row.type = size, length, type
    memcpy(listing.data + listing.used, &row, sizeof(row))
    memcpy(listing.data + listing.used + sizeof(row), name, length)
    listing.used = needed


cdef int tree_check(uint32_t error, bytes path) except -1:
    if error == 0:
        return 0
    raise support("tree_error")(c_text(pw_wasi_errno_name(error)), path)
