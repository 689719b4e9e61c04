# Values: Python objects to slots and back. The table is in the documentation of the functions.

cdef enum:
    FITS = 0
    WRONG_TYPE = 1
    OUT_OF_RANGE = 2
    WRONG_REFERENCE = 3
    FAILED = 4

cdef enum:
    PLAIN_SLOTS = 8  # parameters of a signature that is plain

cdef dict TYPE_BY_NAME = {}


cdef int fill_type_names() except -1:
    cdef pw_val_type type
    for kind in (PW_KIND_I32, PW_KIND_I64, PW_KIND_F32, PW_KIND_F64, PW_KIND_V128):
        TYPE_BY_NAME[type_text(<pw_val_type>kind)] = kind
    heaps = {
        "func": PW_HEAP_FUNC, "extern": PW_HEAP_EXTERN, "any": PW_HEAP_ANY, "eq": PW_HEAP_EQ, "i31": PW_HEAP_I31,
        "struct": PW_HEAP_STRUCT, "array": PW_HEAP_ARRAY, "exn": PW_HEAP_EXN, "none": PW_HEAP_NONE,
        "nofunc": PW_HEAP_NOFUNC, "noextern": PW_HEAP_NOEXTERN, "noexn": PW_HEAP_NOEXN,
    }
    for name, heap in heaps.items():
        type = PW_REF_TYPE(PW_KIND_REF_NULL, <uint32_t>heap)
        short = "null" + (name[2:] if name != "none" else "") + "ref" if name.startswith("no") else name + "ref"
        TYPE_BY_NAME[short] = TYPE_BY_NAME[f"(ref null {name})"] = type
        TYPE_BY_NAME[f"(ref {name})"] = PW_REF_TYPE(PW_KIND_REF, <uint32_t>heap)
    return 0


cdef str type_text(pw_val_type type):
    cdef char text[64]
    pw_val_type_text(type, text, sizeof(text))
    return c_text(text)


cdef pw_val_type type_by_name(str name) except? 0:
    found = TYPE_BY_NAME.get(name)
    if found is None:
        raise ValueError(f"{name!r} names a type of one module; from Python only types without an index can be used")
    return found


fill_type_names()


cdef uint8_t kind_of(pw_val_type type) noexcept:
    cdef uint32_t byte = PW_TYPE_KIND(type)
    if byte == PW_KIND_I32:
        return K_I32
    if byte == PW_KIND_I64:
        return K_I64
    if byte == PW_KIND_F32:
        return K_F32
    if byte == PW_KIND_F64:
        return K_F64
    if byte == PW_KIND_V128:
        return K_V128
    byte = PW_TYPE_HEAP(type)
    if byte == PW_HEAP_FUNC:
        return K_FUNC
    return K_EXTERN if byte == PW_HEAP_EXTERN or byte == PW_HEAP_NOEXTERN else K_OTHER


cdef int signature_fill(signature *sig, const pw_func_type *type) except -1:
    cdef uint32_t i, param_slots = 0, result_slots = 0, count = type.param_count + type.result_count
    sig.params, sig.results, sig.has_refs = type.param_count, type.result_count, False
    # Two arrays in one block, the wider first. One byte more, so that nothing is not zero bytes.
    sig.types = <pw_val_type *>PyMem_Malloc(count * (sizeof(pw_val_type) + 1) + 1)
    if sig.types == NULL:
        raise MemoryError()
    sig.kinds = <uint8_t *>(sig.types + count)
    for i in range(count):
        sig.types[i] = type.params[i] if i < type.param_count else type.results[i - type.param_count]
        sig.kinds[i] = kind_of(sig.types[i])
        sig.has_refs = sig.has_refs or sig.kinds[i] >= K_EXTERN
        if i < type.param_count:
            param_slots += pw_type_slots(sig.types[i])
        else:
            result_slots += pw_type_slots(sig.types[i])
    sig.slots = max(param_slots, result_slots)
    sig.is_plain = type.param_count <= PLAIN_SLOTS and type.result_count <= 1
    for i in range(count):
        sig.is_plain = sig.is_plain and sig.kinds[i] <= K_F64
    return 0


cdef void signature_free(signature *sig) noexcept:
    PyMem_Free(sig.types)
    sig.types = NULL


cdef object signature_type(const signature *sig):
    params = tuple(type_text(sig.types[i]) for i in range(sig.params))
    return support("FuncType")(params, tuple(type_text(sig.types[sig.params + i]) for i in range(sig.results)))


cdef int to_slot(Store store, uint8_t kind, pw_val_type type, PyObject *value, pw_slot *slot) noexcept:
    """Converts; FITS, or why not; FAILED with an exception, which can only be one of the value's own."""
    if pwn_number_to_slot(kind, value, slot):
        return FITS
    return rare_to_slot(store, kind, type, value, slot)


cdef int rare_to_slot(Store store, uint8_t kind, pw_val_type type, PyObject *value, pw_slot *slot) noexcept:
    """to_slot for all that is not a plain number. Apart: a try block costs even where nothing raises."""
    try:
        if kind <= K_I64:
            return big_to_slot(kind, <object>value, slot)
        if kind <= K_F64:
            return float_to_slot(kind, <object>value, slot)
        if kind == K_V128:
            return vector_to_slot(<object>value, slot)
        return reference_to_slot(store, type, <object>value, slot)
    except BaseException as problem:
        set_clean(problem)
        return FAILED


cdef int big_to_slot(uint8_t kind, object value, pw_slot *slot) except -1:
    if not isinstance(value, int):
        if isinstance(value, float) or not hasattr(type(value), "__index__"):
            return WRONG_TYPE
        value = value.__index__()
    bits = 32 if kind == K_I32 else 64
    if not -(1 << (bits - 1)) <= value < 1 << bits:
        return OUT_OF_RANGE
    slot[0] = value & ((1 << bits) - 1)
    return FITS


cdef int float_to_slot(uint8_t kind, object value, pw_slot *slot) except -1:
    cdef double number
    if not isinstance(value, (float, int)):
        kindred = type(value)
        if not (hasattr(kindred, "__float__") or hasattr(kindred, "__index__")):
            return WRONG_TYPE
    try:
        number = float(value)
    except OverflowError:
        return OUT_OF_RANGE
    slot[0] = pwn_from_f64(number) if kind == K_F64 else pwn_from_f32(<float>number)
    return FITS


cdef int vector_to_slot(object value, pw_slot *slot) except -1:
    if isinstance(value, int):
        if not 0 <= value < 1 << 128:
            return OUT_OF_RANGE
        value = value.to_bytes(16, "little")
    elif not isinstance(value, (bytes, bytearray, memoryview)):
        return WRONG_TYPE
    cdef bytes raw = bytes(value)
    if len(raw) != 16:
        return WRONG_TYPE
    slot[0], slot[1] = int.from_bytes(raw[:8], "little"), int.from_bytes(raw[8:], "little")
    return FITS


cdef int reference_to_slot(Store store, pw_val_type type, object value, pw_slot *slot) except -1:
    cdef uint32_t heap = PW_TYPE_HEAP(type)
    cdef bint takes_all = heap == PW_HEAP_EXTERN or heap == PW_HEAP_ANY
    if value is None:
        slot[0] = 0
        return FITS if PW_TYPE_KIND(type) == PW_KIND_REF_NULL else WRONG_TYPE
    if isinstance(value, Ref) and not (takes_all and isinstance(value, ExnRef)):
        slot[0] = ref_to_slot(store, value)
    elif takes_all:
        if store.run.dropped:  # it may be among them, which would take it away again
            store.let_go()
        check_result(pw_extern_new(store.ptr, <void *>value, slot), store)
        store.externs[id(value)] = value
        return FITS
    elif isinstance(value, Func):
        slot[0] = func_to_slot(store, value)
    else:
        return WRONG_TYPE
    if pw_ref_fits(store.ptr, slot[0], type):
        return FITS
    return WRONG_REFERENCE if heap < PW_HEAP_ABSTRACT else WRONG_TYPE


cdef pw_slot func_to_slot(Store store, Func function) except 0:
    if function.store is not store:
        if function.store is not None:
            same_store(store, function.store)
        function.bind(store)
    return <pw_slot>function.ptr


cdef PyObject *from_slot(Store store, uint8_t kind, const pw_slot *slot) noexcept:
    """A new reference to the value in a slot, or NULL with an exception."""
    if kind <= K_F64:
        return pwn_number_from_slot(kind, slot[0])
    try:
        value = rare_from_slot(store, kind, slot)
    except BaseException as problem:
        set_clean(problem)
        return NULL
    Py_INCREF(value)
    return <PyObject *>value


cdef object rare_from_slot(Store store, uint8_t kind, const pw_slot *slot):
    if kind == K_V128:
        return (<object>(slot[0] | (<object>slot[1] << 64))).to_bytes(16, "little")
    if slot[0] == 0:
        return None
    if kind == K_EXTERN:
        return host_or_ref(store, slot[0])
    return wrap_func(store, <pw_func *>slot[0]) if kind == K_FUNC else wrap_ref(store, slot[0])


cdef object value_from_slot(Store store, pw_val_type type, const pw_slot *slot):
    """As from_slot, for one value of a known type."""
    cdef uint8_t kind = kind_of(type)
    cdef PyObject *value
    value = from_slot(store, kind, slot)
    if value == NULL:
        raise_set()
    made = <object>value
    Py_DECREF_(value)
    return made


cdef str misfit(int why, pw_val_type type, object value):
    """Says what is wrong with a value: "must be int, not str (i32)"."""
    cdef uint8_t kind = kind_of(type)
    text = type_text(type)
    if why == OUT_OF_RANGE:
        if kind == K_V128:
            return "must be an int of 128 bits without sign, or 16 bytes (v128)"
        if kind >= K_F32:
            return f"is too large for a float ({text})"
        bits = 32 if kind == K_I32 else 64
        return f"must be in the range of {text}, {-(1 << (bits - 1))} to {(1 << bits) - 1}, not {short(value)}"
    if why == WRONG_REFERENCE:
        return f"is a {'function' if isinstance(value, Func) else type_name(value)} of another type than {text}"
    if kind == K_V128 and isinstance(value, (bytes, bytearray, memoryview)):
        return f"must be 16 bytes, not {len(value)} (v128)"
    wanted = {K_I32: "int", K_I64: "int", K_F32: "float", K_F64: "float", K_V128: "bytes or int",
              K_EXTERN: "an object other than None"}.get(kind)
    if wanted is None:
        heap = PW_TYPE_HEAP(type)
        of_funcs = heap == PW_HEAP_FUNC or heap == PW_HEAP_NOFUNC
        wanted = "Func" if of_funcs else "Ref" if heap >= PW_HEAP_ABSTRACT else "Func or Ref"
        if PW_TYPE_KIND(type) == PW_KIND_REF_NULL:
            wanted += " or None" if of_funcs or heap >= PW_HEAP_ABSTRACT else ", or None"
        if callable(value) and PW_TYPE_HEAP(type) == PW_HEAP_FUNC and not isinstance(value, Func):
            return f"must be {wanted}, not {type_name(value)} ({text}); make one with wasm.Func(type, callable)"
    return f"must be {wanted}, not {type_name(value)} ({text})"


cdef str short(object number):
    """A number as text, without spelling out millions of digits."""
    return str(number) if -(1 << 200) < number < 1 << 200 else f"a number of {number.bit_length()} bits"


cdef int raise_misfit(str who, int why, pw_val_type type, object value) except -1:
    raise (OverflowError if why == OUT_OF_RANGE else TypeError)(f"{who} {misfit(why, type, value)}")


cdef int convert(Store store, pw_val_type type, object value, pw_slot *slot, str who) except -1:
    """to_slot with an error that begins with `who`."""
    cdef int why = to_slot(store, kind_of(type), type, <PyObject *>value, slot)
    if why == FAILED:
        raise_set()
    if why != FITS:
        raise_misfit(who, why, type, value)
    return 0
