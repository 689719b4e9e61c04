/* store.h - the heap of instances and what they share, the call stack, the limits. */
#ifndef PW_RUNTIME_STORE_H
#define PW_RUNTIME_STORE_H

#include "base/sync.h"
#include "pywasi.h"
#include "runtime/instance.h"

/* The wasm call stack: slots, reserved once, growing upwards. Frames are drawn in engine/code.h. */
typedef struct pw_stack {
    pw_slot *base;
    pw_slot *limit; /* last slot that a frame may end at; some slots behind it stay for bridges and host calls */
    pw_slot *top;   /* first free slot: where the next entry from the host begins */
    size_t reserved_bytes;
} pw_stack;

typedef struct pw_host_ref { /* what an externref points to */
    void *host;
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

struct pw_store {
    uint32_t references;
    pw_engine *engine;
    pw_type_registry *registry;
    pw_store_limits limits; /* defaults filled in */
    uint64_t memory_in_use, memory_peak; /* bytes of wasm memories */
    uint64_t table_elements_in_use;
    pw_stack stack;
    uint32_t nested_calls;
    int interrupted; /* set from any thread; running code clears it */
    pw_poll_fn poll;
    void *poll_env;
    pw_error error;

    pw_list instances, host_funcs, memories, tables, globals;
    pw_list types; /* records held for host functions */

    pw_host_ref **externs; /* open-addressed hash by host pointer */
    size_t extern_count, extern_capacity;
    void (*extern_retain)(void *host);
    void (*extern_release)(void *host);
};

PW_MUST_USE pw_result pwi_store_make(pw_engine *engine, pw_type_registry *registry, const pw_store_limits *limits,
                                     pw_store **store);
void pwi_store_destroy(pw_store *store);
PW_MUST_USE pw_result pwi_list_add(pw_list *list, void *item);
/* Accounting against the store's limits. PW_ERR_LIMIT when they would be passed. */
PW_MUST_USE pw_result pwi_store_take_memory(pw_store *store, uint64_t bytes);
void pwi_store_return_memory(pw_store *store, uint64_t bytes);
PW_MUST_USE pw_result pwi_store_take_elements(pw_store *store, uint64_t count);

/* stack.c */
PW_MUST_USE pw_result pwi_stack_make(pw_stack *stack, uint64_t bytes);
void pwi_stack_destroy(pw_stack *stack);

#endif
