/* trap.c - what host functions raise. The texts of the traps are base/error.c's, of base/traps.def. */
#include "base/config.h"
#include "base/error.h"
#include "runtime/store.h"

/* The store may still hold the error of an earlier call that the host function has dealt with: it goes
 * first. */
pw_result pw_raise_trap(pw_store *store, pw_trap_kind kind, const char *text)
{
    if (kind == PW_TRAP_NONE || (unsigned)kind >= PW_TRAP_COUNT)
        kind = PW_TRAP_HOST;
    pw_error_clear(&store->error);
    (void)pwi_fail(&store->error, PW_ERR_TRAP, "%s", text ? text : pw_trap_text(kind));
    store->error.trap = kind;
    return PW_ERR_TRAP;
}

pw_result pw_raise_exit(pw_store *store, uint32_t code)
{
    pw_error_clear(&store->error);
    (void)pwi_fail(&store->error, PW_ERR_EXIT, "exit code %lu", (unsigned long)code);
    store->error.exit_code = code;
    return PW_ERR_EXIT;
}
