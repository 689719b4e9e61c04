/* extern_text.c - types of imports and exports in the text format, for error messages. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "runtime/instance.h"

/* Text that is cut at the end of its room. */
typedef struct text {
    char *at;
    size_t left;
} text;

PW_PRINTF(2, 3) static void put(text *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out->at, out->left, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    size_t written = (size_t)length < out->left ? (size_t)length : out->left - 1;
    out->at += written;
    out->left -= written;
}

static void put_type(text *out, pw_val_type type)
{
    char name[64];
    pw_val_type_text(type, name, sizeof name);
    put(out, "%s", name);
}

static void put_types(text *out, const char *keyword, const pw_val_type *types, uint32_t count)
{
    if (!count)
        return;
    put(out, " (%s", keyword);
    for (uint32_t i = 0; i < count && out->left > 1; i++) {
        put(out, " ");
        put_type(out, types[i]);
    }
    put(out, ")");
}

static void put_limits(text *out, const pw_limits *limits)
{
    put(out, "%s%llu", limits->is64 ? "i64 " : "", (unsigned long long)limits->min);
    if (limits->has_max)
        put(out, " %llu", (unsigned long long)limits->max);
    if (limits->shared)
        put(out, " shared");
}

void pwi_extern_type_text(const pw_extern_type *type, char *out, size_t size)
{
    text to = {out, size};
    if (!size)
        return;
    out[0] = '\0';
    switch (type->kind) {
    case PW_EXTERN_FUNC:
    case PW_EXTERN_TAG:
        put(&to, type->kind == PW_EXTERN_FUNC ? "(func" : "(tag");
        put_types(&to, "param", type->func.params, type->func.param_count);
        put_types(&to, "result", type->func.results, type->func.result_count);
        break;
    case PW_EXTERN_TABLE:
        put(&to, "(table ");
        put_limits(&to, &type->table.limits);
        put(&to, " ");
        put_type(&to, type->table.element);
        break;
    case PW_EXTERN_MEMORY:
        put(&to, "(memory ");
        put_limits(&to, &type->memory);
        if (type->memory.page_bits != 16)
            put(&to, " (pagesize %lu)", 1ul << type->memory.page_bits);
        break;
    case PW_EXTERN_GLOBAL:
        put(&to, type->global.is_mutable ? "(global (mut " : "(global ");
        put_type(&to, type->global.type);
        put(&to, type->global.is_mutable ? ")" : "");
        break;
    }
    put(&to, ")");
}
