/* translate_try.h - the translator's part of exceptions: translate_try.c, and translate_legacy.c for the older instructions. */
#ifndef PW_ENGINE_TRANSLATE_TRY_H
#define PW_ENGINE_TRANSLATE_TRY_H

#include "engine/translate.h"

void pwi_translate_try_table(pw_translator *t);
/* The range of the innermost label, a try, begins, and ends. */
void pwi_try_begin(pw_translator *t);
void pwi_try_end(pw_translator *t, const pw_label *label);
/* Clauses of this chain go to the current place. */
void pwi_resolve_clauses(pw_translator *t, uint32_t chain);
/* Code for clauses that leave the function; the last thing to be emitted. */
void pwi_emit_clause_returns(pw_translator *t, uint32_t chain);
void pwi_translate_throw(pw_translator *t, uint32_t tag);
void pwi_translate_throw_ref(pw_translator *t);
void pwi_emit_throw_ref(pw_translator *t, uint32_t slot);
/* A new clause of a try. NULL: no memory. */
pw_catch *pwi_add_clause(pw_translator *t, uint32_t owner);

/* What the code needs of the clauses, in one block. NULL: no memory. */
pw_catches *pwi_catches_make(const pw_translator *t);

/* translate_legacy.c */
void pwi_translate_legacy_try(pw_translator *t);
void pwi_translate_catch(pw_translator *t, bool all);
void pwi_translate_delegate(pw_translator *t);
void pwi_translate_rethrow(pw_translator *t, uint32_t depth);

#endif
