/* table.h - tables of references. */
#ifndef PW_RUNTIME_TABLE_H
#define PW_RUNTIME_TABLE_H

#include "pywasi.h"

struct pw_table {
    pw_slot *elements; /* references; 0 is null */
    uint64_t size;
    uint64_t capacity;
    uint64_t max; /* elements, of the type or the implementation */
    pw_table_type type;
    pw_store *store;
};

PW_MUST_USE pw_result pwi_table_make(pw_store *store, const pw_table_type *type, pw_slot init,
                                     pw_table **table, pw_error *error);
void pwi_table_destroy(pw_table *table);
/* Grows by count elements of the value init (of the right type); *old_size is the size before.
 * PW_ERR_LIMIT when max, the store's limit or the host forbid it, else what the poll said; then nothing has changed. */
PW_MUST_USE pw_result pwi_table_grow(pw_table *table, uint64_t count, pw_slot init, uint64_t *old_size);
/* Bulk operations, see bulk_work.h. PW_ERR_TRAP: out of bounds, and nothing was written; else what the poll said. */
PW_MUST_USE pw_result pwi_table_fill(pw_table *table, uint64_t to, pw_slot value, uint64_t count);
PW_MUST_USE pw_result pwi_table_copy(pw_table *to_table, uint64_t to, pw_table *from_table, uint64_t from,
                                     uint64_t count);

#endif
