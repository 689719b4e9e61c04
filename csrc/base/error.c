/* error.c - filling in a pw_error, and the texts of traps. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void pw_error_clear(pw_error *error)
{
    error->result = PW_OK;
    error->trap = PW_TRAP_NONE;
    error->exit_code = 0;
    error->func_index = PW_NO_INDEX;
    error->offset = PW_NO_OFFSET;
    error->frame_count = 0;
    error->frames_left_out = 0;
    error->text[0] = '\0';
}

const char *pw_trap_text(pw_trap_kind kind)
{
    switch (kind) {
#define PW_TRAP(name, text)                                                                                  \
    case PW_TRAP_##name:                                                                                     \
        return text;
#include "base/traps.def"
#undef PW_TRAP
    case PW_TRAP_NONE:
    case PW_TRAP_COUNT:
        break;
    }
    return "";
}

static void set_text(pw_error *error, pw_result result, const char *format, va_list args)
{
    pw_error_clear(error);
    error->result = result;
    int length = vsnprintf(error->text, sizeof error->text, format, args);
    if (length < 0)
        error->text[0] = '\0';
    else if ((size_t)length >= sizeof error->text)
        error->text[pwi_utf8_cut(error->text, sizeof error->text - 1)] = '\0';
}

pw_result pwi_fail(pw_error *error, pw_result result, const char *format, ...)
{
    if (error && error->result == PW_OK) {
        va_list args;
        va_start(args, format);
        set_text(error, result, format, args);
        va_end(args);
    }
    return result;
}

pw_result pwi_fail_at(pw_error *error, pw_result result, uint64_t offset, const char *format, ...)
{
    if (error && error->result == PW_OK) {
        va_list args;
        va_start(args, format);
        set_text(error, result, format, args);
        va_end(args);
        error->offset = offset;
    }
    return result;
}

pw_result pwi_no_memory(pw_error *error)
{
    return pwi_fail(error, PW_ERR_NO_MEMORY, "the host refused memory");
}

pw_result pwi_trap(pw_error *error, pw_trap_kind kind)
{
    if (error && error->result == PW_OK) {
        (void)pwi_fail(error, PW_ERR_TRAP, "%s", pw_trap_text(kind));
        error->trap = kind;
    }
    return PW_ERR_TRAP;
}
