# The C core as the compiled module sees it, and the layout of the module's own classes.

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport int32_t, int64_t, intptr_t, uint8_t, uint32_t, uint64_t


cdef extern from "<stdbool.h>" nogil:
    ctypedef bint c_bool "bool"


cdef extern from "pywasi.h":
    ctypedef struct pw_engine
    ctypedef struct pw_module
    ctypedef struct pw_store
    ctypedef struct pw_instance
    ctypedef struct pw_func
    ctypedef struct pw_memory
    ctypedef struct pw_shared_memory
    ctypedef struct pw_table
    ctypedef struct pw_global
    ctypedef struct pw_tag

    ctypedef enum pw_result:
        PW_OK
        PW_ERR_MALFORMED
        PW_ERR_INVALID
        PW_ERR_UNLINKABLE
        PW_ERR_TRAP
        PW_ERR_EXCEPTION
        PW_ERR_EXIT
        PW_ERR_HOST
        PW_ERR_NO_MEMORY
        PW_ERR_LIMIT
        PW_ERR_ARGUMENT
        PW_ERR_SUSPENDED

    ctypedef enum pw_trap_kind:
        PW_TRAP_NONE
        PW_TRAP_OUT_OF_FUEL
        PW_TRAP_COUNT
    const char *pw_trap_text(pw_trap_kind kind)

    enum:
        PW_ERROR_TEXT
        PW_ERROR_FRAMES
    const uint32_t PW_NO_INDEX
    const uint64_t PW_NO_OFFSET

    ctypedef struct pw_frame_info:
        pw_instance *instance
        uint32_t func_index
        uint64_t offset

    ctypedef struct pw_error:
        pw_result result
        pw_trap_kind trap
        uint32_t exit_code
        uint32_t func_index
        uint64_t offset
        uint32_t frame_count
        uint32_t frames_left_out
        pw_frame_info *frames
        char *text
    void pw_error_clear(pw_error *error)

    ctypedef uint32_t pw_val_type
    ctypedef uint64_t pw_slot
    enum:
        PW_KIND_I32
        PW_KIND_I64
        PW_KIND_F32
        PW_KIND_F64
        PW_KIND_V128
        PW_KIND_REF
        PW_KIND_REF_NULL
        PW_HEAP_ABSTRACT
        PW_HEAP_NOEXN
        PW_HEAP_NOFUNC
        PW_HEAP_NOEXTERN
        PW_HEAP_NONE
        PW_HEAP_FUNC
        PW_HEAP_EXTERN
        PW_HEAP_ANY
        PW_HEAP_EQ
        PW_HEAP_I31
        PW_HEAP_STRUCT
        PW_HEAP_ARRAY
        PW_HEAP_EXN
    pw_val_type PW_REF_TYPE(uint32_t kind, uint32_t heap)
    uint32_t PW_TYPE_KIND(pw_val_type type)
    uint32_t PW_TYPE_HEAP(pw_val_type type)
    const pw_val_type PW_I32, PW_I64, PW_F32, PW_F64, PW_V128, PW_FUNCREF, PW_EXTERNREF
    uint32_t pw_type_slots(pw_val_type type)

    ctypedef struct pw_func_type:
        uint32_t param_count
        uint32_t result_count
        const pw_val_type *params
        const pw_val_type *results

    ctypedef struct pw_limits:
        uint64_t min
        uint64_t max
        c_bool has_max
        c_bool shared
        c_bool is64
        uint8_t page_bits

    ctypedef struct pw_table_type:
        pw_val_type element
        pw_limits limits

    ctypedef struct pw_global_type:
        pw_val_type type
        c_bool is_mutable

    ctypedef enum pw_extern_kind:
        PW_EXTERN_FUNC
        PW_EXTERN_TABLE
        PW_EXTERN_MEMORY
        PW_EXTERN_GLOBAL
        PW_EXTERN_TAG

    ctypedef struct pw_extern_type:
        pw_extern_kind kind
        pw_func_type func
        pw_table_type table
        pw_limits memory
        pw_global_type globals "global"

    ctypedef struct pw_name:
        const char *bytes
        size_t length

    ctypedef struct pw_import_type:
        pw_name module
        pw_name name
        pw_extern_type type

    ctypedef struct pw_export_type:
        pw_name name
        uint32_t index
        pw_extern_type type

    size_t pw_val_type_text(pw_val_type type, char *out, size_t size)

    ctypedef enum pw_shell:
        PW_SHELL_DEFAULT
        PW_SHELL_ID_GOTO
        PW_SHELL_ID_SWITCH
        PW_SHELL_ID_TAIL
    ctypedef uint64_t pw_features
    enum:
        PW_FEATURE_COUNT
    pw_features pw_features_supported()
    pw_features pw_features_default()
    const char *pw_feature_standard(uint32_t bit)
    const char *pw_feature_text(uint32_t bit)

    ctypedef struct pw_engine_config:
        pw_shell shell
    pw_result pw_engine_new(const pw_engine_config *config, pw_engine **engine)
    void pw_engine_free(pw_engine *engine)
    const char *pw_engine_shell_name(const pw_engine *engine)

    void pw_module_retain(pw_module *module)
    void pw_module_free(pw_module *module) nogil
    size_t pw_module_import_count(const pw_module *module)
    void pw_module_import(const pw_module *module, size_t index, pw_import_type *out)
    size_t pw_module_export_count(const pw_module *module)
    void pw_module_export(const pw_module *module, size_t index, pw_export_type *out)
    pw_name pw_module_func_name(const pw_module *module, uint32_t func_index)
    pw_name pw_module_name(const pw_module *module)
    pw_features pw_module_features(const pw_module *module)
    void pw_module_bytes(const pw_module *module, const uint8_t **bytes, size_t *size)
    size_t pw_module_custom_count(const pw_module *module)
    void pw_module_custom(const pw_module *module, size_t index, pw_name *name, const uint8_t **bytes, size_t *size)

    ctypedef struct pw_section_info:
        uint8_t id
        uint64_t offset
        uint64_t size
        pw_name name
        uint32_t count
    size_t pw_module_section_count(const pw_module *module)
    void pw_module_section(const pw_module *module, size_t index, pw_section_info *out)
    uint32_t pw_module_func_count(const pw_module *module)
    uint32_t pw_module_imported_func_count(const pw_module *module)
    pw_result pw_module_func_body(const pw_module *module, uint32_t func_index, uint64_t *offset, uint64_t *size)
    void pw_module_func_type(const pw_module *module, uint32_t func_index, pw_func_type *out)
    pw_result pw_module_disassemble(const pw_module *module, uint64_t *offset, char *text, size_t size,
                                    int *depth_change)

    ctypedef struct pw_store_limits:
        uint64_t memory_bytes
        uint64_t table_elements
        uint32_t instances
        uint64_t stack_bytes
    ctypedef pw_result (*pw_poll_fn)(void *env) noexcept
    pw_result pw_store_new(pw_engine *engine, const pw_store_limits *limits, pw_store **store)
    void pw_store_free(pw_store *store) nogil
    void pw_store_set_poll(pw_store *store, pw_poll_fn poll, void *env)
    void pw_store_set_blocking(pw_store *store, void (*blocking)(void *env) noexcept)
    void pw_store_interrupt(pw_store *store)
    pw_result pw_store_count_fuel(pw_store *store)
    void pw_store_set_fuel(pw_store *store, uint64_t fuel)
    uint64_t pw_store_fuel(const pw_store *store)
    ctypedef struct pw_suspended
    c_bool pw_store_can_suspend(const pw_store *store)
    c_bool pw_store_can_give_way(const pw_store *store)
    pw_suspended *pw_store_take_suspended(pw_store *store)
    pw_result pw_suspended_resume(pw_suspended **suspended, pw_slot *slots)
    pw_func *pw_suspended_func(const pw_suspended *suspended)
    void pw_suspended_drop(pw_suspended *suspended)
    pw_suspended *pw_instance_take_suspended(pw_instance *instance)
    bint pw_suspended_ended(const pw_suspended *suspended)
    void pw_suspended_frames(pw_suspended *suspended, pw_error *error)
    pw_error *pw_store_error(pw_store *store)
    uint64_t pw_store_peak_memory(const pw_store *store)

    ctypedef union pw_extern_of:
        pw_func *func
        pw_table *table
        pw_memory *memory
        pw_global *globals "global"
        pw_tag *tag
    ctypedef struct pw_extern:
        pw_extern_kind kind
        pw_extern_of of
    c_bool pw_import_matches(const pw_module *module, size_t import_index, const pw_extern *value)
    pw_result pw_instance_new(pw_store *store, pw_module *module, const pw_extern *imports, size_t import_count,
                              pw_instance **instance, pw_error *error)
    pw_module *pw_instance_module(const pw_instance *instance)
    void pw_instance_export(pw_instance *instance, size_t export_index, pw_extern *out)

    ctypedef pw_result (*pw_host_fn)(void *env, pw_instance *caller, pw_slot *slots) noexcept
    pw_result pw_func_new(pw_store *store, const pw_func_type *type, pw_host_fn call, void *env,
                          void (*finalize)(void *env) noexcept, pw_func **func)
    pw_result pw_func_call(pw_func *func, pw_slot *slots)
    pw_slot *const *pw_store_frame(const pw_store *store)
    pw_result pw_func_call_frame(pw_func *func)
    void pw_func_type_of(const pw_func *func, pw_func_type *out)
    pw_instance *pw_func_instance(const pw_func *func, uint32_t *func_index)
    pw_store *pw_func_store(const pw_func *func)
    void *pw_func_host_env(const pw_func *func)
    pw_result pw_extern_new(pw_store *store, void *host, pw_slot *handle)
    void *pw_extern_host(pw_slot handle)
    void *pw_extern_next_dropped(pw_store *store)
    void pw_store_set_extern_dropped(pw_store *store, void (*dropped)(void *env) noexcept, void *env)
    c_bool pw_store_collection_is_due(const pw_store *store)
    pw_result pw_store_collect(pw_store *store)
    void pw_store_pause_collections(pw_store *store)
    void pw_store_resume_collections(pw_store *store)

    pw_result pw_memory_new(pw_store *store, const pw_limits *type, pw_memory **memory)
    void pw_memory_type_of(const pw_memory *memory, pw_limits *out)
    uint8_t *pw_memory_data(const pw_memory *memory)
    uint64_t pw_memory_size(const pw_memory *memory)
    uint64_t pw_memory_pages(const pw_memory *memory)
    pw_result pw_memory_grow(pw_memory *memory, uint64_t pages, uint64_t *old_pages)
    void pw_memory_pin(pw_memory *memory)
    void pw_memory_unpin(pw_memory *memory)

    pw_result pw_shared_memory_new(const pw_limits *type, uint64_t limit_bytes, pw_shared_memory **memory,
                                   pw_error *error)
    void pw_shared_memory_retain(pw_shared_memory *memory)
    void pw_shared_memory_free(pw_shared_memory *memory) nogil
    pw_shared_memory *pw_memory_shared(const pw_memory *memory)
    pw_result pw_shared_memory_join(pw_shared_memory *memory, pw_store *store, pw_memory **joined)
    void pw_shared_memory_type_of(const pw_shared_memory *memory, pw_limits *out)
    uint8_t *pw_shared_memory_data(const pw_shared_memory *memory)
    uint64_t pw_shared_memory_size(const pw_shared_memory *memory)
    pw_result pw_shared_memory_grow(pw_shared_memory *memory, uint64_t pages, uint64_t *old_pages)

    pw_result pw_table_new(pw_store *store, const pw_table_type *type, pw_slot init, pw_table **table)
    void pw_table_type_of(const pw_table *table, pw_table_type *out)
    uint64_t pw_table_size(const pw_table *table)
    pw_result pw_table_get(const pw_table *table, uint64_t index, pw_slot *value)
    pw_result pw_table_set(pw_table *table, uint64_t index, pw_slot value)
    pw_result pw_table_grow(pw_table *table, uint64_t count, pw_slot init, uint64_t *old_size)

    pw_result pw_global_new(pw_store *store, const pw_global_type *type, const pw_slot *value, pw_global **out)
    void pw_global_type_of(const pw_global *of, pw_global_type *out)
    void pw_global_get(const pw_global *of, pw_slot *value)
    pw_result pw_global_set(pw_global *of, const pw_slot *value)

    pw_result pw_tag_new(pw_store *store, const pw_func_type *type, pw_tag **tag)
    void pw_tag_type_of(const pw_tag *tag, pw_func_type *out)
    pw_slot pw_store_exception(pw_store *store)
    pw_tag *pw_exception_tag(pw_slot exception)
    const pw_slot *pw_exception_values(pw_slot exception)
    pw_result pw_raise_exception(pw_store *store, pw_tag *tag, const pw_slot *values)
    pw_result pw_rethrow_exception(pw_store *store, pw_slot exception)
    ctypedef enum pw_ref_kind:
        PW_REF_KIND_NULL
        PW_REF_KIND_FUNC
        PW_REF_KIND_HOST
        PW_REF_KIND_EXCEPTION
        PW_REF_KIND_STRUCT
        PW_REF_KIND_ARRAY
        PW_REF_KIND_I31
    pw_ref_kind pw_ref_kind_of(pw_slot reference)
    c_bool pw_ref_fits(const pw_store *store, pw_slot reference, pw_val_type type)
    pw_slot pw_i31_new(uint32_t value)
    int32_t pw_i31_value(pw_slot reference)
    ctypedef struct pw_field_info:
        pw_val_type type
        uint8_t packed_bits
        c_bool is_mutable
    pw_result pw_object_field(pw_slot reference, uint32_t index, pw_field_info *out)
    uint32_t pw_object_length(pw_slot reference)
    pw_result pw_object_get(pw_slot reference, uint32_t index, pw_slot *value, pw_val_type *type)
    pw_result pw_object_set(pw_store *store, pw_slot reference, uint32_t index, const pw_slot *value)
    pw_result pw_ref_hold(pw_store *store, pw_slot reference)
    void pw_ref_release(pw_store *store, pw_slot reference)


cdef extern from "pywasi_wasi.h":
    ctypedef struct pw_wasi_config
    ctypedef struct pw_wasi
    pw_result pw_wasi_config_new(pw_wasi_config **config)
    void pw_wasi_config_free(pw_wasi_config *config)
    pw_result pw_wasi_config_arg(pw_wasi_config *config, const char *bytes, size_t length)
    pw_result pw_wasi_config_env(pw_wasi_config *config, const char *name, size_t name_length, const char *value,
                                 size_t value_length)
    pw_result pw_wasi_config_socket(pw_wasi_config *config, intptr_t socket, const char *name, uint32_t access)
    enum:
        PW_WASI_READ
        PW_WASI_WRITE
        PW_WASI_READ_ONLY
        PW_WASI_READ_WRITE
    pw_result pw_wasi_config_dir(pw_wasi_config *config, const char *host_path, const char *guest_path,
                                 uint32_t access)
    ctypedef struct pw_wasi_tree
    uint64_t PW_WASI_NOW
    pw_result pw_wasi_tree_new(uint64_t cap, pw_wasi_tree **tree)
    void pw_wasi_tree_free(pw_wasi_tree *tree)
    pw_result pw_wasi_config_tree(pw_wasi_config *config, pw_wasi_tree *tree, const char *guest_path,
                                  uint32_t access)
    uint64_t pw_wasi_tree_used(pw_wasi_tree *tree)
    uint32_t pw_wasi_tree_put(pw_wasi_tree *tree, const char *path, size_t length, const uint8_t *data, size_t size,
                              uint64_t modified)
    uint32_t pw_wasi_tree_make_dir(pw_wasi_tree *tree, const char *path, size_t length)
    uint32_t pw_wasi_tree_link(pw_wasi_tree *tree, const char *path, size_t length, const char *content,
                               size_t content_length)
    uint32_t pw_wasi_tree_remove(pw_wasi_tree *tree, const char *path, size_t length)
    uint32_t pw_wasi_tree_get(pw_wasi_tree *tree, const char *path, size_t length, c_bool follow,
                              void (*take)(void *env, const uint8_t *data, size_t size) noexcept, void *env)
    uint32_t pw_wasi_tree_list(pw_wasi_tree *tree, const char *path, size_t length,
                               void (*entry)(void *env, const char *name, size_t length, uint8_t type,
                                             uint64_t size) noexcept, void *env)
    const char *pw_wasi_errno_name(uint32_t number)
    const size_t PW_WASI_WOULD_BLOCK
    ctypedef enum pw_wasi_stdio_kind:
        PW_WASI_STDIO_NULL
        PW_WASI_STDIO_BYTES
        PW_WASI_STDIO_FD
        PW_WASI_STDIO_CALLBACK
    ctypedef struct pw_wasi_stdio:
        pw_wasi_stdio_kind kind
        const uint8_t *data
        size_t size
        uint64_t cap
        c_bool is_capped
        c_bool is_tty
        int fd
        c_bool waits
        pw_result (*read)(void *env, uint8_t *buffer, size_t size, size_t *done) noexcept
        pw_result (*write)(void *env, const uint8_t *data, size_t size, size_t *done) noexcept
        pw_result (*held)(void *env, uint8_t *buffer, size_t size, size_t *done) noexcept
        void *env
    pw_result pw_wasi_config_stdio(pw_wasi_config *config, int stream, const pw_wasi_stdio *stdio)
    void pw_wasi_config_fixed_clock(pw_wasi_config *config, uint64_t ns)
    void pw_wasi_config_seeded_random(pw_wasi_config *config, uint64_t seed)
    void pw_wasi_config_max_fds(pw_wasi_config *config, uint32_t count)
    ctypedef struct pw_wasi_denial:
        const char *call
        const char *wanted
        const char *granted
        uint32_t access
        char *path
    ctypedef struct pw_wasi_use:
        const char *call
        const char *granted
        uint32_t access
        const char *raw
        size_t raw_length
        c_bool is_below
        intptr_t dir
        char *path
    ctypedef struct pw_wasi_hooks:
        void *env
        pw_result (*poll)(void *env) noexcept
        void (*release)(void *env) noexcept
        void (*acquire)(void *env) noexcept
        void (*denied)(void *env, const pw_wasi_denial *denial) noexcept
        pw_result (*used)(void *env, const pw_wasi_use *use, c_bool *allowed) noexcept
        c_bool (*listening)(void *env) noexcept
    void pw_wasi_config_hooks(pw_wasi_config *config, const pw_wasi_hooks *hooks)
    pw_result pw_wasi_new(const pw_wasi_config *config, pw_wasi **wasi, pw_error *error)
    pw_result pw_wasi_renew(pw_wasi *wasi, const pw_wasi_config *config, pw_error *error)
    c_bool pw_wasi_next_changed(const pw_wasi *wasi, uint32_t *fd, c_bool *open)
    void pw_wasi_free(pw_wasi *wasi)
    void pw_wasi_output(const pw_wasi *wasi, int stream, void (*take)(void *, const uint8_t *, size_t) noexcept, void *env,
                        c_bool *capped)


cdef extern from "native_run.h":
    ctypedef struct pwn_run:
        PyObject *store
        int depth
        int slice_ns
        int64_t deadline
        int is_eager
        int dropped
        int thrown
        int cancelled
        int64_t timeout_ns
        c_bool is_lost
        void *released
        c_bool listened
    int pwn_run_init(pwn_run *run, PyObject *store) except -1
    void pwn_run_destroy(pwn_run *run)
    int pwn_enter(pwn_run *run)
    int pwn_try_enter(pwn_run *run)
    void pwn_after_fork()
    void pwn_leave(pwn_run *run)
    void pwn_leave_attached(pwn_run *run)
    void pwn_attach(pwn_run *run)
    void pwn_detach(pwn_run *run)
    c_bool (*pwn_listening)() noexcept


cdef extern from "native_publish.h":
    c_bool pwn_is_published(const int *flag)
    void pwn_publish(int *flag)


cdef extern from "native_poll.h":
    ctypedef enum pwn_stop:
        PWN_GO_ON
        PWN_STOP_SIGNAL
        PWN_STOP_TIMEOUT
        PWN_STOP_CANCELLED
        PWN_GIVE_WAY
    unsigned long pwn_main_thread
    pwn_stop pwn_poll_step(pwn_run *run)
    void pwn_block(pwn_run *run)
    void pwn_note_dropped(pwn_run *run)


cdef extern from "native_compat.h":
    object pwn_take_exception()
    void pwn_set_exception(object value)
    c_bool pwn_has_audit_hook()
    void pwn_add_frame(const char *file, const char *function, object globals)
    int pwn_set_in_type(PyTypeObject *type, const char *name, object value) except -1
    void pwn_enable_vectorcall(PyTypeObject *type, const void *object, const void *field)


cdef extern from "native_numbers.h":
    cdef enum pwn_kind:
        K_I32, K_I64, K_F32, K_F64, K_V128, K_FUNC, K_EXTERN, K_OTHER
    pw_slot pwn_from_f32(float number)
    pw_slot pwn_from_f64(double number)
    c_bool pwn_number_to_slot(unsigned kind, PyObject *value, pw_slot *slot)
    c_bool pwn_numbers_to_slots(const uint8_t *kinds, size_t count, PyObject *const *values, pw_slot *slots)
    c_bool pwn_small_offset(PyObject *number, uint64_t *offset)
    c_bool pwn_small_slice(PyObject *slice, uint64_t *start, uint64_t *stop)
    PyObject *pwn_number_from_slot(unsigned kind, pw_slot slot)


cdef extern from "native_call.h":
    ctypedef PyObject *(*pwn_otherwise)(PyObject *, PyObject *const *, size_t, PyObject *) noexcept
    ctypedef PyObject *(*pwn_end)(PyObject *, pw_result, const pw_slot *) noexcept
    ctypedef struct pwn_plain:
        pw_func *func
        pw_slot *const *frame
        const uint8_t *kinds
        uint32_t params
        c_bool has_result
        c_bool is_i32
    PyObject *pwn_call_plain(const pwn_plain *plain, pwn_run *run, PyObject *callable, PyObject *const *args,
                             pwn_otherwise otherwise, pwn_end end) noexcept


# A signature, ready for calls: kinds and types of the parameters, then of the results.
cdef struct signature:
    uint32_t params
    uint32_t results
    uint32_t slots           # room that a call needs
    c_bool has_refs          # among the values can be references to the collected heap
    c_bool is_plain          # a few numbers, and at most one as the result: call_plain can do it
    uint8_t *kinds
    pw_val_type *types


ctypedef PyObject *(*vectorcall_type)(PyObject *, PyObject *const *, size_t, PyObject *) noexcept


cdef class Owned:
    # What C code of a store points to, so that it has to stay until the store goes. Stores chain them: a list could
    # be emptied by the garbage collector while the pointers are still in use.
    cdef Owned next_owned


cdef class Store:
    cdef pw_store *ptr
    cdef pwn_run run
    cdef Owned owned
    cdef dict externs        # id -> object that the guest holds an externref to
    cdef dict wrappers       # address of a C object -> weak reference to its wrapper
    cdef dict modules        # address of a pw_module -> ModuleHandle
    cdef dict names          # address of a function of the host -> its name
    cdef object pending      # what a host function or a poll raised, on its way out of the wasm frames
    cdef object thrown       # the WasmException that was last thrown in the guest, until a call ends
    cdef list dropped        # references to release once the store is free
    cdef dict origins        # address of an instance -> what function_handles.py needs to send its functions
    cdef object awaited      # what the host function that suspended the call returned; None: it gave way to others
    cdef object reply        # for the host function whose call goes on: (it went well, value or exception)
    cdef readonly object flights  # calls that are in flight: aio.py
    cdef bint counts_fuel
    cdef readonly object limits
    cdef object __weakref__

    cdef int enter(self) except -1
    cdef int let_go(self) except -1
    cdef int own(self, Owned item) except -1
    cdef object known(self, void *address)
    cdef int know(self, void *address, object wrapper) except -1
    cdef int call_it(self, void *function, str name) except -1


cdef class ModuleHandle:
    cdef pw_module *ptr
    cdef readonly str file   # what tracebacks call it
    cdef object __weakref__

    cdef dict instance_exports(self, Store store, pw_instance *instance)


cdef class Suspended:
    cdef pw_suspended *ptr   # NULL: it has gone on
    cdef readonly Store store
    cdef Func func
    cdef int64_t deadline
    cdef readonly object awaited
    cdef object __weakref__

    cdef int check(self) except -1
    cdef int resume_slots(self, uint64_t fuel, pw_slot *slots) noexcept
    cdef object go_on(self, int slice_ns)


cdef struct host_env:
    pwn_run *run
    PyObject *self           # the HostFunc or WasiState, borrowed: the store owns it


cdef class HostFunc(Owned):
    cdef host_env env
    cdef object callable
    cdef str name
    cdef signature sig


cdef class Func:
    cdef vectorcall_type vectorcall
    cdef pw_func *ptr
    cdef Store store         # None: made in Python and not yet bound, or being collected
    cdef int bound           # published when all that a call needs is there
    cdef pwn_plain plain     # where sig.is_plain
    cdef signature sig
    cdef object callable     # of an unbound function
    cdef object type_
    cdef object name_, doc_, module_, qualname_
    cdef object __weakref__

    cdef bint is_bound(self) noexcept
    cdef int bind(self, Store store) except -1
    cdef int bind_entered(self, Store store) except -1
    cdef void make_plain(self) noexcept
    cdef pw_func *pointer(self) except NULL
    cdef int call_slots(self, pw_slot *slots) noexcept
    cdef str shown_name(self)
    cdef int bits_to_slots(self, Store store, tuple args, pw_slot *slots) except -1
    cdef tuple slots_to_bits(self, Store store, const pw_slot *slots)
    cdef tuple held_to_bits(self, Store store, const pw_slot *slots)


cdef class Memory:
    cdef pw_memory *ptr      # of a memory that is not shared
    cdef Store store
    cdef int bound           # as that of a Func
    cdef object type_        # of an unbound memory
    cdef pw_shared_memory *shared  # of one that is: it belongs to no store, and has a record in each that it is in
    cdef object __weakref__

    cdef int make_shared(self) except -1
    cdef bint is_bound(self) noexcept
    cdef int bind(self, Store store) except -1
    cdef int bind_entered(self, Store store) except -1
    cdef pw_memory *pointer(self) except NULL
    cdef pw_memory *pointer_in(self, Store store) except NULL
    cdef pw_result grow_in_store(self, uint64_t more, uint64_t *before) except *
    cdef uint8_t *data(self) noexcept
    cdef uint64_t bytes_now(self) except? 0xffffffffffffffff
    cdef int check(self, uint64_t start, uint64_t count) except -1
    cdef int slice_range(self, object key, uint64_t *start, uint64_t *count) except -1
    cdef int rare_range(self, object key, uint64_t *start, uint64_t *count) except -1


cdef class Table:
    cdef pw_table *ptr
    cdef Store store
    cdef int bound           # as that of a Func
    cdef object type_, init
    cdef pw_val_type element
    cdef object __weakref__

    cdef bint is_bound(self) noexcept
    cdef int bind(self, Store store) except -1
    cdef int bind_entered(self, Store store) except -1
    cdef pw_table *pointer(self) except NULL
    cdef uint64_t check(self, object index) except? 0xffffffffffffffff


cdef class Global:
    cdef pw_global *ptr
    cdef Store store
    cdef int bound           # as that of a Func
    cdef object type_, init
    cdef pw_global_type spec
    cdef object __weakref__

    cdef bint is_bound(self) noexcept
    cdef int bind(self, Store store) except -1
    cdef int bind_entered(self, Store store) except -1
    cdef pw_global *pointer(self) except NULL


cdef class Tag:
    cdef pw_tag *ptr
    cdef Store store
    cdef int bound           # as that of a Func
    cdef object type_
    cdef object __weakref__

    cdef bint is_bound(self) noexcept
    cdef int bind(self, Store store) except -1
    cdef int bind_entered(self, Store store) except -1
    cdef pw_tag *pointer(self) except NULL


cdef class Ref:
    cdef pw_slot reference   # held; 0 in a Ref that Python made without __init__
    cdef Store store         # None: an i31, which belongs to none
    cdef object __weakref__


cdef class ExnRef(Ref):
    pass


cdef class Struct(Ref):
    pass


cdef class Array(Ref):
    pass


cdef class I31(Ref):
    pass


cdef class Tree:
    cdef pw_wasi_tree *ptr
    cdef readonly unsigned long long size  # bytes that it may hold


cdef class WasiState(Owned):
    cdef pw_wasi *ptr
    cdef host_env env
    cdef tuple files         # what stdin, stdout and stderr were given as
    cdef readonly str name   # of whom it is the state, for the audit log
    cdef readonly dict hosts # guest path of a grant -> host path
    cdef readonly list denials  # the first ones and the last one
    cdef readonly unsigned long long denied
    cdef readonly dict windows  # event -> how much of it was logged lately

    cdef int build(self, list args, list env, tuple stdio, list dirs, object clock, object seed, object output,
                   object open_files, list sockets) except -1
    cdef int configure(self, pw_wasi_config *config, list args, list env, list dirs) except -1
    cdef int set_stdio(self, pw_wasi_config *config, int stream, object what, object output) except -1
    cdef int set_hooks(self, pw_wasi_config *config) except -1
