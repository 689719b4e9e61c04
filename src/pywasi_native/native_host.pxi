# Python callables as functions that wasm can call.

cdef enum:
    WAITS = 1  # beside 0 and -1


@cython.final
@cython.no_gc_clear
cdef class HostFunc(Owned):
    """A Python callable behind a function of the store."""

    def __dealloc__(self):
        signature_free(&self.sig)


cdef pw_func *new_host_func(Store store, const pw_func_type *type, object callable, str name) except NULL:
    cdef HostFunc host = HostFunc.__new__(HostFunc)
    cdef pw_func *function = NULL
    signature_fill(&host.sig, type)
    host.callable, host.name = callable, name
    host.env.run, host.env.self = &store.run, <PyObject *>host
    store.own(host)
    check_result(pw_func_new(store.ptr, type, host_entry, &host.env, NULL, &function), store)
    store.call_it(function, name)
    return function


cdef Func make_host_func(Store store, const pw_func_type *type, object callable, str name):
    """For those who have entered the store."""
    if not PyCallable_Check(callable):
        raise TypeError(f"{name} must be callable, not {type_name(callable)}")
    return wrap_func(store, new_host_func(store, type, callable, name), name)


cdef pw_result host_entry(void *env, pw_instance *caller, pw_slot *slots) noexcept:
    # Nothing of Python may be touched before the thread is attached again.
    pwn_attach((<host_env *>env).run)
    cdef HostFunc host = <HostFunc>(<host_env *>env).self
    return host_call_with_refs(host, slots) if host.sig.has_refs else host_call(host, slots)


cdef pw_result host_call_with_refs(HostFunc host, pw_slot *slots) noexcept:
    """Holds the references among the arguments during the call: the guest may forget them meanwhile."""
    cdef Store store = <Store>host.env.run.store
    cdef pw_result result
    cdef pw_slot *kept = <pw_slot *>PyMem_Malloc((host.sig.slots + 1) * sizeof(pw_slot))
    if kept == NULL:
        store.pending = MemoryError()
        return PW_ERR_HOST
    memcpy(kept, slots, host.sig.slots * sizeof(pw_slot))  # the results come to the same place
    if hold_refs(store, host.sig.kinds, host.sig.params, kept) < 0:
        result = host_failed(store)
    else:
        result = host_call(host, slots)
        release_refs(store, host.sig.kinds, host.sig.params, kept)
    PyMem_Free(kept)
    return result


cdef pw_result host_call(HostFunc host, pw_slot *slots) noexcept:
    cdef Store store = <Store>host.env.run.store
    cdef PyObject *few[9]
    cdef PyObject **arguments = few
    cdef PyObject *answer = NULL
    cdef uint32_t count = host.sig.params, made = 0, i
    cdef const pw_slot *slot = slots
    cdef pw_result stopped = PW_OK
    cdef int failed = 0
    if store.reply is not None:
        return host_replied(host, store, slots)
    if count > 8:
        arguments = <PyObject **>PyMem_Malloc((count + 1) * sizeof(PyObject *))
        if arguments == NULL:
            store.pending = MemoryError()
            return PW_ERR_HOST
    # The first place stays free for the callee's use (PY_VECTORCALL_ARGUMENTS_OFFSET).
    while made < count:
        arguments[made + 1] = from_slot(store, host.sig.kinds[made], slot)
        if arguments[made + 1] == NULL:
            break
        slot += 2 if host.sig.kinds[made] == K_V128 else 1
        made += 1
    if host.sig.has_refs and pw_store_collection_is_due(store.ptr):
        stopped = pw_store_collect(store.ptr)  # the arguments are held
        pwn_attach(&store.run)
    if made == count and stopped == PW_OK:
        answer = PyObject_Vectorcall_(<PyObject *>host.callable, arguments + 1, count | VECTORCALL_OFFSET, NULL)
    for i in range(made):
        Py_DECREF_(arguments[i + 1])
    if arguments != few:
        PyMem_Free(arguments)
    if stopped != PW_OK:
        return stopped
    if answer != NULL:
        failed = host_results(host, store, answer, slots)
        if failed == WAITS:
            Py_DECREF_(answer)
            return PW_ERR_SUSPENDED
        if failed or not host.sig.has_refs:
            Py_DECREF_(answer)
        else:
            failed = drop_answer(host, store, answer, slots)
    if answer == NULL or failed:
        return host_failed(store)
    return PW_OK


cdef int drop_answer(HostFunc host, Store store, PyObject *answer, const pw_slot *slots) noexcept:
    """The objects may die, and finalizers run the guest; the references in the slots live until it goes on."""
    cdef const uint8_t *kinds = host.sig.kinds + host.sig.params
    cdef int failed = hold_refs(store, kinds, host.sig.results, slots)
    Py_DECREF_(answer)
    if failed == 0:
        release_refs(store, kinds, host.sig.results, slots)
    return failed


cdef int host_results(HostFunc host, Store store, PyObject *answer, pw_slot *slots) noexcept:
    """Converts what the callable returned; -1 with an exception, WAITS when it is to be awaited first."""
    cdef uint32_t at = host.sig.params
    cdef int why
    if host.sig.has_refs and is_coroutine(answer):  # any object could be a reference
        return host_waits(host, store, answer)
    if host.sig.results == 1:
        why = to_slot(store, host.sig.kinds[at], host.sig.types[at], answer, slots)
        if why == FITS:
            return 0
        if why == FAILED:
            return -1
        return host_waits(host, store, answer) if is_awaitable(answer) else wrong_result(host, why, answer)
    if host.sig.results == 0 and answer == <PyObject *>None:
        return 0
    if is_awaitable(answer):
        return host_waits(host, store, answer)
    return host_rare_results(host, store, answer, slots)


cdef bint is_coroutine(PyObject *answer) noexcept:
    return isinstance(<object>answer, support("CoroutineType"))


cdef bint is_awaitable(PyObject *answer) noexcept:
    return hasattr(type(<object>answer), "__await__")


cdef int host_waits(HostFunc host, Store store, PyObject *answer) noexcept:
    """The callable gave an awaitable: the call is suspended until there is a result."""
    if store.run.slice_ns and pw_store_can_suspend(store.ptr):
        store.awaited = <object>answer
        return WAITS
    return refuse_awaitable(host, answer, "not_nested" if store.run.slice_ns else "not_awaited")


cdef int refuse_awaitable(HostFunc host, PyObject *answer, str why) noexcept:
    try:
        close = getattr(<object>answer, "close", None)
        if close is not None:
            close()  # it would complain that nobody awaits it
        support("awaitable_refused")(host.name, why)
    except BaseException as problem:
        set_clean(problem)
    return -1


cdef pw_result host_replied(HostFunc host, Store store, pw_slot *slots) noexcept:
    """The call goes on that the function suspended: what was awaited is there."""
    cdef int failed
    cdef PyObject *answer
    went_well, outcome = store.reply
    store.reply = None
    if not went_well:
        pwn_set_exception(outcome)
        return host_failed(store)
    answer = <PyObject *>outcome
    failed = host_results(host, store, answer, slots)
    if failed == WAITS:
        store.awaited = None
        refuse_awaitable(host, answer, "not_twice")
    elif failed == 0 and host.sig.has_refs:
        Py_INCREF(outcome)
        failed = drop_answer(host, store, answer, slots)
    return host_failed(store) if failed else PW_OK


cdef int wrong_result(HostFunc host, int why, PyObject *answer) noexcept:
    try:
        raise_misfit(f"{host.name}() result", why, host.sig.types[host.sig.params], <object>answer)
    except BaseException as problem:
        set_clean(problem)
    return -1


cdef int host_rare_results(HostFunc host, Store store, PyObject *answer, pw_slot *slots) noexcept:
    try:
        if host.sig.results == 0:
            raise TypeError(f"{host.name}() must return None, not {type_name(<object>answer)}: "
                            "its type has no results")
        host_many_results(host, store, <object>answer, slots)
    except BaseException as problem:
        set_clean(problem)
        return -1
    return 0


cdef int host_many_results(HostFunc host, Store store, object answer, pw_slot *slots) except -1:
    cdef uint32_t count = host.sig.results, at = host.sig.params, i
    if not isinstance(answer, (tuple, list)):
        raise TypeError(f"{host.name}() must return a tuple of {count}, not {type_name(answer)}")
    if len(answer) != count:
        raise TypeError(f"{host.name}() must return {count} values, not {len(answer)}")
    pw_store_pause_collections(store.ptr)  # what is converted is no root until the guest goes on
    try:
        for i in range(count):
            convert(store, host.sig.types[at + i], answer[i], slots, f"{host.name}() result {i + 1}")
            slots += pw_type_slots(host.sig.types[at + i])
    finally:
        pw_store_resume_collections(store.ptr)
    return 0
