/* print.c - types as text (https://webassembly.github.io/spec/core/text/types.html). */
#include <stdio.h>
#include <string.h>

#include "pywasi.h"
#include "wasm/subtype.h"
#include "wasm/type_registry.h"

static const char *heap_text(uint32_t heap)
{
    switch (heap) {
    case PW_HEAP_NOEXN:
        return "noexn";
    case PW_HEAP_NOFUNC:
        return "nofunc";
    case PW_HEAP_NOEXTERN:
        return "noextern";
    case PW_HEAP_NONE:
        return "none";
    case PW_HEAP_FUNC:
        return "func";
    case PW_HEAP_EXTERN:
        return "extern";
    case PW_HEAP_ANY:
        return "any";
    case PW_HEAP_EQ:
        return "eq";
    case PW_HEAP_I31:
        return "i31";
    case PW_HEAP_STRUCT:
        return "struct";
    case PW_HEAP_ARRAY:
        return "array";
    case PW_HEAP_EXN:
        return "exn";
    case PW_HEAP_BOTTOM:
        return "unknown";
    default:
        return NULL;
    }
}

/* The shorthands do not all follow the heap type's name: (ref null none) is nullref. */
static const char *shorthand_text(uint32_t heap)
{
    switch (heap) {
    case PW_HEAP_NOEXN:
        return "nullexnref";
    case PW_HEAP_NOFUNC:
        return "nullfuncref";
    case PW_HEAP_NOEXTERN:
        return "nullexternref";
    case PW_HEAP_NONE:
        return "nullref";
    default:
        return NULL;
    }
}

static int ref_text(pw_val_type type, char *out, size_t size)
{
    uint32_t heap = PW_TYPE_HEAP(type);
    const char *name = heap_text(heap), *shorthand = shorthand_text(heap);
    const char *null = PW_TYPE_KIND(type) == PW_KIND_REF_NULL ? "null " : "";
    if (!name)
        return snprintf(out, size, "(ref %s%u)", null, heap);
    if (*null == '\0')
        return snprintf(out, size, "(ref %s)", name);
    if (shorthand)
        return snprintf(out, size, "%s", shorthand);
    return snprintf(out, size, "%sref", name);
}

static const char *number_text(uint32_t kind)
{
    switch (kind) {
    case PW_KIND_I32:
        return "i32";
    case PW_KIND_I64:
        return "i64";
    case PW_KIND_F32:
        return "f32";
    case PW_KIND_F64:
        return "f64";
    case PW_KIND_V128:
        return "v128";
    case PW_STORAGE_I8:
        return "i8";
    case PW_STORAGE_I16:
        return "i16";
    default:
        return "unknown";
    }
}

size_t pw_val_type_text(pw_val_type type, char *out, size_t size)
{
    uint32_t kind = PW_TYPE_KIND(type);
    int length;
    if (kind == PW_KIND_REF || kind == PW_KIND_REF_NULL)
        length = ref_text(type, out, size);
    else
        length = snprintf(out, size, "%s", number_text(kind));
    return length < 0 ? 0 : (size_t)length;
}
