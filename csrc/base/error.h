/* error.h - filling in a pw_error. The first error wins: later ones do not overwrite it. */
#ifndef PW_BASE_ERROR_H
#define PW_BASE_ERROR_H

#include "base/config.h"
#include "pywasi.h"

/* Notes result and text (printf) in error if it holds none yet; error may be NULL. Returns result. */
pw_result pwi_fail(pw_error *error, pw_result result, const char *format, ...) PW_PRINTF(3, 4);
/* The same with the byte offset of the culprit in the module. */
pw_result pwi_fail_at(pw_error *error, pw_result result, uint64_t offset, const char *format, ...) PW_PRINTF(4, 5);
/* PW_ERR_NO_MEMORY with its standard text. */
pw_result pwi_no_memory(pw_error *error);
/* PW_ERR_TRAP with the standard text of the kind. */
pw_result pwi_trap(pw_error *error, pw_trap_kind kind);

#endif
