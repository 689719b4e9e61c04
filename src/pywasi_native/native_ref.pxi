# References to values of a store's collected heap.
#
# What such a reference points to lives as long as something that the collector knows refers to it: the guest, or a hold
# of the host. A slot in a C variable is neither. So whoever has such slots in hand holds them before anything of Python
# is allocated: that could run finalizers, these the guest, and the guest a collection.

@cython.no_gc_clear
cdef class Ref:
    """A reference to a value of the WebAssembly heap, kept alive by it. The same value is the same object."""

    def __init__(self, *args, **named):
        raise TypeError(f"a {type_name(self)} comes out of a store; it cannot be made from Python")

    def __dealloc__(self):
        if self.store is not None:
            forget_ref(self.store, self.reference)

    def __repr__(self):
        return f"<wasm {type_name(self)} {<size_t>self.reference:#x}>"

    def __reduce__(self):
        raise TypeError(f"cannot pickle a {type_name(self)}: it belongs to a store")


@cython.final
@cython.no_gc_clear
cdef class ExnRef(Ref):
    """A caught exception on its way through Python: what an ``exnref`` is. Only the guest can look inside."""


@cython.final
@cython.no_gc_clear
cdef class Struct(Ref):
    """A struct on the heap: its fields by number, ``s[0]``, and ``s[0] = value`` where the type lets it."""

    def __len__(self):
        return pw_object_length(self.reference)

    def __getitem__(self, index):
        return field_get(self, place_of(self, index))

    def __setitem__(self, index, value):
        field_set(self, place_of(self, index), value)

    def __iter__(self):
        return iter([field_get(self, i) for i in range(pw_object_length(self.reference))])

    @property
    def type(self):
        """In the text format: ``(struct (field i32) (field (mut i8)))``."""
        fields = [f" (field {field_text(self, i)})" for i in range(pw_object_length(self.reference))]
        return f"(struct{''.join(fields)})"

    def __repr__(self):
        return f"<wasm {self.type} {<size_t>self.reference:#x}>"


@cython.final
@cython.no_gc_clear
cdef class Array(Ref):
    """An array on the heap: its elements by number, slices of them as lists, ``a[i] = value`` where the type lets it."""

    def __len__(self):
        return pw_object_length(self.reference)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return [field_get(self, i) for i in range(*index.indices(pw_object_length(self.reference)))]
        return field_get(self, place_of(self, index))

    def __setitem__(self, index, value):
        if isinstance(index, slice):
            raise TypeError("elements of an Array are set one by one")
        field_set(self, place_of(self, index), value)

    def __iter__(self):
        for i in range(pw_object_length(self.reference)):
            yield field_get(self, i)

    @property
    def type(self):
        """In the text format: ``(array (mut i8))``."""
        return f"(array {field_text(self, 0)})"

    def __repr__(self):
        return f"<wasm {self.type} of {len(self)} {<size_t>self.reference:#x}>"


cdef uint32_t place_of(Ref self, object index) except? 0xffffffff:
    cdef object size = pw_object_length(self.reference)
    if not hasattr(type(index), "__index__"):
        raise TypeError(f"the index of a {type_name(self)} must be an int, not {type_name(index)}")
    at = index.__index__()
    if not -size <= at < size:
        what = "fields" if isinstance(self, Struct) else "elements"
        raise IndexError(f"index {short(at)} is outside of {self.type} with {size} {what}")
    return at if at >= 0 else at + size


cdef str field_text(Ref self, uint32_t index):
    cdef pw_field_info info
    if pw_object_field(self.reference, index, &info) != PW_OK:
        raise IndexError(f"there is no field {index}")
    text = f"i{info.packed_bits}" if info.packed_bits else type_text(info.type)
    return f"(mut {text})" if info.is_mutable else text


cdef object field_get(Ref self, uint32_t index):
    cdef pw_slot slots[2]
    cdef pw_val_type type
    self.store.enter()
    try:
        if pw_object_get(self.reference, index, slots, &type) != PW_OK:
            raise IndexError(f"there is no field {index}")
        return value_from_slot(self.store, type, slots)
    finally:
        pwn_leave(&self.store.run)


cdef int field_set(Ref self, uint32_t index, object value) except -1:
    cdef pw_slot slots[2]
    cdef pw_field_info info
    cdef str who = f"{'field' if isinstance(self, Struct) else 'element'} {index} of {self.type}"
    if pw_object_field(self.reference, index, &info) != PW_OK:
        raise IndexError(f"there is no {who}")
    if not info.is_mutable:
        raise TypeError(f"{who} is immutable")
    self.store.enter()
    try:
        convert(self.store, info.type, value, slots, who)
        if info.packed_bits and not -(1 << (info.packed_bits - 1)) <= value.__index__() < 1 << info.packed_bits:
            raise OverflowError(f"{who} must be in the range of i{info.packed_bits}, not {short(value.__index__())}")
        if pw_object_set(self.store.ptr, self.reference, index, slots) != PW_OK:
            raise TypeError(f"{who} does not take {type_name(value)}")
    finally:
        pwn_leave(&self.store.run)
    return 0


@cython.final
@cython.no_gc_clear
cdef class I31(Ref):
    """An integer of 31 bits that is a reference without an object.

    Args:
        value: in the signed or the unsigned range of 31 bits.
    """

    def __init__(self, value):
        number = value.__index__()
        if not -(1 << 30) <= number < 1 << 31:
            raise OverflowError(f"an i31 must be in the range of {-(1 << 30)} to {(1 << 31) - 1}, not {short(number)}")
        self.reference = pw_i31_new(number & 0x7fffffff)

    @property
    def value(self):
        """The signed number."""
        return pw_i31_value(self.reference)

    def __eq__(self, other):
        return self.reference == (<I31>other).reference if isinstance(other, I31) else NotImplemented

    def __hash__(self):
        return hash((I31, self.reference))

    def __repr__(self):
        return f"I31({self.value})"

    def __reduce__(self):
        return I31, (self.value,)


cdef bint is_collected(pw_slot reference) noexcept:
    cdef pw_ref_kind kind = pw_ref_kind_of(reference)
    return kind != PW_REF_KIND_NULL and kind != PW_REF_KIND_FUNC and kind != PW_REF_KIND_I31


cdef int forget_ref(Store store, pw_slot reference) except -1:
    # Another thread may be running code of this store right now: then its next reference lets go.
    if pwn_try_enter(&store.run):
        release_forgotten(store, reference)
        pwn_leave_attached(&store.run)
    else:
        store.dropped.append(<size_t>reference)
    return 0


cdef int release_forgotten(Store store, pw_slot reference) except -1:
    """Entered: nobody makes another wrapper of the same value meanwhile."""
    known = store.wrappers.get(<size_t>reference)
    if known is not None and known() is None:
        del store.wrappers[<size_t>reference]
    pw_ref_release(store.ptr, reference)
    return 0


cdef pw_slot ref_to_slot(Store store, Ref value) except 0:
    if value.reference & 1 == 0:  # no i31
        same_store(store, value.store)
    return value.reference


cdef object host_or_ref(Store store, pw_slot reference):
    """What an externref is: an object of Python, or a struct that the guest has made one of."""
    cdef void *host = pw_extern_host(reference)
    return <object>host if host != NULL else wrap_ref(store, reference)


cdef object wrap_ref(Store store, pw_slot reference):
    """The one object for a reference other than null. The store is entered."""
    cdef pw_ref_kind kind = pw_ref_kind_of(reference)
    cdef I31 number
    if kind == PW_REF_KIND_FUNC:
        return wrap_func(store, <pw_func *>reference)
    if kind == PW_REF_KIND_HOST:
        return <object>pw_extern_host(reference)
    if kind == PW_REF_KIND_I31:
        number = I31.__new__(I31)
        number.reference = reference
        return number
    if pw_ref_hold(store.ptr, reference) != PW_OK:
        raise MemoryError("no memory to hold a reference")
    return wrap_held(store, kind, reference)


cdef Ref wrap_held(Store store, pw_ref_kind kind, pw_slot reference):
    cdef Ref wrapper
    try:
        wrapper = store.known(<void *>reference)
        if wrapper is not None:
            pw_ref_release(store.ptr, reference)
            return wrapper
        of = ExnRef if kind == PW_REF_KIND_EXCEPTION else Struct if kind == PW_REF_KIND_STRUCT else Array
        wrapper = of.__new__(of)
        store.know(<void *>reference, wrapper)
    except BaseException:
        pw_ref_release(store.ptr, reference)
        raise
    wrapper.store, wrapper.reference = store, reference  # the hold is its own from here on
    while store.dropped:
        release_forgotten(store, <pw_slot><size_t>store.dropped.pop())
    return wrapper


cdef int hold_refs(Store store, const uint8_t *kinds, uint32_t count, const pw_slot *slots) noexcept:
    """Holds all references among these values, or none: -1 with an exception."""
    cdef uint32_t i
    cdef const pw_slot *slot = slots
    for i in range(count):
        if kinds[i] >= K_EXTERN and is_collected(slot[0]) and pw_ref_hold(store.ptr, slot[0]) != PW_OK:
            release_refs(store, kinds, i, slots)
            return set_error(MemoryError, "no memory to hold references")
        slot += 2 if kinds[i] == K_V128 else 1
    return 0


cdef void release_refs(Store store, const uint8_t *kinds, uint32_t count, const pw_slot *slots) noexcept:
    cdef uint32_t i
    for i in range(count):
        if kinds[i] >= K_EXTERN and is_collected(slots[0]):
            pw_ref_release(store.ptr, slots[0])
        slots += 2 if kinds[i] == K_V128 else 1
