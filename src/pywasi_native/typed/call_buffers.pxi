# Bytes: what an argument points to.

cdef enum:
    NO_LENGTH = -1

# What a step holds during a call.
cdef struct held:
    Py_buffer view
    bint has_view           # to be released
    const void *data        # to be copied to the module's memory; NULL: zeros
    uint64_t count          # bytes of it
    uint64_t room           # bytes of the arena, aligned; 0: none
    uint64_t address        # in the module's memory


cdef int take_buffer(TypedFunction self, int i, object value, held *to, pw_slot *slots) except -1:
    """The bytes of an argument: where they are, or that they lie in the module's memory already."""
    cdef step *at = &self.steps[i]
    if PyBytes_CheckExact(value) and at.item != c's' and at.size == 1 and not at.flags & F_WRITABLE:
        to.data, to.count = PyBytes_AS_STRING(value), <uint64_t>PyBytes_GET_SIZE(value)
    elif PyUnicode_Check(value):
        take_text(self, i, value, to)
    elif value is None:
        return 0
    elif PyLong_Check(value) or not is_buffer(value):
        if not isinstance(value, (list, tuple)):
            return take_address(self, i, value, to)
        return take_sequence(self, i, value, to, slots)
    else:
        take_view(self, i, value, to)
    if at.group >= 0:
        note_length(self, i, to.count // at.size, slots)
    if to.address == 0:
        to.room = aligned(to.count + 1) if at.flags & F_NUL else aligned(to.count) if to.count else ALIGNMENT
    return 0


cdef bint is_buffer(object value):
    """Whether it has bytes to show; Python knows of `__buffer__` from 3.12 on."""
    return PyObject_CheckBuffer(value) or hasattr(type(value), "__buffer__")


cdef int take_view(TypedFunction self, int i, object value, held *to) except -1:
    cdef step *at = &self.steps[i]
    cdef uint64_t base, size
    cdef int wanted = PyBUF_ND | (PyBUF_WRITABLE if at.flags & F_WRITABLE else 0)
    if at.size != 1 or at.item == c's':  # the size of the items tells enough otherwise, and the format costs time
        wanted |= PyBUF_FORMAT
    try:
        shown = value if PyObject_CheckBuffer(value) else type(value).__buffer__(value, wanted)
        PyObject_GetBuffer(shown, &to.view, wanted)
    except (BufferError, ValueError, TypeError) as problem:
        raise refused_view(self, i, value, problem) from None
    to.has_view = True
    to.data, to.count = to.view.buf, <uint64_t>to.view.len
    if not fits(at, &to.view) or (at.item == c's' and not is_struct_of(self, i, value)):
        raise TypeError(f"{place(self, i)} must be {self.shown[i]}, not {described(value, &to.view)}")
    base, size = <uint64_t>self.memory.data(), self.memory.bytes_now()
    if base <= <uint64_t>to.data < base + size and to.count <= base + size - <uint64_t>to.data and <uint64_t>to.data != base:
        to.address = <uint64_t>to.data - base
        to.has_view = False
        PyBuffer_Release(&to.view)
    return 0


cdef bint fits(const step *at, const Py_buffer *view) noexcept:
    """Whether the items of a buffer are those of the C type: of the same size and kind, or plain bytes of them."""
    cdef const char *text = view.format
    cdef char code = c'B'
    if text != NULL:
        if text[0] in (c'@', c'=', c'<'):
            text += 1
        code = text[0] if text[0] and text[1] == 0 else 0
    if at.item == c'v':
        return True
    if view.itemsize == 1 and (code == c'B' or code == c'b' or code == c'c'):
        return view.len % at.size == 0
    if <uint64_t>view.itemsize != at.size:
        return False
    if at.item == c's':
        return True
    if at.item == c'f':
        return code == c'f' or code == c'd'
    return code in (c'B', c'b', c'c', c'?', c'h', c'H', c'i', c'I', c'l', c'L', c'q', c'Q', c'n', c'N')


cdef bint is_struct_of(TypedFunction self, int i, object value):
    if isinstance(value, StructArray):
        return issubclass((<StructArray>value).item, self.makers[i])
    return not isinstance(value, StructBase) or isinstance(value, self.makers[i])


cdef object refused_view(TypedFunction self, int i, object value, object problem):
    try:
        view = memoryview(value if PyObject_CheckBuffer(value) else type(value).__buffer__(value, PyBUF_ND))
    except Exception:
        return TypeError(f"{place(self, i)}: {problem}")
    if not view.c_contiguous:
        return TypeError(f"{place(self, i)} must be contiguous: its items lie {view.strides} bytes apart; pass a copy")
    if view.readonly:
        return TypeError(f"{place(self, i)} is written to, and {type_name(value)} is read only; pass a bytearray or an array")
    return TypeError(f"{place(self, i)}: {problem}")


cdef str described(object value, const Py_buffer *view):
    if isinstance(value, StructBase):
        return type_name(value)
    code = f" {(<bytes>view.format).decode()!r}" if view.format != NULL else ""
    return f"{type_name(value)} of {view.len} bytes with items{code} of {view.itemsize}"


cdef int take_text(TypedFunction self, int i, object value, held *to) except -1:
    cdef step *at = &self.steps[i]
    cdef Py_ssize_t size = 0
    if not at.flags & F_TEXT:
        what = "it is written to: pass a bytearray" if at.flags & F_WRITABLE else "encode it first"
        raise TypeError(f"{place(self, i)} must be {self.shown[i]}, not str; {what}")
    to.data = PyUnicode_AsUTF8AndSize(value, &size)
    to.count = <uint64_t>size
    if at.flags & F_NUL and memchr(to.data, 0, <size_t>size) != NULL:
        raise ValueError(f"{place(self, i)} has a NUL character in it, which would end the text for C")
    return 0


cdef int take_address(TypedFunction self, int i, object value, held *to) except -1:
    """An int, or something like a Pointer: an address in the module's memory."""
    if not hasattr(type(value), "__index__"):
        raise TypeError(f"{place(self, i)} must be {self.shown[i]}, not {type_name(value)}")
    if self.steps[i].group >= 0:
        raise TypeError(f"{place(self, i)} must be {self.shown[i]}, not the address {value!r}: its length is passed too; "
                        "take a view of the memory, such as pointer.view(n)")
    number = value.__index__()
    if not 0 <= number <= 0xffffffff:
        raise OverflowError(f"{place(self, i)} must be an address from 0 to {0xffffffff}, not {number}")
    to.address = number
    return 0


cdef int take_sequence(TypedFunction self, int i, object value, held *to, pw_slot *slots) except -1:
    """A list or tuple of numbers, for pointers that are only read."""
    cdef step *at = &self.steps[i]
    if at.flags & F_WRITABLE or self.makers[i] is None or at.item == c's':
        what = "; it is written to: pass an array" if at.flags & F_WRITABLE else ""
        raise TypeError(f"{place(self, i)} must be {self.shown[i]}, not {type_name(value)}{what}")
    try:
        packed = self.makers[i](value)
    except (TypeError, OverflowError, ValueError) as problem:
        raise type(problem)(f"{place(self, i)} must be {self.shown[i]}: {problem}") from None
    return take_buffer(self, i, packed, to, slots)


cdef int note_length(TypedFunction self, int i, uint64_t items, pw_slot *slots) except -1:
    cdef int group = self.steps[i].group
    if slots[group] == <uint64_t>NO_LENGTH:
        slots[group] = items
    elif slots[group] != items:
        raise ValueError(f"{place(self, i)} has {items} items and the one before it {slots[group]}: "
                         "they share one length")
    return 0


cdef int put_length(TypedFunction self, int i, pw_slot *slots) except -1:
    if slots[i] == <uint64_t>NO_LENGTH:
        slots[i] = 0
    elif slots[i] > self.steps[i].high:
        raise OverflowError(f"{self.extra['name']}(): {slots[i]} items are too many for {self.shown[i]}")
    return 0
