# Errors and their way from C to Python.

cdef object support_function = None
cdef dict support_loaded = {}


def set_support(load):
    """Takes the function that gives the Python side's errors and types by name."""
    global support_function
    support_function = load


cdef object support(str name):
    found = support_loaded.get(name)
    if found is None:
        if support_function is None:
            raise RuntimeError("pywasi_native._native is part of pywasi_native and cannot be used alone")
        found = support_loaded[name] = support_function(name)
    return found


@cython.final
cdef class Failure:
    """What the engine reports when something fails."""

    cdef readonly int result
    cdef readonly str trap
    cdef readonly str text
    cdef readonly long long exit_code
    cdef readonly object func_index
    cdef readonly object offset
    cdef readonly list frames
    cdef readonly long long frames_left_out


cdef str c_text(const char *text):
    cdef Py_ssize_t length = 0
    while text[length]:
        length += 1
    return PyUnicode_DecodeUTF8(text, length, "replace")


cdef str name_text(pw_name name):
    if not name.length:
        return ""
    return PyUnicode_DecodeUTF8(name.bytes, <Py_ssize_t>name.length, "replace")


cdef Failure failure_of(const pw_error *error, pw_result result, Store store):
    cdef Failure failure = Failure.__new__(Failure)
    failure.result = <int>result
    failure.trap = c_text(pw_trap_text(error.trap)) if result == PW_ERR_TRAP else ""
    failure.text = c_text(error.text)
    failure.exit_code = error.exit_code
    failure.func_index = error.func_index if error.func_index != PW_NO_INDEX else None
    failure.offset = error.offset if error.offset != PW_NO_OFFSET else None
    failure.frames = []
    failure.frames_left_out = error.frames_left_out
    return failure


cdef object exception_of(const pw_error *error, pw_result result, Store store):
    """The exception for a result; that of a host function is the object that it raised."""
    cdef list frames = frames_of(error, store) if store is not None else []
    if result == PW_ERR_HOST and store is not None and store.pending is not None:
        exception = store.pending
        store.pending = None
        support("join_frames")(exception, frames)
        return exception
    if result == PW_ERR_EXCEPTION and store is not None:
        return caught_exception(store)
    cdef Failure failure = failure_of(error, result, store)
    failure.frames = frames
    exception = support("from_failure")(failure)
    if result == PW_ERR_TRAP and error.trap == PW_TRAP_OUT_OF_FUEL and store is not None:
        exception._suspended = take_suspended(store)
        support("limit_fuel_note")(exception, store.limits)
    return exception


cdef list frames_of(const pw_error *error, Store store):
    """(function name, index, offset) of the wasm functions on the stack, outermost first."""
    cdef list frames = []
    cdef uint32_t i
    cdef const pw_frame_info *frame
    for i in range(min(error.frame_count, <uint32_t>PW_ERROR_FRAMES)):
        frame = &error.frames[i]
        name = function_name(pw_instance_module(frame.instance), frame.func_index)
        frames.append((name, frame.func_index, frame.offset if frame.offset != PW_NO_OFFSET else None))
    return frames


cdef str function_name(const pw_module *module, uint32_t index):
    return name_text(pw_module_func_name(module, index)) or f"func[{index}]"


cdef int set_failure(const pw_error *error, pw_result result, Store store) noexcept:
    """Sets the Python exception for a result, with the wasm functions in its traceback."""
    cdef uint32_t i = min(error.frame_count, <uint32_t>PW_ERROR_FRAMES)
    try:
        exception = exception_of(error, result, store)
        kept = [traceback_line(&error.frames[k], store) for k in range(i)]
    except BaseException as problem:
        set_clean(problem)
        return -1
    if exception.__traceback__ is None:
        PyErr_SetObject(type(exception), exception)  # this one sets __context__
    else:
        pwn_set_exception(exception)
    for file, function in reversed(kept):
        pwn_add_frame(file, function, {})
    return -1


cdef tuple traceback_line(const pw_frame_info *frame, Store store):
    cdef pw_module *module = pw_instance_module(frame.instance)
    cdef ModuleHandle handle = store.modules.get(<size_t>module)
    file = handle.file if handle is not None else "wasm"
    if frame.offset != PW_NO_OFFSET:
        file = f"{file} at {frame.offset:#x}"
    # The brackets keep the traceback from opening the binary in search of a source line.
    return f"<{file}>".encode(errors="replace"), function_name(module, frame.func_index).encode(errors="replace")


cdef int set_error(object error_type, str text) noexcept:
    """Sets an exception without a line of this file in its traceback."""
    PyErr_SetObject(error_type, text)
    return -1


cdef int set_clean(object problem) noexcept:
    """Sets an exception that was caught in here, without the lines of this file at the head of its traceback."""
    traceback = problem.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename.endswith((".pxi", ".pyx")):
        traceback = traceback.tb_next
    problem.__traceback__ = traceback
    pwn_set_exception(problem)
    return -1


cdef str type_name(object value):
    return type(value).__name__


def trap_texts():
    """The specification's message of every trap kind, in the order of the engine's list."""
    return tuple(c_text(pw_trap_text(<pw_trap_kind>i)) for i in range(1, <int>PW_TRAP_COUNT))
