/* instance.h - the instance context: what running code reads at fixed offsets.
 *
 * The layout is frozen: the interpreter uses it today, compiled code tomorrow. Offsets are asserted in
 * instance.c.
 *
 *   byte    field
 *     0     memory_base      memory 0, or NULL
 *     8     memory_size      bytes of memory 0
 *    16     stack_limit      a frame must end at or below it
 *    24     poll_budget      counts down at back edges and entries; at zero the poll hook is due
 *    32     globals          slots of all globals (imported mutable ones: a pointer to the slot)
 *    40     funcs            by function index
 *    48     tables           by table index
 *    56     memories         by memory index
 *    64     codes            the module's code of defined functions, counting fuel or not
 *    72     fuel             not used: fuel is counted in the store, for all its instances
 *    80     store
 *    88     module
 *    96     tags             by tag index
 */
#ifndef PW_RUNTIME_INSTANCE_H
#define PW_RUNTIME_INSTANCE_H

#include "pywasi.h"
#include "wasm/module.h"

struct pw_instance {
    uint8_t *memory_base;
    uint64_t memory_size;
    pw_slot *stack_limit;
    int64_t poll_budget;
    pw_slot *globals;
    pw_func **funcs;
    pw_table **tables;
    pw_memory **memories;
    pw_code *codes;
    int64_t fuel;
    pw_store *store;
    pw_module *module;
    pw_tag **tags;
    /* from here on: not for compiled code */
    pw_func *own_funcs;         /* records of defined functions, contiguous */
    pw_global **global_objects; /* by global index; NULL until somebody asks (defined), or the imported one */
    uint8_t *dropped_elems;     /* 1 where elem.drop (or an active segment's end) emptied the segment */
    uint8_t *dropped_datas;
    pw_slot **elem_values;      /* items of passive element segments, owned; see segments.c */
    pw_memory *exported_memory; /* the export "memory", or NULL */
};

/* A function of either kind. A funcref value is a pointer to one. */
struct pw_func {
    pw_instance *instance; /* wasm: whose it is; host: NULL */
    pw_code *code;         /* wasm: its code; host: NULL */
    uint8_t kind;          /* PW_OBJECT_FUNC: see gc_heap.h */
    uint32_t func_index;   /* wasm: index in the instance; host: PW_NO_INDEX */
    const pw_type_record *type;
    pw_store *store;
    pw_host_fn host; /* host functions: */
    void *env;
    void (*finalize)(void *env);
};

/* instance.c: everything up to, not including, running the start function (which needs an engine). */
PW_MUST_USE pw_result pwi_instance_make(pw_store *store, pw_module *module, const pw_extern *imports,
                                        size_t import_count, pw_instance **instance, pw_error *error);

/* The same with the state of a snapshot, instead of what initializers and segments make. */
PW_MUST_USE pw_result pwi_instance_make_from(pw_store *store, const pw_snapshot *snapshot, const pw_extern *imports,
                                             size_t import_count, pw_instance **instance, pw_error *error);

/* Frees the record and drops its module; what the store's lists own (memories, tables, globals) is not
 * touched. */
void pwi_instance_destroy(pw_instance *instance);

/* Where the value of a global is. */
static inline pw_slot *pwi_global_place(const pw_instance *instance, uint32_t index)
{
    const pw_global_decl *decl = &instance->module->globals[index];
    pw_slot *slot = &instance->globals[decl->slot];
    return decl->is_pointer ? (pw_slot *)(uintptr_t)*slot : slot;
}

/* link.c: checks the imports' kinds and types. error lists the first that does not fit. */
PW_MUST_USE pw_result pwi_link_check(pw_store *store, const pw_module *module, const pw_extern *imports,
                                     size_t import_count, pw_error *error);
/* Does the thing have the kind and type of the import? */
bool pwi_import_fits(const pw_module *module, const pw_import *import, const pw_extern *value);
/* The type of a thing as it is now: limits start at the current size. */
void pwi_extern_type_of(const pw_extern *value, pw_extern_type *out);
/* The type that a module declares for an import or export. */
void pwi_module_extern_type(const pw_module *module, pw_extern_kind kind, uint32_t index,
                            pw_extern_type *out);
/* extern_text.c: the text form of a type, "(func (param i32) (result i64))", "(memory 1 2)"; cut to size. */
void pwi_extern_type_text(const pw_extern_type *type, char *out, size_t size);

/* const_eval.c: value of a validated constant expression (1 or 2 slots). */
PW_MUST_USE pw_result pwi_const_eval(pw_instance *instance, const pw_const_expr *expr, pw_slot *value,
                                     pw_error *error);

/* The same for an expression at *cursor in the module's bytes, which is moved behind its `end`. */
PW_MUST_USE pw_result pwi_const_eval_at(pw_instance *instance, const uint8_t **cursor, pw_slot *value,
                                        pw_error *error);

/* segments.c: what instantiation does with segments, in the order of the spec. *escaped becomes true when
 * functions of the instance have been written to a table that others share. */
PW_MUST_USE pw_result pwi_segments_evaluate(pw_instance *instance, pw_error *error);
PW_MUST_USE pw_result pwi_segments_apply(pw_instance *instance, bool *escaped, pw_error *error);
/* Bulk operations with segments; index and type are valid. They check bounds first: all or nothing.
 * PW_ERR_TRAP: out of bounds (the caller notes which trap); PW_ERR_NO_MEMORY. */
PW_MUST_USE pw_result pwi_memory_init(pw_instance *instance, uint32_t memory, uint32_t segment, uint64_t to,
                                      uint64_t from, uint64_t count);
PW_MUST_USE pw_result pwi_table_init(pw_instance *instance, uint32_t table, uint32_t segment, uint64_t to,
                                     uint64_t from, uint64_t count);
/* The values of an element segment and their number (0 once dropped); evaluated when first asked for. */
PW_MUST_USE pw_result pwi_elem_values(pw_instance *instance, uint32_t segment, const pw_slot **values,
                                      uint64_t *count);
void pwi_data_drop(pw_instance *instance, uint32_t segment);
void pwi_elem_drop(pw_instance *instance, uint32_t segment);

/* The global object of an index (made on first use, for exports). NULL: no memory. */
pw_global *pwi_instance_global(pw_instance *instance, uint32_t index);

#endif
