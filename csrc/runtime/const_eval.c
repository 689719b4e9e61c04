/* const_eval.c - values of constant expressions
 * (https://webassembly.github.io/spec/core/valid/instructions.html, "Constant Expressions"). They are
 * validated, so that types and indices are right; what is left is a small stack machine over the module's
 * bytes. Its stack grows on the heap, as 1000 i32.const before as many i32.add are legal. */
#include "base/alloc.h"
#include "base/error.h"
#include "runtime/bulk_work.h"
#include "runtime/gc_object.h"
#include "runtime/instance.h"
#include "wasm/instr_reader.h"

/* Named here and not taken from the op tables: runtime does not see generated files. */
enum {
    OPCODE_END = 0x0b,
    OPCODE_GLOBAL_GET = 0x23,
    OPCODE_I32_CONST = 0x41,
    OPCODE_I64_CONST = 0x42,
    OPCODE_F32_CONST = 0x43,
    OPCODE_F64_CONST = 0x44,
    OPCODE_I32_ADD = 0x6a,
    OPCODE_I32_SUB = 0x6b,
    OPCODE_I32_MUL = 0x6c,
    OPCODE_I64_ADD = 0x7c,
    OPCODE_I64_SUB = 0x7d,
    OPCODE_I64_MUL = 0x7e,
    OPCODE_REF_NULL = 0xd0,
    OPCODE_REF_FUNC = 0xd2,
    OPCODE_STRUCT_NEW = 0xfb000,
    OPCODE_STRUCT_NEW_DEFAULT = 0xfb001,
    OPCODE_ARRAY_NEW = 0xfb006,
    OPCODE_ARRAY_NEW_DEFAULT = 0xfb007,
    OPCODE_ARRAY_NEW_FIXED = 0xfb008,
    OPCODE_ANY_CONVERT_EXTERN = 0xfb01a,
    OPCODE_EXTERN_CONVERT_ANY = 0xfb01b,
    OPCODE_REF_I31 = 0xfb01c,
    OPCODE_V128_CONST = 0xfd00c
};

#define INLINE_SLOTS 16u

typedef struct eval_stack {
    pw_slot inline_slots[INLINE_SLOTS];
    pw_slot *slots; /* inline_slots, or a heap block */
    size_t count, capacity;
} eval_stack;

static bool move_to_heap(eval_stack *stack)
{
    void *block = NULL;
    size_t capacity = 0;
    if (stack->slots != stack->inline_slots) {
        block = stack->slots;
        capacity = stack->capacity;
    }
    if (!pwi_reserve(&block, &capacity, stack->count * 2, sizeof(pw_slot)))
        return false;
    if (stack->slots == stack->inline_slots)
        memcpy(block, stack->inline_slots, sizeof stack->inline_slots);
    stack->slots = block;
    stack->capacity = capacity;
    return true;
}

static bool push(eval_stack *stack, pw_slot value)
{
    if (stack->count == stack->capacity && !move_to_heap(stack))
        return false;
    stack->slots[stack->count++] = value;
    return true;
}

static bool push_global(eval_stack *stack, const pw_instance *instance, uint32_t index)
{
    const pw_slot *value = pwi_global_place(instance, index);
    if (!push(stack, value[0]))
        return false;
    return pw_type_slots(instance->module->globals[index].type.type) == 1 || push(stack, value[1]);
}

static void binary(eval_stack *stack, uint32_t opcode)
{
    uint64_t b = stack->slots[--stack->count];
    pw_slot *a = &stack->slots[stack->count - 1];
    switch (opcode) {
    case OPCODE_I32_ADD:
        *a = (uint32_t)(*a + b);
        break;
    case OPCODE_I32_SUB:
        *a = (uint32_t)(*a - b);
        break;
    case OPCODE_I32_MUL:
        *a = (uint32_t)(*a * b);
        break;
    case OPCODE_I64_ADD:
        *a += b;
        break;
    case OPCODE_I64_SUB:
        *a -= b;
        break;
    case OPCODE_I64_MUL:
        *a *= b;
        break;
    default:
        break;
    }
}

/* Elements from the stack, the last one on top; slots of an element in `width`. */
static pw_result take_elements(pw_store *store, eval_stack *stack, pw_object *array, uint32_t width)
{
    pw_result result = PW_OK;
    stack->count -= (size_t)array->length * width;
    for (uint32_t i = 0; i < array->length && result == PW_OK; i++)
        result = pwi_array_fill(store, array, i, 1, &stack->slots[stack->count + (size_t)i * width]);
    return result;
}

static pw_result no_object(const pw_store *store, pw_result result, pw_error *error)
{
    if (result != PW_ERR_LIMIT)
        return pwi_fail(error, result, "the host has no memory for an object of a constant expression");
    return pwi_fail(error, result,
                    "an object of a constant expression would pass the limit of %llu bytes (%llu in use)",
                    (unsigned long long)store->limits.memory_bytes, (unsigned long long)store->memory_in_use);
}

static pw_result make_object(pw_instance *instance, eval_stack *stack, uint32_t opcode, const uint8_t **p,
                             pw_error *error)
{
    const pw_type_record *type = instance->module->types[pwi_leb_u32(p)];
    uint32_t width = type->kind == PW_DEF_ARRAY && type->fields[0].storage == PW_V128 ? 2 : 1, length = 0;
    pw_object *object = NULL;
    pw_result result;
    if (opcode == OPCODE_STRUCT_NEW)
        stack->count -= type->field_slots;
    else if (opcode == OPCODE_ARRAY_NEW_FIXED)
        length = pwi_leb_u32(p);
    else if (opcode != OPCODE_STRUCT_NEW_DEFAULT)
        length = (uint32_t)stack->slots[--stack->count];
    if (type->kind == PW_DEF_STRUCT)
        result = pwi_struct_new(instance->store, type,
                                opcode == OPCODE_STRUCT_NEW ? stack->slots + stack->count : NULL, &object);
    else
        result = pwi_array_new(instance->store, type, length, &object);
    if (result != PW_OK)
        return no_object(instance->store, result, error);
    if (opcode == OPCODE_ARRAY_NEW) {
        stack->count -= width;
        result = pwi_array_fill(instance->store, object, 0, length, stack->slots + stack->count);
    } else if (opcode == OPCODE_ARRAY_NEW_FIXED) {
        result = take_elements(instance->store, stack, object, width);
    }
    if (result != PW_OK)
        return result;
    return push(stack, (pw_slot)(uintptr_t)object) ? PW_OK : pwi_no_memory(error);
}

static pw_result step(pw_instance *instance, eval_stack *stack, uint32_t opcode, const uint8_t **p,
                      pw_error *error)
{
    bool pushed = true;
    switch (opcode) {
    case OPCODE_I32_CONST:
        pushed = push(stack, (uint32_t)pwi_leb_s64(p));
        break;
    case OPCODE_I64_CONST:
        pushed = push(stack, (uint64_t)pwi_leb_s64(p));
        break;
    case OPCODE_F32_CONST:
        pushed = push(stack, pwi_bytes_u32(p));
        break;
    case OPCODE_F64_CONST:
        pushed = push(stack, pwi_bytes_u64(p));
        break;
    case OPCODE_V128_CONST:
        pushed = push(stack, pwi_bytes_u64(p)) && push(stack, pwi_bytes_u64(p));
        break;
    case OPCODE_GLOBAL_GET:
        pushed = push_global(stack, instance, pwi_leb_u32(p));
        break;
    case OPCODE_REF_NULL:
        (void)pwi_leb_s64(p); /* the heap type */
        pushed = push(stack, 0);
        break;
    case OPCODE_REF_FUNC:
        pushed = push(stack, (pw_slot)(uintptr_t)instance->funcs[pwi_leb_u32(p)]);
        break;
    case OPCODE_STRUCT_NEW:
    case OPCODE_STRUCT_NEW_DEFAULT:
    case OPCODE_ARRAY_NEW:
    case OPCODE_ARRAY_NEW_DEFAULT:
    case OPCODE_ARRAY_NEW_FIXED:
        return make_object(instance, stack, opcode, p, error);
    case OPCODE_REF_I31:
        stack->slots[stack->count - 1] = pwi_i31((uint32_t)stack->slots[stack->count - 1]);
        break;
    case OPCODE_ANY_CONVERT_EXTERN:
    case OPCODE_EXTERN_CONVERT_ANY:
        break; /* one representation for both */
    case OPCODE_I32_ADD:
    case OPCODE_I32_SUB:
    case OPCODE_I32_MUL:
    case OPCODE_I64_ADD:
    case OPCODE_I64_SUB:
    case OPCODE_I64_MUL:
        binary(stack, opcode);
        break;
    default: /* validation lets no other one pass; should it begin to, this is no place to crash */
        return pwi_fail(error, PW_ERR_INVALID, "opcode 0x%lx cannot be evaluated in a constant expression",
                        (unsigned long)opcode);
    }
    return pushed ? PW_OK : pwi_no_memory(error);
}

pw_result pwi_const_eval_at(pw_instance *instance, const uint8_t **cursor, pw_slot *value, pw_error *error)
{
    pw_result result = PW_OK;
    eval_stack stack;
    stack.slots = stack.inline_slots;
    stack.count = 0;
    stack.capacity = INLINE_SLOTS;
    uint32_t opcode = pwi_read_opcode(cursor), steps = 0;
    while (result == PW_OK && opcode != OPCODE_END) {
        result = step(instance, &stack, opcode, cursor, error);
        if (result == PW_OK)
            result = pwi_store_poll_at(instance->store, ++steps);
        if (result == PW_OK)
            opcode = pwi_read_opcode(cursor);
    }
    if (result == PW_OK)
        memcpy(value, stack.slots, stack.count * sizeof(pw_slot));
    if (stack.slots != stack.inline_slots)
        pwi_free(stack.slots);
    return result;
}

pw_result pwi_const_eval(pw_instance *instance, const pw_const_expr *expr, pw_slot *value, pw_error *error)
{
    const uint8_t *cursor = instance->module->bytes + expr->offset;
    return pwi_const_eval_at(instance, &cursor, value, error);
}
