# What lives in the module's memory, or looks like it: handles, pointers, structs.

cdef class Handle:
    """An object of the module that only its own functions can look into: an opaque type of its header.

    Close it when it is no longer needed, or use it in a `with` block; a closed one is refused by every function. What is
    never closed lives as long as the instance.
    """

    cdef readonly uint32_t address
    cdef public object _owner       # keeps what it belongs to alive

    def __index__(self):
        if self.address == 0:
            raise ValueError(f"the {type(self).__name__} is closed")
        return self.address

    def __eq__(self, other):
        return isinstance(other, Handle) and (<Handle>other).address == self.address and type(other) is type(self)

    def __hash__(self):
        return hash((type(self).__name__, self.address))

    def __repr__(self):
        return f"<{type(self).__name__} at {self.address:#x}>" if self.address else f"<closed {type(self).__name__}>"

    def close(self):
        """Ends its life in the module; again: no effect."""
        address, self.address = self.address, 0
        if address:
            type(self)._end(address)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.close()

    def __reduce__(self):
        raise TypeError(f"cannot pickle a {type(self).__name__}: it lives in the memory of an instance")


def make_handle(cls, address, owner=None):
    """A handle of a class for an address that a function of the module gave."""
    cdef Handle made = cls.__new__(cls)
    made.address, made._owner = address, owner
    return made


cdef uint64_t address_of(TypedFunction self, int i, object value) except? 0xffffffffffffffff:
    if value is None:
        return 0
    if not isinstance(value, self.makers[i]):
        raise TypeError(f"{place(self, i)} must be {self.shown[i]}, not {type_name(value)}")
    cdef Handle handle = <Handle>value
    if handle.address == 0:
        raise ValueError(f"{place(self, i)} is a closed {type_name(value)}")
    return handle.address


@cython.final
cdef class Pointer:
    """An address in the module's memory, with the size of what it points to. Null pointers are None.

    Args:
        memory: where it points to.
        address: in bytes.
        code: of what it points to, as in the `struct` module.
    """

    cdef readonly Memory memory
    cdef readonly uint32_t address
    cdef readonly str code

    def __cinit__(self, Memory memory not None, address, str code="B"):
        self.memory, self.address, self.code = memory, address, code

    def __index__(self):
        return self.address

    def __eq__(self, other):
        return (isinstance(other, Pointer) and (<Pointer>other).address == self.address
                and (<Pointer>other).memory is self.memory)

    def __hash__(self):
        return hash(self.address)

    def __add__(self, count):
        from struct import calcsize

        return Pointer(self.memory, self.address + calcsize("=" + self.code) * count, self.code)

    def __radd__(self, count):
        return self + count

    def __getitem__(self, index):
        """An item, as C has it: `p[0]` is what it points to."""
        return (self + index.__index__()).view(1)[0]

    def __setitem__(self, index, value):
        (self + index.__index__()).view(1)[0] = value

    def __iter__(self):
        raise TypeError("a pointer does not know how many items it points to: take pointer.view(n)")

    def __repr__(self):
        return f"<pointer to {self.code!r} at {self.address:#x}>"

    def read(self, n):
        """A copy of `n` bytes at it."""
        return self.memory.read(self.address, n)

    def text(self, n=None):
        """The UTF-8 text at it: `n` bytes, or up to a NUL byte."""
        return self.memory.text(self.address, n)

    def view(self, n):
        """A writable view of `n` items at it, in place; ``numpy.asarray`` takes it as it is."""
        from struct import calcsize

        size, limit = calcsize("=" + self.code) * n, self.memory.bytes_now()
        if not 0 <= size <= limit - self.address:
            raise IndexError(f"{n} items at {self.address:#x} are outside of the memory of {self.memory.size} bytes")
        view = memoryview(self.memory)[self.address:self.address + size]
        return view if self.code == "B" else view.cast(self.code)

    def __reduce__(self):
        raise TypeError("cannot pickle a Pointer: it belongs to the memory of an instance")


cdef class StructBase:
    """A struct of C: its members are attributes. Its bytes are its own, or lie in the module's memory.

    Subclasses are made by `pywasi_native.typed.bind`. They have the buffer protocol, and are equal when they are of one
    class and all their bytes are equal.
    """

    cdef Memory memory          # where its bytes are, or None
    cdef object holder          # else the bytearray that they are in
    cdef uint64_t offset        # of its first byte there
    cdef Py_ssize_t size

    def __cinit__(self, *args, **named):
        self.size = getattr(type(self), "__size__", -1)
        if self.size < 0:
            raise TypeError(f"{type_name(self)} is made by pywasi_native.typed.bind()")

    def __init__(self, *args, **named):
        self.own()
        fields = type(self).__fields__
        if len(args) > len(fields):
            raise TypeError(f"{type_name(self)} has {len(fields)} members, {len(args)} given")
        for name, value in zip(fields, args):
            if name in named:
                raise TypeError(f"{type_name(self)} got two values for {name}")
            setattr(self, name, value)
        for name, value in named.items():
            if name not in fields:
                raise TypeError(f"{type_name(self)} has no member {name!r}; it has {', '.join(fields)}")
            setattr(self, name, value)

    cdef int own(self) except -1:
        if self.memory is None and self.holder is None:
            self.holder = bytearray(self.size)
        return 0

    cdef uint8_t *data(self) except NULL:
        if self.memory is not None:
            return self.memory.data() + self.offset
        self.own()
        return <uint8_t *>PyByteArray_AS_STRING(self.holder) + self.offset

    @property
    def address(self):
        """Where it lies in the module's memory; None if its bytes are its own."""
        return self.offset if self.memory is not None else None

    @classmethod
    def at(cls, address):
        """The struct at an address of the module's memory, in place."""
        return struct_at(cls, cls._memory(), address.__index__())

    @classmethod
    def array(cls, count):
        """An array of `count` structs, all zero."""
        return StructArray(cls, count)

    @classmethod
    def from_bytes(cls, data):
        """A struct with a copy of these bytes."""
        return struct_from_bytes(cls, data)

    def __getbuffer__(self, Py_buffer *view, int flags):
        if self.memory is not None:
            PyObject_GetBuffer(memoryview(self.memory)[self.offset:self.offset + self.size], view, flags)
        else:
            PyBuffer_FillInfo(view, self, self.data(), self.size, 0, flags)

    def __bytes__(self):
        return PyBytes_FromStringAndSize(<const char *>self.data(), self.size)

    def __copy__(self):
        return struct_from_bytes(type(self), bytes(self))

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        return bytes(self) == bytes(other)

    __hash__ = None

    def __repr__(self):
        members = ", ".join(f"{name}={getattr(self, name)!r}" for name in type(self).__fields__)
        return f"{type_name(self)}({members})"

    def __reduce__(self):
        raise TypeError(f"cannot pickle a {type_name(self)}: take bytes() of it")


def struct_from_bytes(cls, bytes data not None):
    """A struct with a copy of these bytes."""
    cdef StructBase made = cls.__new__(cls)
    if len(data) != made.size:
        raise ValueError(f"{cls.__name__} has {made.size} bytes, not {len(data)}")
    made.holder = bytearray(data)
    return made


def struct_at(cls, Memory memory not None, address):
    """A struct whose bytes lie at an address of the memory: changes are seen on both sides."""
    cdef StructBase made = cls.__new__(cls)
    cdef uint64_t start = address
    if start > memory.bytes_now() or <uint64_t>made.size > memory.bytes_now() - start:
        raise IndexError(f"a {cls.__name__} at {start:#x} is outside of the memory of {memory.size} bytes")
    made.memory, made.offset = memory, start
    return made


def struct_within(cls, holder not None, offset):
    """A struct in the middle of a StructBase or a bytearray, whose bytes it shares."""
    cdef StructBase made = cls.__new__(cls)
    cdef StructBase around
    cdef Py_ssize_t room
    made.offset = offset
    if isinstance(holder, StructBase):
        around = <StructBase>holder
        around.own()
        room = around.size - <Py_ssize_t>made.offset
        made.memory, made.holder = around.memory, around.holder
        made.offset += around.offset
    else:
        room = len(holder) - <Py_ssize_t>made.offset
        made.holder = holder
    if room < made.size:
        raise IndexError(f"a {cls.__name__} has no room there")
    return made


@cython.final
cdef class StructArray:
    """Structs that lie one after the other, as arrays do in C: a sequence, with the buffer protocol. Pass it where a
    function wants a pointer to the struct.

    Args:
        item: the class of the structs.
        count: how many; all of them are zero.
    """

    cdef readonly object item
    cdef object holder

    def __cinit__(self, item, Py_ssize_t count):
        if not issubclass(item, StructBase) or count < 0:
            raise ValueError("an array needs a class of structs and a number of them")
        self.item, self.holder = item, bytearray(item.__size__ * count)

    def __len__(self):
        return len(self.holder) // self.item.__size__

    def __getitem__(self, index):
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"index {index} of an array of {count} {self.item.__name__}")
        return struct_within(self.item, self.holder, index % count * self.item.__size__)

    def __setitem__(self, index, value):
        if type(value) is not self.item:
            raise TypeError(f"the items are {self.item.__name__}, not {type_name(value)}")
        memoryview(self[index])[:] = bytes(value)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, PyByteArray_AS_STRING(self.holder), len(self.holder), 0, flags)

    def __repr__(self):
        return f"<array of {len(self)} {self.item.__name__}>"


@cython.final
cdef class NumberField:
    """A member of a struct that is a number, as an attribute of its class.

    Args:
        name: of the member; for errors.
        offset: in the struct.
        how: it is read, as in plans.py.
        size: in bytes.
        low, high: of integers.
        wrap: makes of the number what is given, or None.
        text: its C type; for errors.
    """

    cdef readonly str name, text
    cdef uint32_t offset, size
    cdef uint8_t how
    cdef object low, high, wrap

    def __cinit__(self, str name, offset, how, size, low, high, object wrap, str text):
        self.name, self.offset, self.how, self.size = name, offset, how, size
        self.low, self.high, self.wrap, self.text = low, high, wrap, text

    def __get__(self, instance, owner):
        if instance is None:
            return self
        number = read_number(self.how, self.size, (<StructBase?>instance).data() + self.offset)
        return number if self.wrap is None else self.wrap(number)

    def __set__(self, instance, value):
        write_bits(self.bits(instance, value), self.size, (<StructBase?>instance).data() + self.offset)

    cdef uint64_t bits(self, object instance, object value) except? 0xffffffffffffffff:
        who = f"{type_name(instance)}.{self.name}"
        if self.how == R_FLOAT:
            if not isinstance(value, (float, int)) and not hasattr(type(value), "__float__"):
                raise TypeError(f"{who} must be float, not {type_name(value)} ({self.text})")
            return pwn_from_f64(float(value)) if self.size == 8 else pwn_from_f32(<float>float(value))
        if self.how == R_BOOL and value not in (0, 1):
            raise TypeError(f"{who} must be bool, not {type_name(value)} ({self.text})")
        if value is None and self.text.endswith("*"):
            return 0
        if isinstance(value, StructBase) and self.text.endswith("*"):
            if (<StructBase>value).memory is None:
                raise TypeError(f"{who} needs a {type_name(value)} that lies in the module's memory ({self.text})")
            return (<StructBase>value).offset
        if isinstance(value, float) or not hasattr(type(value), "__index__"):
            raise TypeError(f"{who} must be int, not {type_name(value)} ({self.text})")
        number = value.__index__()
        if self.how != R_BOOL and not self.low <= number <= self.high:
            raise OverflowError(f"{who} must be from {self.low} to {self.high}, not {number} ({self.text})")
        return number & 0xffffffffffffffff

    def __repr__(self):
        return f"<member {self.name}: {self.text}>"
