/* module.h - a decoded module. Immutable after validation, except for the code that the engine adds (pw_code).
 *
 * Names follow the spec's structure chapter (https://webassembly.github.io/spec/core/syntax/modules.html). All value
 * types hold canonical heap types. Names and bodies point into the module's own copy of the bytes.
 * Index spaces: imports first, then definitions; the arrays funcs, tables, memories, globals, tags span both.
 */
#ifndef PW_WASM_MODULE_H
#define PW_WASM_MODULE_H

#include "base/sync.h"
#include "pywasi.h"
#include "wasm/type_registry.h"

/* A constant expression, kept as bytes (validated): evaluated at instantiation by a small stack machine. */
typedef struct pw_const_expr {
    uint32_t offset; /* of its first instruction in the module */
    uint32_t size;   /* including `end` */
    pw_val_type type;
} pw_const_expr;

typedef struct pw_func_decl {
    uint32_t type_index;
    bool
        declared; /* ref.func may name it in code: in an export, an element segment or a global (spec: C.refs) */
} pw_func_decl;

typedef struct pw_import {
    pw_name module;
    pw_name name;
    pw_extern_kind kind;
    uint32_t index; /* in the index space of its kind */
} pw_import;

typedef struct pw_export {
    pw_name name;
    pw_extern_kind kind;
    uint32_t index;
} pw_export;

typedef struct pw_table_decl {
    pw_table_type type;
    bool has_init;
    pw_const_expr init; /* if has_init; else null */
} pw_table_decl;

typedef struct pw_global_decl {
    pw_global_type type;
    pw_const_expr init; /* of defined globals */
    uint32_t slot;      /* place in pw_instance.globals */
    bool is_pointer;    /* imported and mutable: the slot holds a pw_slot* to the value */
} pw_global_decl;

typedef struct pw_tag_decl {
    uint32_t type_index; /* of a function type without results */
} pw_tag_decl;

typedef enum pw_segment_mode {
    PW_SEGMENT_ACTIVE,
    PW_SEGMENT_PASSIVE,
    PW_SEGMENT_DECLARATIVE
} pw_segment_mode;

typedef struct pw_elem_segment {
    pw_segment_mode mode;
    pw_val_type type;
    uint32_t table;       /* active */
    pw_const_expr offset; /* active */
    uint32_t count;
    bool uses_expressions; /* items are const exprs, else function indices (LEB in the bytes) */
    uint32_t items_offset; /* of the first item in the module's bytes */
    uint32_t items_size;
} pw_elem_segment;

typedef struct pw_data_segment {
    pw_segment_mode mode;
    uint32_t memory;
    pw_const_expr offset;
    uint32_t bytes_offset;
    uint32_t bytes_size;
} pw_data_segment;

/* The body of a defined function. */
typedef struct pw_body {
    uint32_t offset;      /* of the local declarations in the module */
    uint32_t size;        /* of declarations and code, including the final `end` */
    uint32_t code_offset; /* of the first instruction */
} pw_body;

/* Code that the engine made of a body. `entry` is what calls jump to: at first a stub that translates, then the
 * code; it is read without a lock (acquire) and written under pw_module.code_lock (release). */
typedef struct pw_code {
    const uint64_t *entry;
    uint64_t stub;   /* one cell: the handler that translates; `entry` points here at first */
    uint64_t *cells; /* owned; NULL before translation */
    uint32_t cell_count;
    uint32_t frame_slots;
    uint32_t func_index;        /* in the module's index space */
    uint16_t return_slot;       /* where the frame keeps its return address */
    uint8_t state;              /* 0 not translated, 1 translated */
    uint8_t metered;            /* counts fuel: engine/meter.c */
    struct pw_catches *catches; /* of its try_tables; NULL: none. engine/catches.h */
    struct pw_ref_map
        *ref_map; /* where it holds references; made when a collection needs it. engine/gc_roots.c */
} pw_code;

typedef struct pw_custom {
    pw_name name;
    uint32_t offset; /* of the content after the name */
    uint32_t size;
} pw_custom;

typedef struct pw_func_name {
    uint32_t func_index; /* sorted, unique */
    pw_name name;
} pw_func_name;

struct pw_module {
    uint32_t references;
    pw_engine *engine;
    pw_type_registry *registry;
    uint8_t *bytes;
    size_t size;
    pw_features features; /* allowed */
    pw_features used;
    struct { /* while it is made: compile_watch.h */
        pw_poll_fn poll;
        void *env;
        int32_t left; /* units until it is asked */
    } watch;

    pw_type_record **types;
    uint32_t type_count;
    pw_import *imports;
    uint32_t import_count;
    pw_func_decl *funcs;
    uint32_t func_count, imported_funcs;
    pw_table_decl *tables;
    uint32_t table_count, imported_tables;
    pw_limits *memories;
    uint32_t memory_count, imported_memories;
    pw_global_decl *globals;
    uint32_t global_count, imported_globals;
    uint32_t global_slots; /* size of pw_instance.globals */
    pw_tag_decl *tags;
    uint32_t tag_count, imported_tags;
    pw_export *exports;
    uint32_t export_count;
    bool has_start;
    uint32_t start;
    pw_elem_segment *elems;
    uint32_t elem_count;
    bool has_data_count;
    uint32_t data_count_declared;
    pw_data_segment *datas;
    uint32_t data_count;
    pw_body *bodies; /* by defined function: func_index - imported_funcs */
    uint32_t body_count;
    pw_section_info *sections;
    uint32_t section_count;
    pw_custom *customs;
    uint32_t custom_count;
    pw_name name;
    pw_func_name *func_names;
    uint32_t func_name_count;

    pwi_mutex code_lock;
    pw_code *codes;                   /* body_count; made by the engine's module hook */
    pw_code *metered_codes;           /* the same, counting fuel; NULL until a store asks. Under code_lock */
    uint32_t translated_count;        /* codes in state 1, of both kinds; under code_lock */
    struct pw_code_index *code_index; /* engine/walk.c; under code_lock */
    void (*free_codes)(struct pw_module *module);
};

/* decoder.c: bytes -> module (features 0: all that this build supports; others may be asked for here, as decoding and
 * validating them is not running them), sections and their contents, no code bodies looked into (locals and code are validate.c's).
 * On failure nothing is left. When the poll ended it, here and in validation, error is as it was. */
PW_MUST_USE pw_result pwi_module_decode(pw_type_registry *registry, const uint8_t *bytes, size_t size,
                                        const pw_compile_config *config, pw_module **module, pw_error *error);
/* validate.c: the whole module; linear time, no native recursion on nesting. Sets `used`. */
PW_MUST_USE pw_result pwi_module_validate(pw_module *module, pw_error *error);
/* Frees a module whose last reference is gone. */
void pwi_module_destroy(pw_module *module);

static inline const pw_type_record *pwi_func_type_record(const pw_module *module, uint32_t func_index)
{
    return module->types[module->funcs[func_index].type_index];
}

static inline const pw_type_record *pwi_tag_type_record(const pw_module *module, uint32_t tag_index)
{
    return module->types[module->tags[tag_index].type_index];
}

/* Pages of the largest memory that addresses reach: less one page where their number would not fit an address. */
uint64_t pwi_most_pages(const pw_limits *type);

#endif
