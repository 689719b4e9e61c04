# Linear memories.

@cython.final
cdef class Memory:
    """A linear memory. It has the buffer protocol: ``memoryview(mem)`` is writable and stays valid when the memory grows
    (it keeps its length), since the base never moves.

    ``mem[a:b]`` gives bytes, ``mem[a:b] = data`` writes as many, ``mem[i]`` is one byte. Offsets are never negative;
    what lies outside of the memory raises IndexError.

    A shared memory belongs to no store: it may be given to instances of several stores, which threads run at the same time.
    What Python reads and writes there is not atomic: what others write meanwhile may be seen in part.

    Args:
        type: its `MemoryType`, or the number of pages that it begins with.
        maximum: of pages, when `type` is a number. Shared memories need one.
        shared: whether several stores may use it, when `type` is a number.
        store: the store it belongs to; by default that of the first instance that it is given to. A shared memory
            belongs to none; this one then is the first that uses it.
    """

    def __init__(self, type, maximum=None, shared=False, *, Store store=None):
        if self.type_ is not None or self.ptr != NULL or self.shared != NULL:
            raise RuntimeError("a Memory cannot be made over")
        if not isinstance(type, support("MemoryType")):
            type = support("MemoryType")(type, maximum, shared)
        elif maximum is not None or shared:
            raise TypeError(f"the MemoryType says {'the maximum' if maximum is not None else 'what is shared'} already")
        if type.page_size not in (1, 65536):
            raise ValueError(f"pages are of 65536 bytes or of 1, not of {type.page_size}")
        self.type_ = type
        if type.shared:
            self.make_shared()
        if store is not None:
            self.bind(store)

    def __dealloc__(self):
        pw_shared_memory_free(self.shared)

    cdef int make_shared(self) except -1:
        cdef pw_limits limits
        cdef pw_error error
        cdef pw_result result
        pw_error_clear(&error)
        fill_limits(self.type_, &limits)
        result = pw_shared_memory_new(&limits, 0, &self.shared, &error)
        if result != PW_OK:
            self.type_ = None
            raise exception_of(&error, result, None)
        return 0

    cdef bint is_bound(self) noexcept:
        return pwn_is_published(&self.bound) and self.store is not None

    cdef int bind(self, Store store) except -1:
        """To that store; None: to one of its own, unless another thread is faster."""
        cdef bint is_own = store is None
        if is_own:
            store = Store()
        if self.shared != NULL:
            self.pointer_in(store)
            return 0
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
        cdef pw_limits limits
        cdef pw_memory *made = NULL
        if self.store is not None:  # another thread was faster
            return 0
        if self.type_ is None:
            raise RuntimeError("the memory is being destroyed")
        fill_limits(self.type_, &limits)
        check_result(pw_memory_new(store.ptr, &limits, &made), store)
        if self.store is not None:  # while Python code ran in here, which lets others into the section
            return 0
        self.ptr, self.store = made, store
        pwn_publish(&self.bound)
        store.know(made, self)
        self.type_ = None
        return 0

    cdef pw_memory *pointer(self) except NULL:
        """Of a memory that is not shared."""
        if not self.is_bound():
            self.bind(None)
        return self.ptr

    cdef pw_memory *pointer_in(self, Store store) except NULL:
        """For the imports of an instance of the store."""
        cdef pw_memory *joined = NULL
        if self.shared == NULL:
            return self.pointer()
        store.enter()
        try:
            check_result(pw_shared_memory_join(self.shared, store.ptr, &joined), store)
            store.run.is_eager = True
            if store.known(joined) is None:
                store.know(joined, self)
        finally:
            pwn_leave(&store.run)
        return joined

    cdef uint8_t *data(self) noexcept:
        """The bytes; after bytes_now(), which binds an unbound memory."""
        return pw_shared_memory_data(self.shared) if self.shared != NULL else pw_memory_data(self.ptr)

    cdef uint64_t bytes_now(self) except? 0xffffffffffffffff:
        return pw_shared_memory_size(self.shared) if self.shared != NULL else pw_memory_size(self.pointer())

    @property
    def type(self):
        """Its `MemoryType`; the minimum is the current size."""
        cdef pw_limits limits
        if self.shared != NULL:
            pw_shared_memory_type_of(self.shared, &limits)
        else:
            with cython.critical_section(self):
                if not self.is_bound() and self.type_ is not None:
                    return self.type_
            pw_memory_type_of(self.pointer(), &limits)
        return memory_type(&limits)

    @property
    def size(self):
        """Bytes."""
        return self.bytes_now()

    @property
    def pages(self):
        """Pages (of 64 KiB, unless the module says otherwise)."""
        return self.type.minimum if self.shared != NULL else pw_memory_pages(self.pointer())

    def __len__(self):
        return <Py_ssize_t>self.bytes_now()

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
        if self.shared != NULL:
            result = pw_shared_memory_grow(self.shared, more, &before)
        else:
            result = self.grow_in_store(more, &before)
        if result != PW_OK:
            raise ValueError(support("limit_memory_growth")(
                pages, self.type, self.store.limits if self.store is not None else None))
        return before

    cdef pw_result grow_in_store(self, uint64_t more, uint64_t *before) except *:
        self.pointer()
        cdef Store store = self.store
        store.enter()
        try:
            return pw_memory_grow(self.ptr, more, before)
        finally:
            pwn_leave(&store.run)

    def read(self, ptr, n):
        """The `n` bytes at `ptr`, as bytes."""
        cdef uint64_t start = offset_of(ptr, "ptr"), count = offset_of(n, "n")
        self.check(start, count)
        return PyBytes_FromStringAndSize(<const char *>self.data() + start, <Py_ssize_t>count)

    def write(self, ptr, data):
        """Writes bytes-like data at `ptr`, all or nothing."""
        cdef uint64_t start = offset_of(ptr, "ptr")
        cdef Py_buffer view
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            self.check(start, <uint64_t>view.len)
            memcpy_overlapping(self.data() + start, view.buf, <size_t>view.len)
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
            at = <const char *>self.data() + start
            end = memchr(at, 0, <size_t>(self.bytes_now() - start))
            if end == NULL:
                raise IndexError(f"there is no NUL byte between {start} and the end of the memory")
            count = <uint64_t>(<const char *>end - at)
        else:
            count = offset_of(n, "n")
            self.check(start, count)
            at = <const char *>self.data() + start
        if self.shared != NULL:  # decoding looks twice: it must see the same
            return PyBytes_FromStringAndSize(at, <Py_ssize_t>count).decode()
        return PyUnicode_DecodeUTF8(at, <Py_ssize_t>count, "strict")

    def __getitem__(self, key):
        cdef uint64_t start, count
        if isinstance(key, slice):
            self.slice_range(key, &start, &count)
            return PyBytes_FromStringAndSize(<const char *>self.data() + start, <Py_ssize_t>count)
        start = offset_of(key, "the index")
        self.check(start, 1)
        return self.data()[start]

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
            self.data()[start] = value
            return
        self.slice_range(key, &start, &count)
        PyObject_GetBuffer(value, &view, PyBUF_SIMPLE)
        try:
            if <uint64_t>view.len != count:
                raise ValueError(f"the slice has {count} bytes and the data {view.len}")
            self.check(start, count)
            memcpy_overlapping(self.data() + start, view.buf, <size_t>count)
        finally:
            PyBuffer_Release(&view)

    def __getbuffer__(self, Py_buffer *view, int flags):
        cdef Py_ssize_t count = <Py_ssize_t>self.bytes_now()
        PyBuffer_FillInfo(view, self, self.data(), count, 0, flags)
        if self.shared == NULL:
            pw_memory_pin(self.ptr)

    def __releasebuffer__(self, Py_buffer *view):
        # A view keeps this object, and this object its store, unless the collector has cleared it.
        if self.store is not None:
            pw_memory_unpin(self.ptr)

    cdef int check(self, uint64_t start, uint64_t count) except -1:
        cdef uint64_t size = self.bytes_now()
        if start > size or count > size - start:
            raise IndexError(f"bytes {start} to {<object>start + count} are outside of the memory of {size} bytes")
        return 0

    cdef int slice_range(self, object key, uint64_t *start, uint64_t *count) except -1:
        cdef uint64_t stop
        if not pwn_small_slice(<PyObject *>key, start, &stop):
            return self.rare_range(key, start, count)
        count[0] = stop - start[0] if stop > start[0] else 0
        return self.check(start[0], count[0])

    cdef int rare_range(self, object key, uint64_t *start, uint64_t *count) except -1:
        """slice_range for what is not simply [a:b]."""
        if key.step is not None and key.step != 1:
            raise ValueError("a memory has slices of step 1 only; take a memoryview for others")
        start[0] = offset_of(key.start, "the start of the slice") if key.start is not None else 0
        cdef uint64_t stop
        if key.stop is not None:
            stop = offset_of(key.stop, "the end of the slice")
        else:
            stop = max(self.bytes_now(), start[0])
        count[0] = stop - start[0] if stop > start[0] else 0
        return self.check(start[0], count[0])


cdef extern from "<string.h>":
    void memcpy_overlapping "memmove"(void *to, const void *start, size_t count)

cdef uint64_t offset_of(object value, str what) except? 0xffffffffffffffff:
    cdef uint64_t offset
    if pwn_small_offset(<PyObject *>value, &offset):
        return offset
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
    wrapper.shared = pw_memory_shared(memory)
    if wrapper.shared != NULL:
        pw_shared_memory_retain(wrapper.shared)
        store.run.is_eager = True
    else:
        wrapper.ptr, wrapper.store = memory, store
        pwn_publish(&wrapper.bound)
    store.know(memory, wrapper)
    return wrapper
