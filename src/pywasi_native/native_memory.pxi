# Linear memories.

@cython.final
cdef class Memory:
    """A linear memory. It has the buffer protocol: ``memoryview(mem)`` is writable and stays valid when the memory grows
    (it keeps its length), since the base never moves.

    ``mem[a:b]`` gives bytes, ``mem[a:b] = data`` writes as many, ``mem[i]`` is one byte. Offsets are never negative;
    what lies outside of the memory raises IndexError.

    A shared memory may be given to instances of several stores, which may run in several threads at the same time; each
    store has its own `Memory` object for the same bytes. What Python reads and writes there is not atomic.

    Args:
        type: its `MemoryType`, or the number of pages that it begins with.
        maximum: of pages, when `type` is a number.
        store: the store it belongs to; by default that of the first instance that it is given to.
    """

    def __init__(self, type, maximum=None, *, Store store=None):
        cdef pw_limits limits
        if self.type_ is not None or self.ptr != NULL:
            raise RuntimeError("a Memory cannot be made over")
        if not isinstance(type, support("MemoryType")):
            type = support("MemoryType")(type, maximum)
        elif maximum is not None:
            raise TypeError("the MemoryType says the maximum already")
        self.type_ = type
        if type.shared and type.maximum is None:
            raise ValueError("a shared memory must have a maximum")
        if type.page_size not in (1, 65536):
            raise ValueError(f"pages are of 65536 bytes or of 1, not of {type.page_size}")
        if store is not None:
            self.bind(store)

    cdef int bind(self, Store store) except -1:
        if self.store is None:
            store.enter()
            try:
                self.bind_entered(store)
            finally:
                pwn_leave(&store.run)
        same_store(self.store, store)
        return 0

    cdef Memory joined(self, Store store):
        """The memory of that store with these bytes: this one, or if it is shared, one that is made for it."""
        cdef pw_memory *there = NULL
        if self.store is None:
            self.bind(store)
        if self.store is store or not self.type.shared:
            self.bind(store)
            return self
        store.enter()
        try:
            check_result(pw_memory_join(store.ptr, self.ptr, &there), store)
            return wrap_memory(store, there)
        finally:
            pwn_leave(&store.run)

    cdef int bind_entered(self, Store store) except -1:
        cdef pw_limits limits
        if self.store is not None:  # another thread was faster
            return 0
        if self.type_ is None:
            raise RuntimeError("the memory is being destroyed")
        fill_limits(self.type_, &limits)
        check_result(pw_memory_new(store.ptr, &limits, &self.ptr), store)
        store.know(self.ptr, self)
        self.store, self.type_ = store, None
        return 0

    cdef pw_memory *pointer(self) except NULL:
        if self.store is None:
            self.bind(Store())
        return self.ptr

    @property
    def type(self):
        """Its `MemoryType`; the minimum is the current size."""
        cdef pw_limits limits
        if self.store is None and self.type_ is not None:
            return self.type_
        pw_memory_type_of(self.pointer(), &limits)
        return memory_type(&limits)

    @property
    def size(self):
        """Bytes."""
        return pw_memory_size(self.pointer())

    @property
    def pages(self):
        """Pages (of 64 KiB, unless the module says otherwise)."""
        return pw_memory_pages(self.pointer())

    def __len__(self):
        return <Py_ssize_t>pw_memory_size(self.pointer())

    def __repr__(self):
        return f"<wasm memory {self.type}>"

    def __reduce__(self):
        raise TypeError("cannot pickle a Memory: it belongs to a store")

    def grow(self, pages):
        """Grows by some pages; gives the number before.

        Raises:
            ValueError: the maximum, the store's limit or the host forbids it.
        """
        cdef uint64_t before = 0
        cdef pw_result result
        cdef uint64_t more = page_count(pages, "pages")
        self.pointer()
        cdef Store store = self.store
        store.enter()
        try:
            result = pw_memory_grow(self.ptr, more, &before)
        finally:
            pwn_leave(&store.run)
        if result != PW_OK:
            raise ValueError(f"the memory cannot grow by {pages} pages: {self.type}")
        return before

    def read(self, ptr, n):
        """The `n` bytes at `ptr`, as bytes."""
        cdef uint64_t start = offset_of(ptr, "ptr"), count = offset_of(n, "n")
        self.check(start, count)
        return PyBytes_FromStringAndSize(<const char *>pw_memory_data(self.ptr) + start, <Py_ssize_t>count)

    def write(self, ptr, data):
        """Writes bytes-like data at `ptr`, all or nothing."""
        cdef uint64_t start = offset_of(ptr, "ptr")
        cdef Py_buffer view
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            self.check(start, <uint64_t>view.len)
            memcpy_overlapping(pw_memory_data(self.ptr) + start, view.buf, <size_t>view.len)
        finally:
            PyBuffer_Release(&view)

    def text(self, ptr, n=None):
        """The UTF-8 text at `ptr`: `n` bytes of it, or up to a NUL byte.

        Raises:
            IndexError: it reaches outside of the memory, or there is no NUL.
            UnicodeDecodeError: it is not UTF-8.
        """
        cdef uint64_t start = offset_of(ptr, "ptr"), count
        cdef const char *at
        cdef const void *end
        if n is None:
            self.check(start, 0)
            at = <const char *>pw_memory_data(self.ptr) + start
            end = memchr(at, 0, <size_t>(pw_memory_size(self.ptr) - start))
            if end == NULL:
                raise IndexError(f"there is no NUL byte between {start} and the end of the memory")
            count = <uint64_t>(<const char *>end - at)
        else:
            count = offset_of(n, "n")
            self.check(start, count)
            at = <const char *>pw_memory_data(self.ptr) + start
        return PyUnicode_DecodeUTF8(at, <Py_ssize_t>count, "strict")

    def __getitem__(self, key):
        cdef uint64_t start, count
        if isinstance(key, slice):
            self.slice_range(key, &start, &count)
            return PyBytes_FromStringAndSize(<const char *>pw_memory_data(self.ptr) + start, <Py_ssize_t>count)
        start = offset_of(key, "the index")
        self.check(start, 1)
        return pw_memory_data(self.ptr)[start]

    def __delitem__(self, key):
        raise TypeError("the elements of a Memory cannot be deleted")

    def __setitem__(self, key, value):
        cdef uint64_t start, count
        cdef Py_buffer view
        if not isinstance(key, slice):
            start = offset_of(key, "the index")
            self.check(start, 1)
            if not isinstance(value, int) or not 0 <= value <= 255:
                raise ValueError(f"a byte is an int from 0 to 255, not {short(value) if isinstance(value, int) else type_name(value)}")
            pw_memory_data(self.ptr)[start] = value
            return
        self.slice_range(key, &start, &count)
        PyObject_GetBuffer(value, &view, PyBUF_SIMPLE)
        try:
            if <uint64_t>view.len != count:
                raise ValueError(f"the slice has {count} bytes and the data {view.len}")
            self.check(start, count)
            memcpy_overlapping(pw_memory_data(self.ptr) + start, view.buf, <size_t>count)
        finally:
            PyBuffer_Release(&view)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, pw_memory_data(self.pointer()), <Py_ssize_t>pw_memory_size(self.ptr), 0, flags)
        pw_memory_pin(self.ptr)

    def __releasebuffer__(self, Py_buffer *view):
        # A view keeps this object, and this object its store, unless the collector has cleared it.
        if self.store is not None:
            pw_memory_unpin(self.ptr)

    cdef int check(self, uint64_t start, uint64_t count) except -1:
        cdef uint64_t size = pw_memory_size(self.pointer())
        if start > size or count > size - start:
            raise IndexError(f"bytes {start} to {<object>start + count} are outside of the memory of {size} bytes")
        return 0

    cdef int slice_range(self, object key, uint64_t *start, uint64_t *count) except -1:
        if key.step is not None and key.step != 1:
            raise ValueError("a memory has slices of step 1 only; take a memoryview for others")
        start[0] = offset_of(key.start, "the start of the slice") if key.start is not None else 0
        cdef uint64_t stop
        if key.stop is not None:
            stop = offset_of(key.stop, "the end of the slice")
        else:
            stop = max(pw_memory_size(self.pointer()), start[0])
        count[0] = stop - start[0] if stop > start[0] else 0
        return self.check(start[0], count[0])


cdef extern from "<string.h>":
    void memcpy_overlapping "memmove"(void *to, const void *start, size_t count)


cdef uint64_t offset_of(object value, str what) except? 0xffffffffffffffff:
    if not hasattr(type(value), "__index__"):
        raise TypeError(f"{what} must be an int, not {type_name(value)}")
    number = value.__index__()
    if number < 0:
        raise IndexError(f"{what} must not be negative: {short(number)}")
    if number > 0x7fffffffffffffff:
        raise IndexError(f"{what} is outside of every memory: {short(number)}")
    return number


cdef uint64_t page_count(object value, str what) except? 0xffffffffffffffff:
    if not hasattr(type(value), "__index__"):
        raise TypeError(f"{what} must be an int, not {type_name(value)}")
    number = value.__index__()
    if number < 0:
        raise ValueError(f"{what} must not be negative: {short(number)}")
    return min(number, 0x7fffffffffffffff)


cdef Memory wrap_memory(Store store, pw_memory *memory):
    cdef Memory wrapper
    known = store.known(memory)
    if known is not None:
        return known
    wrapper = Memory.__new__(Memory)
    wrapper.ptr, wrapper.store = memory, store
    store.know(memory, wrapper)
    return wrapper
