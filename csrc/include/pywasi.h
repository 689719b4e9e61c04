/* pywasi.h - the one public header of the C core. Read it top to bottom.
 *
 *   engine    types shared by everything, the dispatch shell, the features     one per process or per interpreter
 *   module    decoded and validated code; immutable, shared by threads
 *   store     the heap: instances, functions, memories, tables, globals; serves one thread at a time
 *   instance  a module joined with its imports
 *
 * Ownership: whoever makes an engine, module or store frees it with the function of its name; freeing drops one
 * reference. Everything inside a store (instances, functions, memories, tables, globals) lives as long as the
 * store does: their pointers stay valid until the last reference to the store is dropped.
 *
 * Threads: engines, modules and shared memories may be used from any thread at any time. A store and all that is in
 * it serve one thread at a time; the embedder holds a lock of its own around uses.
 *
 * Errors: every function that can fail returns a pw_result; details go to the pw_error that was passed, or, for
 * what happens inside a call, to the store's (pw_store_error). The first error wins.
 */
#ifndef PYWASI_H
#define PYWASI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define PW_MUST_USE __attribute__((warn_unused_result))
#else
#define PW_MUST_USE
#endif

typedef struct pw_engine pw_engine;
typedef struct pw_module pw_module;
typedef struct pw_store pw_store;
typedef struct pw_instance pw_instance;
typedef struct pw_func pw_func;
typedef struct pw_memory pw_memory;
typedef struct pw_shared_memory pw_shared_memory;
typedef struct pw_table pw_table;
typedef struct pw_global pw_global;
typedef struct pw_tag pw_tag;
typedef struct pw_snapshot pw_snapshot;

/* ---- Results and errors ------------------------------------------------------------------------------------- */

typedef enum pw_result {
    PW_OK = 0,
    PW_ERR_MALFORMED,   /* the bytes are no module */
    PW_ERR_INVALID,     /* well formed, not valid */
    PW_ERR_UNLINKABLE,  /* an import is missing or of another type */
    PW_ERR_TRAP,        /* the spec's traps; exhaustion of the call stack too (trap kind tells) */
    PW_ERR_EXCEPTION,   /* a wasm exception that nothing caught: pw_store_exception */
    PW_ERR_EXIT,        /* proc_exit: exit_code tells */
    PW_ERR_HOST,        /* a host function or poll hook failed; the embedder knows why */
    PW_ERR_NO_MEMORY,   /* the host refused memory */
    PW_ERR_LIMIT,       /* a limit of the engine or the store was reached */
    PW_ERR_ARGUMENT,    /* the embedder passed something that does not fit */
    PW_ERR_SUSPENDED    /* not an end: the call can go on, pw_store_take_suspended */
} pw_result;

typedef enum pw_trap_kind {
    PW_TRAP_NONE = 0,
#define PW_TRAP(name, text) PW_TRAP_##name,
#include "base/traps.def"
#undef PW_TRAP
    PW_TRAP_COUNT
} pw_trap_kind;

/* The spec's message of a trap kind, e.g. "integer divide by zero". */
const char *pw_trap_text(pw_trap_kind kind);

#define PW_ERROR_TEXT 480
#define PW_ERROR_FRAMES 64

/* One wasm function on the stack at the time of a trap. */
typedef struct pw_frame_info {
    pw_instance *instance;
    uint32_t func_index; /* index in the instance's function index space */
    uint64_t offset;     /* byte offset of the instruction in the module */
} pw_frame_info;

#define PW_NO_INDEX UINT32_MAX
#define PW_NO_OFFSET UINT64_MAX

typedef struct pw_error {
    pw_result result;
    pw_trap_kind trap;
    uint32_t exit_code;        /* of PW_ERR_EXIT */
    uint32_t func_index;       /* of PW_ERR_INVALID, or PW_NO_INDEX */
    uint64_t offset;           /* of PW_ERR_MALFORMED and PW_ERR_INVALID: byte in the module, or PW_NO_OFFSET */
    uint32_t frame_count;      /* frames kept below; outermost first */
    uint32_t frames_left_out;  /* frames in the middle that did not fit */
    pw_frame_info frames[PW_ERROR_FRAMES];
    char text[PW_ERROR_TEXT];  /* what was wrong, in English, UTF-8, NUL-terminated */
} pw_error;

void pw_error_clear(pw_error *error);

/* ---- Types ---------------------------------------------------------------------------------------------------- */

/* A value type in 32 bits:
 *
 *    31                                8 7              0
 *   +-----------------------------------+---------------+
 *   | heap type (references only)       | kind          |
 *   +-----------------------------------+---------------+
 *
 * kind is the byte of the binary format; REF is non-null (0x64), REF_NULL nullable (0x63). The heap type is a type
 * index of the module (or a canonical id of the engine, where a type left its module) below PW_HEAP_ABSTRACT, else
 * PW_HEAP_ABSTRACT | byte of the abstract heap type. Shorthands (funcref = 0x70) are stored in the long form.
 */
typedef uint32_t pw_val_type;

enum {
    PW_KIND_I32 = 0x7f,
    PW_KIND_I64 = 0x7e,
    PW_KIND_F32 = 0x7d,
    PW_KIND_F64 = 0x7c,
    PW_KIND_V128 = 0x7b,
    PW_KIND_REF = 0x64,
    PW_KIND_REF_NULL = 0x63
};

#define PW_HEAP_ABSTRACT 0xffff00u
enum {
    PW_HEAP_NOEXN = PW_HEAP_ABSTRACT | 0x74,
    PW_HEAP_NOFUNC = PW_HEAP_ABSTRACT | 0x73,
    PW_HEAP_NOEXTERN = PW_HEAP_ABSTRACT | 0x72,
    PW_HEAP_NONE = PW_HEAP_ABSTRACT | 0x71,
    PW_HEAP_FUNC = PW_HEAP_ABSTRACT | 0x70,
    PW_HEAP_EXTERN = PW_HEAP_ABSTRACT | 0x6f,
    PW_HEAP_ANY = PW_HEAP_ABSTRACT | 0x6e,
    PW_HEAP_EQ = PW_HEAP_ABSTRACT | 0x6d,
    PW_HEAP_I31 = PW_HEAP_ABSTRACT | 0x6c,
    PW_HEAP_STRUCT = PW_HEAP_ABSTRACT | 0x6b,
    PW_HEAP_ARRAY = PW_HEAP_ABSTRACT | 0x6a,
    PW_HEAP_EXN = PW_HEAP_ABSTRACT | 0x69
};

#define PW_REF_TYPE(kind, heap) ((pw_val_type)(kind) | ((pw_val_type)(heap) << 8))
#define PW_TYPE_KIND(type) ((uint32_t)(type) & 0xffu)
#define PW_TYPE_HEAP(type) ((uint32_t)(type) >> 8)

#define PW_I32 ((pw_val_type)PW_KIND_I32)
#define PW_I64 ((pw_val_type)PW_KIND_I64)
#define PW_F32 ((pw_val_type)PW_KIND_F32)
#define PW_F64 ((pw_val_type)PW_KIND_F64)
#define PW_V128 ((pw_val_type)PW_KIND_V128)
#define PW_FUNCREF PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_FUNC)
#define PW_EXTERNREF PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_EXTERN)

/* Slots that a value of this type takes in a frame or a slot array: 2 for v128, else 1. */
static inline uint32_t pw_type_slots(pw_val_type type) { return type == PW_V128 ? 2u : 1u; }

typedef struct pw_func_type {
    uint32_t param_count;
    uint32_t result_count;
    const pw_val_type *params; /* heap types in it are canonical ids of the engine */
    const pw_val_type *results;
} pw_func_type;

/* Limits of memories (in pages) and tables (in elements). */
typedef struct pw_limits {
    uint64_t min;
    uint64_t max; /* valid if has_max */
    bool has_max;
    bool shared;
    bool is64;         /* addressed by i64 */
    uint8_t page_bits; /* memories: log2 of the page size, 16 unless the module says otherwise */
} pw_limits;

typedef struct pw_table_type {
    pw_val_type element;
    pw_limits limits;
} pw_table_type;

typedef struct pw_global_type {
    pw_val_type type;
    bool is_mutable;
} pw_global_type;

typedef enum pw_extern_kind {
    PW_EXTERN_FUNC = 0,
    PW_EXTERN_TABLE = 1,
    PW_EXTERN_MEMORY = 2,
    PW_EXTERN_GLOBAL = 3,
    PW_EXTERN_TAG = 4
} pw_extern_kind;

typedef struct pw_extern_type {
    pw_extern_kind kind;
    pw_func_type func; /* of functions and tags */
    pw_table_type table;
    pw_limits memory;
    pw_global_type global;
} pw_extern_type;

typedef struct pw_name {
    const char *bytes; /* valid UTF-8, may hold NUL; not terminated */
    size_t length;
} pw_name;

typedef struct pw_import_type {
    pw_name module;
    pw_name name;
    pw_extern_type type;
} pw_import_type;

typedef struct pw_export_type {
    pw_name name;
    uint32_t index; /* in the index space of its kind */
    pw_extern_type type;
} pw_export_type;

/* Writes the text form of a type ("i32", "funcref", "(ref null 3)") to out, truncated to size; returns its length. */
size_t pw_val_type_text(pw_val_type type, char *out, size_t size);

/* ---- Values: slots -------------------------------------------------------------------------------------------- */

/* Arguments and results travel in slots of 8 bytes, in order, v128 in two:
 *   i32, f32   bits in the low half, the high half zero        i64, f64   bits
 *   v128       low 8 bytes, high 8 bytes                       funcref    pw_func pointer or 0
 *   externref  a handle of pw_extern_new or 0
 */
typedef uint64_t pw_slot;

/* ---- Engine --------------------------------------------------------------------------------------------------- */

typedef enum pw_shell { PW_SHELL_DEFAULT = 0, PW_SHELL_ID_GOTO, PW_SHELL_ID_SWITCH, PW_SHELL_ID_TAIL } pw_shell;

/* Features that a module may use: a bit set, rows in base/features.def. */
typedef uint64_t pw_features;
enum pw_feature_bit {
#define PW_FEATURE(name, text, supported, standard) PW_FEATURE_BIT_##name,
#include "base/features.def"
#undef PW_FEATURE
    PW_FEATURE_COUNT
};
#define PW_FEATURE_MASK(name) ((pw_features)1 << PW_FEATURE_BIT_##name)

/* What this build supports, and what of it modules may use when nothing else is said. */
pw_features pw_features_supported(void);
pw_features pw_features_default(void);
/* Text name of a feature bit ("bulk-memory"), NULL beyond the last. */
const char *pw_feature_text(uint32_t bit);
/* The standard that it is part of: "2.0", "after 3.0"; NULL beyond the last. */
const char *pw_feature_standard(uint32_t bit);

typedef struct pw_engine_config {
    pw_shell shell; /* PW_ERR_ARGUMENT when the build lacks it */
} pw_engine_config;

PW_MUST_USE pw_result pw_engine_new(const pw_engine_config *config, pw_engine **engine);
void pw_engine_retain(pw_engine *engine);
void pw_engine_free(pw_engine *engine);
/* "goto", "switch" or "tail". */
const char *pw_engine_shell_name(const pw_engine *engine);

/* ---- Modules -------------------------------------------------------------------------------------------------- */

/* Called about every millisecond of work, at a place where all state is consistent. A result other than PW_OK ends the work
 * with it. It may release and take back locks of the embedder (the GIL), and may not call into what is being worked on. */
typedef pw_result (*pw_poll_fn)(void *env);

typedef struct pw_compile_config {
    pw_features features; /* 0: pw_features_default */
    pw_poll_fn poll;      /* NULL: nobody is asked */
    void *poll_env;
} pw_compile_config;

/* Decodes and validates. The bytes are copied. Time is linear in size. Its poll ends it with PW_ERR_HOST or another result. */
PW_MUST_USE pw_result pw_module_new(pw_engine *engine, const uint8_t *bytes, size_t size,
                                    const pw_compile_config *config, pw_module **module, pw_error *error);
void pw_module_retain(pw_module *module);
void pw_module_free(pw_module *module);

size_t pw_module_import_count(const pw_module *module);
void pw_module_import(const pw_module *module, size_t index, pw_import_type *out);
size_t pw_module_export_count(const pw_module *module);
void pw_module_export(const pw_module *module, size_t index, pw_export_type *out);
/* Name of a function by the name section, else by its first export, else empty. */
pw_name pw_module_func_name(const pw_module *module, uint32_t func_index);
/* Name of the module by the name section, or empty. */
pw_name pw_module_name(const pw_module *module);
/* Features that the module uses. */
pw_features pw_module_features(const pw_module *module);
/* The bytes that the module was made of. */
void pw_module_bytes(const pw_module *module, const uint8_t **bytes, size_t *size);
/* Custom sections: index below count; content points into the module. */
size_t pw_module_custom_count(const pw_module *module);
void pw_module_custom(const pw_module *module, size_t index, pw_name *name, const uint8_t **bytes, size_t *size);

/* Sections in file order, for inspection. id 0 is custom (name is set). */
typedef struct pw_section_info {
    uint8_t id;
    uint64_t offset; /* of the content in the module */
    uint64_t size;   /* of the content in bytes */
    pw_name name;
    uint32_t count;  /* entries, where the section is a vector */
} pw_section_info;
size_t pw_module_section_count(const pw_module *module);
void pw_module_section(const pw_module *module, size_t index, pw_section_info *out);

/* Number of functions (imports first) and the body of a defined one (offset of its first instruction byte). */
uint32_t pw_module_func_count(const pw_module *module);
uint32_t pw_module_imported_func_count(const pw_module *module);
PW_MUST_USE pw_result pw_module_func_body(const pw_module *module, uint32_t func_index, uint64_t *offset, uint64_t *size);
void pw_module_func_type(const pw_module *module, uint32_t func_index, pw_func_type *out);

/* Disassembles the instruction at *offset into text ("i32.add", "local.get 3"), advances *offset to the next one.
 * depth_change: +1 after block/loop/if/try, -1 for end and delegate. PW_ERR_ARGUMENT beyond the end of code. */
PW_MUST_USE pw_result pw_module_disassemble(const pw_module *module, uint64_t *offset, char *text, size_t size,
                                            int *depth_change);

/* ---- Stores --------------------------------------------------------------------------------------------------- */

typedef struct pw_store_limits {
    uint64_t memory_bytes;   /* of one memory and of all memories of the store together; 0: 4 GiB */
    uint64_t table_elements; /* of all tables together; 0: 10,000,000 */
    uint32_t instances;      /* 0: 1,000 */
    uint64_t stack_bytes;    /* call stack; 0: 1 MiB */
} pw_store_limits;

PW_MUST_USE pw_result pw_store_new(pw_engine *engine, const pw_store_limits *limits, pw_store **store);
void pw_store_retain(pw_store *store);
void pw_store_free(pw_store *store);
/* Asked by running code, and by whatever else takes long in the store. */
void pw_store_set_poll(pw_store *store, pw_poll_fn poll, void *env);
/* Called before a thread waits in memory.atomic.wait, with the poll's env; it may give locks of the embedder (the GIL)
 * away, which the poll, called every few milliseconds of the wait, may take back. */
void pw_store_set_blocking(pw_store *store, void (*blocking)(void *env));
/* Makes the running call reach its poll soon. Any thread, signal handlers too. */
void pw_store_interrupt(pw_store *store);
/* Fuel: instructions of wasm that the store's instances may execute; csrc/engine/meter.c says what counts how much.
 * It is the same on every platform. Counting begins before the first instance: else PW_ERR_ARGUMENT. At most INT64_MAX. */
PW_MUST_USE pw_result pw_store_count_fuel(pw_store *store);
/* Sets what is left. */
void pw_store_set_fuel(pw_store *store, uint64_t fuel);
uint64_t pw_store_fuel(const pw_store *store); /* seen from beside running code: as of its last poll or call out */

/* A call that was interrupted and can go on: its fuel was used up (PW_ERR_TRAP with PW_TRAP_OUT_OF_FUEL), or a host function or
 * the poll hook returned PW_ERR_SUSPENDED. Only outermost calls: what a host function of theirs would do when a call from
 * it goes on, nobody can say. */
typedef struct pw_suspended pw_suspended;
/* Whether the host function that runs now may return PW_ERR_SUSPENDED, and whether the poll hook may: not in the middle of
 * an instruction or a system call. */
bool pw_store_can_suspend(const pw_store *store);
bool pw_store_can_give_way(const pw_store *store);
/* The one of the call that has just ended so, for the caller to resume or drop while the store lives; NULL: there is none.
 * What nobody takes is dropped when the next one comes. */
pw_suspended *pw_store_take_suspended(pw_store *store);
/* Goes on, with more fuel; a host function that returned PW_ERR_SUSPENDED is called once more, with the same arguments,
 * to give its results now. Like pw_func_call of the function that was called, without arguments. `suspended` becomes
 * NULL, unless the stack has no place for it (PW_TRAP_STACK_EXHAUSTED). */
PW_MUST_USE pw_result pw_suspended_resume(pw_suspended **suspended, pw_slot *slots);
/* Calls that came with a snapshot (pw_snapshot_restore, pw_snapshot_instantiate) stand still in the instance: the oldest one that
 * nobody has taken yet, to be resumed or dropped like any other; NULL: there is none. */
pw_suspended *pw_instance_take_suspended(pw_instance *instance);
/* The instance was reset since: it cannot go on, only be dropped. */
bool pw_suspended_ended(const pw_suspended *suspended);
/* What fuel has stopped, as an error with its frames. */
void pw_suspended_frames(pw_suspended *suspended, pw_error *error);
pw_func *pw_suspended_func(const pw_suspended *suspended);
/* Forgets it; any thread, at any time while the store lives. */
void pw_suspended_drop(pw_suspended *suspended);

/* Details of the last call that did not return PW_OK. */
pw_error *pw_store_error(pw_store *store);
/* Calls of the embedder into wasm so far, without those made from host functions: tells one from the next. */
uint64_t pw_store_calls(const pw_store *store);
/* Peak of memory_bytes in use by wasm memories, in bytes. */
uint64_t pw_store_peak_memory(const pw_store *store);
/* Bytes that are in it now, about: of memories, tables, objects and stopped calls. */
uint64_t pw_store_footprint(const pw_store *store);

/* ---- Instances ------------------------------------------------------------------------------------------------ */

typedef struct pw_extern {
    pw_extern_kind kind;
    union {
        pw_func *func;
        pw_table *table;
        pw_memory *memory;
        pw_global *global;
        pw_tag *tag;
    } of;
} pw_extern;

/* Does this thing satisfy the import? For error texts before instantiation. */
bool pw_import_matches(const pw_module *module, size_t import_index, const pw_extern *value);

/* Joins the module with its imports, in the order of the module's imports. Runs element and data segments and
 * the start function. On a trap in these, *instance is NULL but what was written to shared tables and memories stays,
 * as the spec says. error describes UNLINKABLE, LIMIT, NO_MEMORY and TRAP. */
PW_MUST_USE pw_result pw_instance_new(pw_store *store, pw_module *module, const pw_extern *imports,
                                      size_t import_count, pw_instance **instance, pw_error *error);
pw_store *pw_instance_store(const pw_instance *instance);
pw_module *pw_instance_module(const pw_instance *instance);
/* The export by its index in pw_module_export. */
void pw_instance_export(pw_instance *instance, size_t export_index, pw_extern *out);
/* A function of the instance's function index space. */
pw_func *pw_instance_func(pw_instance *instance, uint32_t func_index);
/* The memory exported as "memory", or NULL: what WASI works on. */
pw_memory *pw_instance_memory(pw_instance *instance);

/* ---- Snapshots: the state of an instance, to be put back or to make others of ---- */

/* The memories, globals, tables, segments and objects of an instance, at a time when none of its calls runs. Calls that fuel has
 * stopped are a part of it: functions, places and typed values, so that they go on in another process, on any
 * system and shell, in the same version of this library. Memories are kept
 * without their zeros, and (Linux) shared copy-on-write with what is made of the snapshot. It belongs to no store; any thread
 * may use it; it is freed with its last reference. PW_ERR_ARGUMENT: something in the state cannot be kept, and error
 * names it all: imported memories, tables and mutable globals, shared memories, host references, functions that are neither
 * the instance's nor among its imports, calls that wait for a host function or pass through other instances, objects of types or tags that its module does not know. */
PW_MUST_USE pw_result pw_snapshot_take(pw_instance *instance, pw_snapshot **snapshot, pw_error *error);
void pw_snapshot_retain(pw_snapshot *snapshot);
void pw_snapshot_free(pw_snapshot *snapshot);
/* Gives an instance of the same module the state. Objects that the embedder holds stay as they are. Views of memories stay
 * valid; what lies beyond the size of the snapshot is zero. Its calls that fuel has stopped end (pw_suspended_ended);
 * those of the snapshot take their place. PW_ERR_ARGUMENT: a call runs in the store or waits in the instance, the instance is of
 * another module, or the snapshot has calls and the store does not count fuel; PW_ERR_LIMIT: the store does not allow as much. Then nothing has changed. */
PW_MUST_USE pw_result pw_snapshot_restore(const pw_snapshot *snapshot, pw_instance *instance, pw_error *error);
/* Makes an instance that has the state. No segment is applied and no start function runs. As pw_instance_new. */
PW_MUST_USE pw_result pw_snapshot_instantiate(const pw_snapshot *snapshot, pw_store *store, const pw_extern *imports,
                                              size_t import_count, pw_instance **instance, pw_error *error);
pw_module *pw_snapshot_module(const pw_snapshot *snapshot);
/* How many stopped calls it has, and the fuel that the store had left. */
size_t pw_snapshot_calls(const pw_snapshot *snapshot, uint64_t *fuel);
/* Bytes of the memories, and of what is kept of them. */
void pw_snapshot_size(const pw_snapshot *snapshot, uint64_t *memory_bytes, uint64_t *kept_bytes);
/* Bytes that it takes itself, about: of memories, objects, tables and calls. */
uint64_t pw_snapshot_footprint(const pw_snapshot *snapshot);
/* The snapshot as bytes, in pieces, without the module; and back. The format has a version and does not depend on the system.
 * What is read is checked as a whole. PW_ERR_ARGUMENT: it is no state of an instance of the module. */
typedef pw_result (*pw_write_fn)(void *env, const uint8_t *bytes, size_t size);
PW_MUST_USE pw_result pw_snapshot_write(const pw_snapshot *snapshot, pw_write_fn write, void *env);
PW_MUST_USE pw_result pw_snapshot_read(pw_module *module, const uint8_t *bytes, size_t size, pw_snapshot **snapshot,
                                       pw_error *error);

/* ---- Functions ------------------------------------------------------------------------------------------------ */

/* A host function. Arguments are in slots[0..]; results are written to slots[0..] (room for the larger of both).
 * caller is the instance whose code called, NULL when the host called it directly. A result other than PW_OK unwinds
 * the wasm frames: PW_ERR_TRAP and PW_ERR_EXIT by pw_raise_trap / pw_raise_exit, PW_ERR_HOST with a reason
 * that the embedder keeps. It may call wasm functions of the same store, grow memories, and use the store freely.
 * References among its arguments are no roots: before it calls back it holds (pw_ref_hold) what it needs afterwards. */
typedef pw_result (*pw_host_fn)(void *env, pw_instance *caller, pw_slot *slots);

/* Makes a function of the host. finalize (may be NULL) is called with env when the store goes. When this fails, env stays
 * the caller's and finalize is not called. */
PW_MUST_USE pw_result pw_func_new(pw_store *store, const pw_func_type *type, pw_host_fn call, void *env,
                                  void (*finalize)(void *env), pw_func **func);
/* For host functions: notes the error for the store and returns the result to return. text may be NULL. */
pw_result pw_raise_trap(pw_store *store, pw_trap_kind kind, const char *text);
pw_result pw_raise_exit(pw_store *store, uint32_t code);

/* Calls a function: slots hold the arguments and get the results; room for max(param slots, result slots).
 * Re-entrance (from a host function) is allowed. Not PW_OK: see pw_store_error. */
PW_MUST_USE pw_result pw_func_call(pw_func *func, pw_slot *slots);
/* The same without a copy: the caller writes the arguments to *pw_store_frame, calls, and reads the results there before
 * anything else happens in the store. Not for references: a collection does not see them there. What is returned stays as
 * it is as long as the store, so it may be kept; what it points to is another one in a host function. */
pw_slot *const *pw_store_frame(const pw_store *store);
PW_MUST_USE pw_result pw_func_call_frame(pw_func *func);
void pw_func_type_of(const pw_func *func, pw_func_type *out);
/* The instance and index a wasm function belongs to; NULL for host functions. */
pw_instance *pw_func_instance(const pw_func *func, uint32_t *func_index);
pw_store *pw_func_store(const pw_func *func);
void *pw_func_host_env(const pw_func *func); /* env of pw_func_new, NULL for wasm functions */

/* References to host objects. A store has one handle per host pointer. Like any reference it is kept by what running code
 * can reach, and by holds (pw_ref_hold); a collection drops the others. The embedder keeps the object of each handle until
 * pw_extern_next_dropped gives it back, or the store is gone. A pointer that was dropped but not given back yet must not be
 * made a handle of again. */
PW_MUST_USE pw_result pw_extern_new(pw_store *store, void *host, pw_slot *handle);
/* NULL for null and for what is not of the host. */
void *pw_extern_host(pw_slot handle);
/* The next host pointer that nothing in the store refers to any more; NULL: that is all for now. */
void *pw_extern_next_dropped(pw_store *store);
/* Called at the end of a collection that has dropped some, in the middle of running code: it may only take a note. */
void pw_store_set_extern_dropped(pw_store *store, void (*dropped)(void *env), void *env);

/* Collections of garbage. Running code starts them as it allocates; host references alone start none: whoever makes many
 * asks, at a time when all references in its own variables are held, whether one is due. Paused: none happens. */
bool pw_store_collection_is_due(const pw_store *store);
PW_MUST_USE pw_result pw_store_collect(pw_store *store); /* or what the poll hook said, which is asked meanwhile */
void pw_store_pause_collections(pw_store *store);
void pw_store_resume_collections(pw_store *store);

/* ---- Memories, tables, globals -------------------------------------------------------------------------------- */

PW_MUST_USE pw_result pw_memory_new(pw_store *store, const pw_limits *type, pw_memory **memory);
pw_store *pw_memory_store(const pw_memory *memory);
void pw_memory_type_of(const pw_memory *memory, pw_limits *out); /* min is the current size */
/* Base address: never moves while the store lives (PW_MEMORY_MOVES tells when it may, see below). */
uint8_t *pw_memory_data(const pw_memory *memory);
uint64_t pw_memory_size(const pw_memory *memory); /* bytes */
uint64_t pw_memory_pages(const pw_memory *memory);
/* Grows by pages; *old_pages is the size before. PW_ERR_LIMIT when max, the store's limit or the host forbid it. */
PW_MUST_USE pw_result pw_memory_grow(pw_memory *memory, uint64_t pages, uint64_t *old_pages);
/* Views held by the host: while there are any, a memory that would have to move refuses to grow. */
void pw_memory_pin(pw_memory *memory);
void pw_memory_unpin(pw_memory *memory);

/* ---- Shared memories: bytes that memories of several stores have in common; for any thread ---- */

/* A shared memory of no store yet; limit_bytes: what it may grow to, 0: 4 GiB. PW_ERR_ARGUMENT, _LIMIT, _NO_MEMORY.
 * Those of modules are made by instantiation. It is freed with its last reference; each store that it is in has one. */
PW_MUST_USE pw_result pw_shared_memory_new(const pw_limits *type, uint64_t limit_bytes, pw_shared_memory **memory,
                                           pw_error *error);
void pw_shared_memory_retain(pw_shared_memory *memory);
void pw_shared_memory_free(pw_shared_memory *memory);
/* What is shared behind a store's memory, borrowed; NULL for memories that are not shared. */
pw_shared_memory *pw_memory_shared(const pw_memory *memory);
/* The store's memory for it (always the same one), for its imports; the thread has the store. PW_ERR_LIMIT: it is larger
 * than the store allows; details: pw_store_error. Each of its stores counts it whole, and lets its own code grow it within
 * its memory_bytes; what others make of it is not refused. */
PW_MUST_USE pw_result pw_shared_memory_join(pw_shared_memory *memory, pw_store *store, pw_memory **joined);
/* As those of pw_memory. The base never moves, and bytes below a size that was seen once stay there. What others write
 * meanwhile may be seen in part: copy first, then look. */
void pw_shared_memory_type_of(const pw_shared_memory *memory, pw_limits *out);
uint8_t *pw_shared_memory_data(const pw_shared_memory *memory);
uint64_t pw_shared_memory_size(const pw_shared_memory *memory);
PW_MUST_USE pw_result pw_shared_memory_grow(pw_shared_memory *memory, uint64_t pages, uint64_t *old_pages);

PW_MUST_USE pw_result pw_table_new(pw_store *store, const pw_table_type *type, pw_slot init, pw_table **table);
pw_store *pw_table_store(const pw_table *table);
void pw_table_type_of(const pw_table *table, pw_table_type *out); /* limits.min is the current size */
uint64_t pw_table_size(const pw_table *table);
PW_MUST_USE pw_result pw_table_get(const pw_table *table, uint64_t index, pw_slot *value);
PW_MUST_USE pw_result pw_table_set(pw_table *table, uint64_t index, pw_slot value); /* PW_ERR_ARGUMENT: type or index */
PW_MUST_USE pw_result pw_table_grow(pw_table *table, uint64_t count, pw_slot init, uint64_t *old_size);

PW_MUST_USE pw_result pw_global_new(pw_store *store, const pw_global_type *type, const pw_slot *value, pw_global **global);
pw_store *pw_global_store(const pw_global *global);
void pw_global_type_of(const pw_global *global, pw_global_type *out);
void pw_global_get(const pw_global *global, pw_slot *value); /* 1 or 2 slots */
PW_MUST_USE pw_result pw_global_set(pw_global *global, const pw_slot *value); /* PW_ERR_ARGUMENT: immutable or type */

/* ---- Tags and exceptions -------------------------------------------------------------------------------------- */

/* A tag of the host; the results of the type must be empty. */
PW_MUST_USE pw_result pw_tag_new(pw_store *store, const pw_func_type *type, pw_tag **tag);
pw_store *pw_tag_store(const pw_tag *tag);
void pw_tag_type_of(const pw_tag *tag, pw_func_type *out);

/* The exception (an exnref) of the last PW_ERR_EXCEPTION. It lives until the next call into the store unless held. */
pw_slot pw_store_exception(pw_store *store);
pw_tag *pw_exception_tag(pw_slot exception);
/* Its values, as slots in the order of the tag's parameters. */
const pw_slot *pw_exception_values(pw_slot exception);
/* For host functions: throw. Returns the result to return. values: one entry per slot of the tag's parameters. */
pw_result pw_raise_exception(pw_store *store, pw_tag *tag, const pw_slot *values);
pw_result pw_rethrow_exception(pw_store *store, pw_slot exception);

/* ---- References ------------------------------------------------------------------------------------------------- */

/* What a reference points to. Host references may be anyrefs, structs may be externrefs (any.convert_extern). */
typedef enum pw_ref_kind {
    PW_REF_KIND_NULL,
    PW_REF_KIND_FUNC,
    PW_REF_KIND_HOST,
    PW_REF_KIND_EXCEPTION,
    PW_REF_KIND_STRUCT,
    PW_REF_KIND_ARRAY,
    PW_REF_KIND_I31
} pw_ref_kind;
pw_ref_kind pw_ref_kind_of(pw_slot reference);
/* Does the reference belong to the type, in this store? */
bool pw_ref_fits(const pw_store *store, pw_slot reference, pw_val_type type);
/* i31: the low 31 bits of value; and back, sign-extended. */
pw_slot pw_i31_new(uint32_t value);
int32_t pw_i31_value(pw_slot reference);
/* How a field of a struct, or the elements of an array (any index), are stored. PW_ERR_ARGUMENT: no such field. */
typedef struct pw_field_info {
    pw_val_type type;     /* of a value of it */
    uint8_t packed_bits;  /* 8, 16, or 0: not packed */
    bool is_mutable;
} pw_field_info;
PW_MUST_USE pw_result pw_object_field(pw_slot reference, uint32_t index, pw_field_info *out);
/* Structs and arrays: number of fields or elements, canonical id of the type (PW_NO_INDEX for anything else). */
uint32_t pw_object_length(pw_slot reference);
uint32_t pw_object_type(pw_slot reference);
/* A field or element as a value (packed ones zero-extended) with its type. PW_ERR_ARGUMENT: no such index; when
 * setting also: not mutable, or the value does not fit. value: 1 or 2 slots. */
PW_MUST_USE pw_result pw_object_get(pw_slot reference, uint32_t index, pw_slot *value, pw_val_type *type);
PW_MUST_USE pw_result pw_object_set(pw_store *store, pw_slot reference, uint32_t index, const pw_slot *value);

/* Keeps what a reference points to alive; counted. Function references and null need it not. A host reference whose hold is
 * released must have been held. */
PW_MUST_USE pw_result pw_ref_hold(pw_store *store, pw_slot reference);
void pw_ref_release(pw_store *store, pw_slot reference);

#ifdef __cplusplus
}
#endif
#endif
