/* decoder.h - the state that the section decoders share. One decode_*.c for each group of sections. */
#ifndef PW_WASM_DECODER_H
#define PW_WASM_DECODER_H

#include "wasm/reader.h"

typedef struct pw_decoder {
    pw_reader reader; /* over the section that is being read */
    pw_module *module;
    pw_error *error;
    uint32_t entries;       /* of the section that was read last, where it is a vector */
    uint32_t defined_funcs; /* as the function section says */
    /* capacities of the module's arrays that grow */
    size_t type_capacity, func_capacity, table_capacity, memory_capacity, global_capacity, tag_capacity, section_capacity, custom_capacity;
} pw_decoder;

/* decode_types.c */
PW_MUST_USE pw_result pwi_decode_types(pw_decoder *decoder);
/* decode_entities.c: what fills the index spaces */
PW_MUST_USE pw_result pwi_decode_imports(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_functions(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_tables(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_memories(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_globals(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_tags(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_exports(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_start(pw_decoder *decoder);
/* decode_segments.c */
PW_MUST_USE pw_result pwi_decode_elems(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_data_count(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_code(pw_decoder *decoder);
PW_MUST_USE pw_result pwi_decode_datas(pw_decoder *decoder);
/* Reads a constant expression and remembers where it is; its type is what the context wants. */
PW_MUST_USE pw_result pwi_decode_const_expr(pw_decoder *decoder, pw_val_type type, pw_const_expr *out);

/* names.c: what the name section says. Whatever is wrong in it is left out: names are not part of the semantics. */
PW_MUST_USE pw_result pwi_names_read(pw_module *module, pw_error *error);

#endif
