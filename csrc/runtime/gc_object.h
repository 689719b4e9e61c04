/* gc_object.h - structs and arrays, and what kind of thing a reference points to.
 *
 * The payload of a struct is slots, its fields at pw_field.slot (v128 takes two, packed fields are zero-extended). That of an
 * array is its elements, packed by pwi_storage_bytes, references in 8 bytes.
 */
#ifndef PW_RUNTIME_GC_OBJECT_H
#define PW_RUNTIME_GC_OBJECT_H

#include "runtime/store.h"

/* fields: values in the order of the type, unpacked, in slots that are roots; NULL: defaults. */
PW_MUST_USE pw_result pwi_struct_new(pw_store *store, const pw_type_record *type, const pw_slot *fields,
                                     pw_object **object);
PW_MUST_USE pw_result pwi_array_new(pw_store *store, const pw_type_record *type, uint32_t length,
                                    pw_object **object);

static inline pw_object *pwi_object(pw_slot reference) { return (pw_object *)(uintptr_t)reference; }
static inline uint8_t *pwi_elements(pw_object *array) { return (uint8_t *)array->payload; }
static inline bool pwi_span_fits(uint64_t at, uint64_t count, uint64_t size)
{
    return at <= size && count <= size - at;
}

/* Bulk operations give what the poll said (bulk_work.h); no collection runs meanwhile. */
/* Writes value (1 or 2 slots) to elements [from, from + count), which exist. */
PW_MUST_USE pw_result pwi_array_fill(pw_store *store, pw_object *array, uint32_t from, uint32_t count,
                                     const pw_slot *value);
/* Copies elements of arrays of the same storage; ranges exist and may overlap. */
PW_MUST_USE pw_result pwi_array_copy(pw_store *store, pw_object *to, uint32_t to_index, const pw_object *from,
                                     uint32_t from_index, uint32_t count);
/* Takes elements from a data segment (bytes) or an element segment. PW_ERR_TRAP: out of the segment's bounds. */
PW_MUST_USE pw_result pwi_array_from_data(pw_instance *instance, uint32_t segment, pw_object *array, uint32_t at,
                                          uint64_t offset, uint32_t count);
PW_MUST_USE pw_result pwi_array_from_elem(pw_instance *instance, uint32_t segment, pw_object *array, uint32_t at,
                                          uint64_t offset, uint32_t count);

/* Does the reference belong to the type (canonical heap type)? The reference is of the type's hierarchy. */
bool pwi_ref_matches(const pw_store *store, pw_slot reference, pw_val_type type);

/* An i31: the value above a one. */
static inline pw_slot pwi_i31(uint32_t value) { return (uint32_t)(value << 1 | 1); }

#endif
