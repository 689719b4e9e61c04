# Many calls of one function, for workers of a pool.

cdef extern from "native_batch.h":
    ctypedef struct pwn_batch:
        pw_store *store
        pw_func *func
        pw_slot *values
        size_t stride
        size_t count
        const pw_snapshot *state
        pw_instance *instance
        c_bool is_fresh
        c_bool counts_fuel
        uint64_t fuel
        pw_error error
        c_bool is_made
    size_t pwn_run_batch(pwn_run *run, pwn_batch *batch, size_t next, pw_result *result) noexcept


def run_batch(Func function not None, InstanceHandle instance not None, SnapshotHandle state, bint is_fresh, list tasks not None,
              Py_ssize_t start, Py_ssize_t stop, list results not None):
    """Calls a function that has no references in its type with each of ``tasks[start:stop]``, tuples of arguments, and
    appends what the calls give to `results`. Before each call the instance gets the state, if there is one, and the
    fuel of its limits; before the first one not if it `is_fresh`. The GIL is given away for all of them.

    Raises:
        what the first call that fails raises; the results of those before it are there.
    """
    cdef Store store = function.store
    cdef pwn_batch batch
    cdef Py_ssize_t i
    memset(&batch, 0, sizeof(batch))
    if function.sig.has_refs or store is None or store is not instance.store:
        raise ValueError("no function for a batch: it has references in its type, or belongs to another store")
    if not 0 <= start < stop <= len(tasks):
        raise IndexError("there are no such tasks")
    batch.store, batch.func, batch.instance = store.ptr, function.ptr, instance.ptr
    batch.stride, batch.is_fresh = function.sig.slots + 1, is_fresh
    if state is not None:
        batch.state = state.ptr
        batch.counts_fuel = store.counts_fuel
        batch.fuel = store.limits.fuel if store.counts_fuel else 0
    if <size_t>(stop - start) > (<size_t>1 << 60) / (batch.stride * sizeof(pw_slot)):
        raise MemoryError()
    batch.values = <pw_slot *>PyMem_Malloc(<size_t>(stop - start) * batch.stride * sizeof(pw_slot))
    if batch.values == NULL:
        raise MemoryError()
    problem = None
    try:
        for i in range(start, stop):
            try:
                put_task(function, tasks[i], batch.values + batch.count * batch.stride)
            except BaseException as error:
                problem = error
                break
            batch.count += 1
        store.enter()
        try:
            finish_batch(function, store, &batch, results)
        finally:
            pwn_leave(&store.run)
        if problem is not None:
            raise problem
    finally:
        PyMem_Free(batch.values)


def holds_objects(Store store not None):
    """Whether the guest refers to Python objects."""
    return len(store.externs) > 0


cdef int put_task(Func function, tuple task, pw_slot *slots) except -1:
    """The arguments of a call into slots."""
    cdef PyObject *items[LOCAL_SLOTS]
    cdef PyObject **all_items = items
    cdef Py_ssize_t i
    cdef int failed
    if <uint32_t>len(task) != function.sig.params:
        raise TypeError(count_text(function, len(task)))
    if len(task) > LOCAL_SLOTS:
        all_items = <PyObject **>PyMem_Malloc(len(task) * sizeof(PyObject *))
        if all_items == NULL:
            raise MemoryError()
    for i in range(len(task)):
        all_items[i] = <PyObject *>task[i]
    failed = put_arguments(function, all_items, slots)
    if all_items != items:
        PyMem_Free(all_items)
    if failed < 0:
        raise_set()
    return 0


cdef int finish_batch(Func function, Store store, pwn_batch *batch, list results) except -1:
    """Makes the calls and takes their results. Entered."""
    cdef size_t taken = 0, done = 0
    cdef pw_result result = PW_OK
    while done < batch.count:
        done = pwn_run_batch(&store.run, batch, done, &result)
        while taken < done:
            take_outcome(function, store, PW_OK, batch.values + taken * batch.stride, results)
            taken += 1
        if done == batch.count:
            break
        if not batch.is_made:
            raise exception_of(&batch.error, result, None)
        take_outcome(function, store, result, batch.values + done * batch.stride, results)
        done += 1
        taken = done
    return 0


cdef int take_outcome(Func function, Store store, pw_result result, const pw_slot *slots, list results) except -1:
    """Appends the result of a call, or raises what it ended with."""
    cdef PyObject *answer = finish_call(function, store, result, slots)
    if answer == NULL:
        raise_set()
    made = <object>answer
    Py_DECREF_(answer)
    results.append(made)
    return 0
