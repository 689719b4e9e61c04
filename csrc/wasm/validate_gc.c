/* validate_gc.c - structs, arrays, i31, casts (https://webassembly.github.io/spec/core/valid/instructions.html,
 * "Aggregate Reference Instructions"). */
#include "wasm/validate.h"

static pw_val_type ref_to(const pw_type_record *type)
{
    return PW_REF_TYPE(PW_KIND_REF, type->id);
}

static pw_val_type null_ref_to(uint32_t heap)
{
    return PW_REF_TYPE(PW_KIND_REF_NULL, heap);
}

static pw_result push_ref_to(pw_validator *v, const pw_type_record *type)
{
    return pwi_push(v, ref_to(type));
}

/* Nothing is left that popping could find wrong: in unreachable code 10,000 operands must not cost 10,000 looks. */
static bool all_unknown(const pw_validator *v)
{
    return v->height == v->floor && pwi_current(v)->unreachable;
}

static pw_result read_type(pw_validator *v, pw_type_def_kind kind, const pw_type_record **type)
{
    static const char *const kinds[] = {"function", "struct", "array"};
    uint32_t index;
    PW_TRY(pwi_read_u32(&v->reader, &index));
    if (index >= v->module->type_count)
        return pwi_invalid(v, "unknown type %u", index);
    *type = v->module->types[index];
    return (*type)->kind == kind ? PW_OK
                                 : pwi_invalid(v, "type mismatch: type %u is no %s type", index, kinds[kind]);
}

/* ---- structs ---------------------------------------------------------------------------------------------------- */

static pw_result validate_struct_new(pw_validator *v)
{
    const pw_type_record *type = NULL;
    PW_TRY(read_type(v, PW_DEF_STRUCT, &type));
    for (uint32_t i = type->field_count; i-- > 0 && !all_unknown(v);)
        PW_TRY(pwi_pop(v, pwi_storage_unpacked(type->fields[i].storage)));
    return push_ref_to(v, type);
}

static pw_result validate_struct_new_default(pw_validator *v)
{
    const pw_type_record *type = NULL;
    PW_TRY(read_type(v, PW_DEF_STRUCT, &type));
    if (!type->defaultable)
        return pwi_invalid(v, "field type is not defaultable: a field has no default value");
    return push_ref_to(v, type);
}

static pw_result read_field(pw_validator *v, const pw_type_record **type, const pw_field **field)
{
    uint32_t index;
    PW_TRY(read_type(v, PW_DEF_STRUCT, type));
    PW_TRY(pwi_read_u32(&v->reader, &index));
    if (index >= (*type)->field_count)
        return pwi_invalid(v, "unknown field %u", index);
    *field = &(*type)->fields[index];
    return PW_OK;
}

/* Packed values are read with a sign or without, others as they are. */
static pw_result check_packed(pw_validator *v, pw_val_type storage, bool extends)
{
    if (pwi_storage_packed(storage) == extends)
        return PW_OK;
    return pwi_invalid(v, extends ? "type mismatch: the storage type is not packed"
                                  : "type mismatch: the storage type is packed");
}

static pw_result validate_struct_get(pw_validator *v, bool extends)
{
    const pw_type_record *type = NULL;
    const pw_field *field = NULL;
    PW_TRY(read_field(v, &type, &field));
    PW_TRY(check_packed(v, field->storage, extends));
    PW_TRY(pwi_pop(v, null_ref_to(type->id)));
    return pwi_push(v, pwi_storage_unpacked(field->storage));
}

static pw_result validate_struct_set(pw_validator *v)
{
    const pw_type_record *type = NULL;
    const pw_field *field = NULL;
    PW_TRY(read_field(v, &type, &field));
    if (!field->is_mutable)
        return pwi_invalid(v, "immutable field");
    PW_TRY(pwi_pop(v, pwi_storage_unpacked(field->storage)));
    return pwi_pop(v, null_ref_to(type->id));
}

/* ---- arrays ----------------------------------------------------------------------------------------------------- */

static pw_result read_array(pw_validator *v, const pw_type_record **type, pw_val_type *element)
{
    PW_TRY(read_type(v, PW_DEF_ARRAY, type));
    *element = (*type)->fields[0].storage;
    return PW_OK;
}

static pw_result read_mutable_array(pw_validator *v, const pw_type_record **type, pw_val_type *element)
{
    PW_TRY(read_array(v, type, element));
    return (*type)->fields[0].is_mutable ? PW_OK : pwi_invalid(v, "immutable array");
}

static pw_result pop_i32s(pw_validator *v, uint32_t count)
{
    while (count-- > 0)
        PW_TRY(pwi_pop(v, PW_I32));
    return PW_OK;
}

static pw_result validate_array_new(pw_validator *v, bool with_default)
{
    const pw_type_record *type = NULL;
    pw_val_type element = 0;
    PW_TRY(read_array(v, &type, &element));
    PW_TRY(pwi_pop(v, PW_I32));
    if (!with_default)
        PW_TRY(pwi_pop(v, pwi_storage_unpacked(element)));
    else if (!pwi_type_defaultable(element))
        return pwi_invalid(v, "array type is not defaultable");
    return push_ref_to(v, type);
}

static pw_result validate_array_new_fixed(pw_validator *v)
{
    const pw_type_record *type = NULL;
    pw_val_type element = 0;
    uint32_t count;
    PW_TRY(read_array(v, &type, &element));
    PW_TRY(pwi_read_u32(&v->reader, &count));
    if (count > PW_MAX_FIELDS)
        return pwi_invalid(v, "array.new_fixed of %u elements: the limit is %u", count, PW_MAX_FIELDS);
    for (uint32_t i = 0; i < count && !all_unknown(v); i++)
        PW_TRY(pwi_pop(v, pwi_storage_unpacked(element)));
    return push_ref_to(v, type);
}

static pw_result validate_array_get(pw_validator *v, bool extends)
{
    const pw_type_record *type = NULL;
    pw_val_type element = 0;
    PW_TRY(read_array(v, &type, &element));
    PW_TRY(check_packed(v, element, extends));
    PW_TRY(pwi_pop(v, PW_I32));
    PW_TRY(pwi_pop(v, null_ref_to(type->id)));
    return pwi_push(v, pwi_storage_unpacked(element));
}

static pw_result validate_array_set(pw_validator *v)
{
    const pw_type_record *type = NULL;
    pw_val_type element = 0;
    PW_TRY(read_mutable_array(v, &type, &element));
    PW_TRY(pwi_pop(v, pwi_storage_unpacked(element)));
    PW_TRY(pwi_pop(v, PW_I32));
    return pwi_pop(v, null_ref_to(type->id));
}

static pw_result validate_array_fill(pw_validator *v)
{
    const pw_type_record *type = NULL;
    pw_val_type element = 0;
    PW_TRY(read_mutable_array(v, &type, &element));
    PW_TRY(pwi_pop(v, PW_I32));
    PW_TRY(pwi_pop(v, pwi_storage_unpacked(element)));
    PW_TRY(pwi_pop(v, PW_I32));
    return pwi_pop(v, null_ref_to(type->id));
}

static pw_result validate_array_copy(pw_validator *v)
{
    const pw_type_record *to = NULL, *from = NULL;
    pw_val_type to_element = 0, from_element = 0;
    PW_TRY(read_mutable_array(v, &to, &to_element));
    PW_TRY(read_array(v, &from, &from_element));
    if (from_element != to_element && !pwi_type_matches(v->module->registry, from_element, to_element))
        return pwi_invalid(v, "array types do not match");
    PW_TRY(pop_i32s(v, 2));
    PW_TRY(pwi_pop(v, null_ref_to(from->id)));
    PW_TRY(pwi_pop(v, PW_I32));
    return pwi_pop(v, null_ref_to(to->id));
}

/* A data segment for numbers, vectors and packed values; an element segment for references. */
static pw_result read_segment(pw_validator *v, pw_val_type element, bool data)
{
    uint32_t index;
    if (data) {
        PW_TRY(pwi_read_data_segment(v));
        return pwi_type_is_ref(element) ? pwi_invalid(v, "type mismatch: array type is not numeric or vector")
                                        : PW_OK;
    }
    PW_TRY(pwi_read_u32(&v->reader, &index));
    if (index >= v->module->elem_count)
        return pwi_invalid(v, "unknown elem segment %u", index);
    pw_val_type items = v->module->elems[index].type;
    return pwi_type_matches(v->module->registry, items, element) ? PW_OK
                                                                 : pwi_type_mismatch(v, element, items);
}

static pw_result validate_array_new_segment(pw_validator *v, bool data)
{
    const pw_type_record *type = NULL;
    pw_val_type element = 0;
    PW_TRY(read_array(v, &type, &element));
    PW_TRY(read_segment(v, element, data));
    PW_TRY(pop_i32s(v, 2));
    return push_ref_to(v, type);
}

static pw_result validate_array_init(pw_validator *v, bool data)
{
    const pw_type_record *type = NULL;
    pw_val_type element = 0;
    PW_TRY(read_mutable_array(v, &type, &element));
    PW_TRY(read_segment(v, element, data));
    PW_TRY(pop_i32s(v, 3));
    return pwi_pop(v, null_ref_to(type->id));
}

/* ---- casts ------------------------------------------------------------------------------------------------------ */

/* The operand of a cast may be any reference of the target's hierarchy. */
static pw_result read_cast(pw_validator *v, bool nullable, pw_val_type *target)
{
    uint32_t heap;
    PW_TRY(pwi_read_heap_type(&v->reader, &heap));
    *target = PW_REF_TYPE(nullable ? PW_KIND_REF_NULL : PW_KIND_REF, heap);
    return pwi_pop(v, null_ref_to(pwi_heap_top(v->module->registry, heap)));
}

static pw_result validate_ref_test(pw_validator *v, bool nullable)
{
    pw_val_type target = 0;
    PW_TRY(read_cast(v, nullable, &target));
    return pwi_push(v, PW_I32);
}

static pw_result validate_ref_cast(pw_validator *v, bool nullable)
{
    pw_val_type target = 0;
    PW_TRY(read_cast(v, nullable, &target));
    return pwi_push(v, target);
}

enum { CAST_FROM_NULL = 1, CAST_TO_NULL = 2 };

static pw_result read_branch_cast(pw_validator *v, uint32_t *label, pw_val_type *from, pw_val_type *to)
{
    uint8_t flags;
    uint32_t from_heap, to_heap;
    PW_TRY(pwi_read_byte(&v->reader, &flags));
    if (flags > (CAST_FROM_NULL | CAST_TO_NULL))
        return pwi_reader_malformed(&v->reader, v->instr, "malformed br_on_cast flags 0x%02x", flags);
    PW_TRY(pwi_read_u32(&v->reader, label));
    PW_TRY(pwi_read_heap_type(&v->reader, &from_heap));
    PW_TRY(pwi_read_heap_type(&v->reader, &to_heap));
    *from = PW_REF_TYPE(flags & CAST_FROM_NULL ? PW_KIND_REF_NULL : PW_KIND_REF, from_heap);
    *to = PW_REF_TYPE(flags & CAST_TO_NULL ? PW_KIND_REF_NULL : PW_KIND_REF, to_heap);
    if (!pwi_type_matches(v->module->registry, *to, *from))
        return pwi_type_mismatch(v, *from, *to);
    return PW_OK;
}

/* br_on_cast l rt1 rt2: [t* rt1] -> [t* rt1\rt2], l takes t* rt2; br_on_cast_fail is the other way round. rt1\rt2 is rt1
 * without null if rt2 has it. */
static pw_result validate_br_on_cast(pw_validator *v, bool on_fail)
{
    uint32_t label = 0;
    pw_val_type from = 0, to = 0;
    pw_types types = {NULL, 0};
    PW_TRY(read_branch_cast(v, &label, &from, &to));
    pw_val_type rest =
        PW_TYPE_KIND(to) == PW_KIND_REF_NULL ? PW_REF_TYPE(PW_KIND_REF, PW_TYPE_HEAP(from)) : from;
    pw_val_type carried = on_fail ? rest : to;
    PW_TRY(pwi_label_types(v, label, &types));
    if (types.count == 0)
        return pwi_invalid(v, "type mismatch in %s: the label takes no reference",
                           on_fail ? "br_on_cast_fail" : "br_on_cast");
    pw_val_type last = types.types[types.count - 1];
    if (!pwi_type_matches(v->module->registry, carried, last))
        return pwi_type_mismatch(v, last, carried);
    PW_TRY(pwi_pop(v, from));
    types.count--;
    PW_TRY(pwi_check_top(v, types, true));
    return pwi_push(v, on_fail ? to : rest);
}

/* Between the hierarchies of any and extern; null stays what it is. */
static pw_result validate_convert(pw_validator *v, uint32_t from, uint32_t to)
{
    pw_val_type type = PW_TYPE_BOTTOM;
    PW_TRY(pwi_pop_ref(v, &type));
    if (type != PW_TYPE_BOTTOM && !pwi_type_matches(v->module->registry, type, null_ref_to(from)))
        return pwi_type_mismatch(v, null_ref_to(from), type);
    bool nullable = type != PW_TYPE_BOTTOM && PW_TYPE_KIND(type) == PW_KIND_REF_NULL;
    return pwi_push(v, PW_REF_TYPE(nullable ? PW_KIND_REF_NULL : PW_KIND_REF, to));
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static pw_result apply(pw_validator *v, uint32_t operands, pw_val_type operand, pw_val_type result)
{
    while (operands-- > 0)
        PW_TRY(pwi_pop(v, operand));
    return pwi_push(v, result);
}

static pw_result validate_reference(pw_validator *v, uint32_t code)
{
    switch (code) {
    case PW_OP_ref_eq:
        return apply(v, 2, null_ref_to(PW_HEAP_EQ), PW_I32);
    case PW_OP_ref_i31:
        return apply(v, 1, PW_I32, PW_REF_TYPE(PW_KIND_REF, PW_HEAP_I31));
    case PW_OP_i31_get_s:
    case PW_OP_i31_get_u:
        return apply(v, 1, null_ref_to(PW_HEAP_I31), PW_I32);
    case PW_OP_ref_test:
    case PW_OP_ref_test_null:
        return validate_ref_test(v, code == PW_OP_ref_test_null);
    case PW_OP_ref_cast:
    case PW_OP_ref_cast_null:
        return validate_ref_cast(v, code == PW_OP_ref_cast_null);
    case PW_OP_br_on_cast:
    case PW_OP_br_on_cast_fail:
        return validate_br_on_cast(v, code == PW_OP_br_on_cast_fail);
    case PW_OP_any_convert_extern:
        return validate_convert(v, PW_HEAP_EXTERN, PW_HEAP_ANY);
    case PW_OP_extern_convert_any:
        return validate_convert(v, PW_HEAP_ANY, PW_HEAP_EXTERN);
    default:
        return pwi_invalid(v, "instruction without a rule of validation");
    }
}

static pw_result validate_array(pw_validator *v, uint32_t code)
{
    switch (code) {
    case PW_OP_array_new:
    case PW_OP_array_new_default:
        return validate_array_new(v, code == PW_OP_array_new_default);
    case PW_OP_array_new_fixed:
        return validate_array_new_fixed(v);
    case PW_OP_array_new_data:
    case PW_OP_array_new_elem:
        return validate_array_new_segment(v, code == PW_OP_array_new_data);
    case PW_OP_array_get:
        return validate_array_get(v, false);
    case PW_OP_array_get_s:
    case PW_OP_array_get_u:
        return validate_array_get(v, true);
    case PW_OP_array_set:
        return validate_array_set(v);
    case PW_OP_array_len:
        return apply(v, 1, null_ref_to(PW_HEAP_ARRAY), PW_I32);
    case PW_OP_array_fill:
        return validate_array_fill(v);
    case PW_OP_array_copy:
        return validate_array_copy(v);
    case PW_OP_array_init_data:
    case PW_OP_array_init_elem:
        return validate_array_init(v, code == PW_OP_array_init_data);
    default:
        return validate_reference(v, code);
    }
}

pw_result pwi_validate_gc(pw_validator *v, uint32_t code)
{
    switch (code) {
    case PW_OP_struct_new:
        return validate_struct_new(v);
    case PW_OP_struct_new_default:
        return validate_struct_new_default(v);
    case PW_OP_struct_get:
        return validate_struct_get(v, false);
    case PW_OP_struct_get_s:
    case PW_OP_struct_get_u:
        return validate_struct_get(v, true);
    case PW_OP_struct_set:
        return validate_struct_set(v);
    default:
        return validate_array(v, code);
    }
}
