/* store.h - the heap of instances and what they share, the call stack, the limits. */
#ifndef PW_RUNTIME_STORE_H
#define PW_RUNTIME_STORE_H

#include "base/sync.h"
#include "pywasi.h"
#include "runtime/gc_heap.h"
#include "runtime/instance.h"

/* Slots behind pw_stack.limit: room for the arguments and results of a host function that the deepest
 * frame calls (PW_MAX_PARAMS or PW_MAX_RESULTS v128s), and for the engine's bridges. */
#define PW_STACK_HEADROOM_SLOTS 8192u

/* The wasm call stack: slots, reserved once, growing upwards. Frames are drawn in engine/code.h. */
typedef struct pw_stack {
    pw_slot *base;
    pw_slot *limit; /* last slot that a frame may end at; the headroom is behind it */
    pw_slot *top;   /* first free slot: where the next entry from the host begins */
    size_t reserved_bytes;
} pw_stack;

typedef struct pw_host_ref { /* what an externref points to */
    void *host;
    union {
        size_t holds;             /* by the embedder: no more than there are bytes */
        struct pw_host_ref *next; /* of those that a collection has dropped */
    } of;
    uint8_t kind; /* PW_OBJECT_HOST: see gc_heap.h */
    uint8_t mark; /* by a collection: something refers to it */
} pw_host_ref;

/* A list of owned pointers. */
typedef struct pw_list {
    void **items;
    size_t count, capacity;
} pw_list;

struct pw_global {
    pw_slot *value; /* in an instance's globals, or own */
    pw_global_type type;
    pw_store *store;
    pw_slot own[2];
};

struct pw_tag { /* its identity is its address */
    const pw_type_record *type;
    pw_store *store;
};

struct pw_store {
    uint32_t references;
    pw_engine *engine;
    struct pw_run *run; /* the innermost run of code, engine/code.h */
    int64_t fuel_slice; /* of the fuel: what code uses first */
    const struct pw_shell_table *shell; /* the engine's, or its one that counts fuel */
    pw_type_registry *registry;
    pw_store_limits limits;              /* defaults filled in */
    uint64_t memory_in_use, memory_peak; /* bytes of wasm memories */
    uint64_t table_elements_in_use;
    pw_stack stack;
    uint32_t nested_calls;
    uint64_t calls; /* outermost ones so far: pw_store_calls */
    bool counts_fuel; /* its instances have metered code */
    int64_t fuel;     /* left, but for the slice: engine/fuel.c */
    struct pw_suspended *suspended;      /* all that there are, for the collector: engine/suspend.c */
    struct pw_suspended *last_suspended; /* nobody has taken it yet; or NULL */
    struct pw_suspended *dropped_suspended; /* to be freed; any thread adds to it */
    bool polls_code; /* the poll hook is asked between two instructions of the outermost call */
    struct pw_func *waiting; /* the host function that has just said PW_ERR_SUSPENDED */
    int interrupted;    /* set from any thread; running code clears it */
    pw_poll_fn poll;
    void *poll_env;
    void (*blocking)(void *env); /* a thread is about to wait, with poll_env; or NULL */
    uint32_t wait_answer;        /* of the latest memory.atomic.wait */
    pw_error error;

    const struct pw_call_saver *call_saver; /* snapshot_calls.h: calls that stand still, for snapshots */
    pw_gc_heap gc;
    pw_slot exception; /* what PW_ERR_EXCEPTION is about */

    pw_list instances, host_funcs, memories, tables, globals, tags;
    pw_list types; /* records held for host functions */

    pw_host_ref **externs; /* open-addressed hash by host pointer */
    size_t extern_count, extern_capacity;
    size_t next_extern_collection; /* extern_count at which a collection is due; 0: the first one */
    pw_host_ref *dropped_externs;  /* nothing in the store refers to them; not in the hash any more */
    void (*extern_dropped)(void *env);
    void *extern_env;
};

PW_MUST_USE pw_result pwi_store_make(pw_engine *engine, pw_type_registry *registry,
                                     const pw_store_limits *limits, pw_store **store);
void pwi_store_destroy(pw_store *store);
PW_MUST_USE pw_result pwi_list_add(pw_list *list, void *item);
/* Accounting against the store's limits. PW_ERR_LIMIT when they would be passed. */
PW_MUST_USE pw_result pwi_store_take_memory(pw_store *store, uint64_t bytes);
void pwi_store_return_memory(pw_store *store, uint64_t bytes);
/* Counts what is there already and cannot be refused. */
void pwi_store_add_memory(pw_store *store, uint64_t bytes);
PW_MUST_USE pw_result pwi_store_take_elements(pw_store *store, uint64_t count);
void pwi_store_return_elements(pw_store *store, uint64_t count);
/* Adds a reference to the record of a concrete heap type, for as long as the store lives: a host's table
 * or global names it by id only. PW_ERR_ARGUMENT when the type does not exist. */
PW_MUST_USE pw_result pwi_store_hold_type(pw_store *store, pw_val_type type);

/* Lengths of the lists that instantiation adds to: what was added since can be taken back. */
typedef struct pw_store_mark {
    size_t instances, memories, tables, globals, tags;
} pw_store_mark;
pw_store_mark pwi_store_get_mark(const pw_store *store);
void pwi_store_rollback(pw_store *store, pw_store_mark mark);

/* extern_ref.c: the one handle of a host pointer. NULL is the null reference. */
PW_MUST_USE pw_result pwi_extern_intern(pw_store *store, void *host, pw_slot *handle);
bool pwi_externs_are_due(const pw_store *store);
/* After marking: unmarked handles that nobody holds go to the list of dropped ones; marks are taken off. */
void pwi_externs_sweep(pw_store *store);
void pwi_externs_unmark(pw_store *store);
/* Takes one off the list of dropped ones; NULL: it is empty. */
void *pwi_extern_next_dropped(pw_store *store);
void pwi_externs_destroy(pw_store *store);

/* func.c: makes a function of the host. On failure env stays the caller's: finalize is not called. */
PW_MUST_USE pw_result pwi_func_make_host(pw_store *store, const pw_func_type *type, pw_host_fn call,
                                         void *env, void (*finalize)(void *env), pw_func **func,
                                         pw_error *error);
/* Is this a value type that can exist: a known kind, and an abstract heap type or a live record? */
bool pwi_val_type_exists(pw_type_registry *registry, pw_val_type type);
/* Does a value given by the host belong to the type, and to this store? */
bool pwi_value_fits(const pw_store *store, pw_val_type type, const pw_slot *value);

/* global.c */
PW_MUST_USE pw_result pwi_global_make(pw_store *store, const pw_global_type *type, const pw_slot *value,
                                      pw_global **global, pw_error *error);

/* tag.c: a tag of this type; the record must outlive it. */
PW_MUST_USE pw_result pwi_tag_make(pw_store *store, const pw_type_record *type, pw_tag **tag);

/* stack.c */
PW_MUST_USE pw_result pwi_stack_make(pw_stack *stack, uint64_t bytes);
void pwi_stack_destroy(pw_stack *stack);

#endif
