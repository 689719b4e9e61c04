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
    """A struct on the heap."""


@cython.final
@cython.no_gc_clear
cdef class Array(Ref):
    """An array on the heap."""


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
    return kind == PW_REF_KIND_EXCEPTION or kind == PW_REF_KIND_STRUCT or kind == PW_REF_KIND_ARRAY


cdef int forget_ref(Store store, pw_slot reference) except -1:
    known = store.wrappers.get(<size_t>reference)
    if known is not None and known() is None:
        del store.wrappers[<size_t>reference]
    # Another thread may be running code of this store right now: then its next reference lets go.
    if pwn_try_enter(&store.run):
        pw_ref_release(store.ptr, reference)
        pwn_leave(&store.run)
    else:
        store.dropped.append(<size_t>reference)
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
        pw_ref_release(store.ptr, <pw_slot><size_t>store.dropped.pop())
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
