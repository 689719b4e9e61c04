# Numbers into slots and out of slots and cells.

cdef str place(TypedFunction self, int i):
    """How messages begin: ``sum() argument 1 (x)``."""
    cdef int32_t source = self.steps[i].source
    name = self.names[source] if source >= 0 else ""
    return f"{self.extra['name']}() argument {source + 1}" + (f" ({name})" if name and not name.startswith("arg") else "")


cdef str type_name(object value):
    return type(value).__name__


cdef int put_int(TypedFunction self, int i, object value, pw_slot *slot) except -1:
    cdef step *at = &self.steps[i]
    cdef int64_t number = 0
    if PyLong_Check(value) and pwn_small_int(<PyObject *>value, &number):
        if number >= at.low and (number < 0 or <uint64_t>number <= at.high):
            slot[0] = <uint64_t>number if at.value == V_I64 else <uint64_t><uint32_t>number
            return 0
    return put_rare_int(self, i, value, slot)


cdef int put_rare_int(TypedFunction self, int i, object value, pw_slot *slot) except -1:
    cdef step *at = &self.steps[i]
    if at.low == -128 and at.high == 255 and isinstance(value, (str, bytes)) and len(value) == 1:
        value = ord(value)  # a char
    if isinstance(value, float) or not hasattr(type(value), "__index__"):
        raise TypeError(f"{place(self, i)} must be int, not {type_name(value)} ({self.shown[i]})")
    number = value.__index__()
    if not at.low <= number <= at.high:
        shown = str(number) if number.bit_length() < 200 else f"a number of {number.bit_length()} bits"
        raise OverflowError(f"{place(self, i)} must be from {at.low} to {at.high}, not {shown} ({self.shown[i]})")
    slot[0] = number & (0xffffffffffffffff if at.value == V_I64 else 0xffffffff)
    return 0


cdef int put_bool(TypedFunction self, int i, object value, pw_slot *slot) except -1:
    if value is True or value is False or (PyLong_Check(value) and (value == 0 or value == 1)):
        slot[0] = 1 if value else 0
        return 0
    if type(value).__name__ in ("bool", "bool_"):  # numpy's
        slot[0] = 1 if value else 0
        return 0
    raise TypeError(f"{place(self, i)} must be bool, not {type_name(value)} ({self.shown[i]})")


cdef int put_float(TypedFunction self, int i, object value, pw_slot *slot) except -1:
    cdef double number
    if PyFloat_CheckExact(value):
        number = PyFloat_AS_DOUBLE(value)
    elif isinstance(value, (float, int)) or hasattr(type(value), "__float__") or hasattr(type(value), "__index__"):
        number = float(value)
    else:
        raise TypeError(f"{place(self, i)} must be float, not {type_name(value)} ({self.shown[i]})")
    slot[0] = pwn_from_f64(number) if self.steps[i].value == V_F64 else pwn_from_f32(<float>number)
    return 0


cdef object take_raw(const result_plan *plan, pw_slot slot):
    """The result of the export as a Python number."""
    if plan.how == R_FLOAT:
        return pwn_to_f64(slot) if plan.value == V_F64 else <double>pwn_to_f32(slot)
    return whole_number(plan.how, plan.size, slot)


cdef object whole_number(uint8_t how, uint32_t size, uint64_t bits):
    if how == R_SIGNED:
        if size == 4:
            return <int32_t>bits
        return <int64_t>bits if size == 8 else <int16_t>bits if size == 2 else <int8_t>bits
    if how == R_UNSIGNED:
        if size == 4:
            return <uint32_t>bits
        return <uint64_t>bits if size == 8 else <uint16_t>bits if size == 2 else <uint8_t>bits
    return (<uint8_t>bits if size == 1 else <uint32_t>bits) != 0


cdef object read_number(uint8_t how, uint32_t size, const uint8_t *data):
    """A number of linear memory, which is little-endian on every host."""
    cdef uint64_t bits = 0
    cdef uint32_t i
    for i in range(size):
        bits |= <uint64_t>data[i] << (8 * i)
    if how == R_FLOAT:
        return pwn_to_f64(bits) if size == 8 else <double>pwn_to_f32(bits)
    return whole_number(how, size, bits)


cdef void write_bits(uint64_t bits, uint32_t size, uint8_t *data) noexcept:
    cdef uint32_t i
    for i in range(size):
        data[i] = <uint8_t>(bits >> (8 * i))


cdef bint is_error(const result_plan *plan, pw_slot slot) noexcept:
    if plan.error == E_NEGATIVE:
        return <int64_t>slot < 0 if plan.value == V_I64 else <int32_t>slot < 0
    cdef bint zero = slot == 0 if plan.value == V_I64 else <uint32_t>slot == 0
    return zero if plan.error == E_ZERO else not zero
