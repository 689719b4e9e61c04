/* scan.h - walking over instructions without validating them: where an expression ends, and whether its bytes are
 * well formed. */
#ifndef PW_WASM_SCAN_H
#define PW_WASM_SCAN_H

#include "wasm/op_info.h"
#include "wasm/reader.h"

/* Reads the immediates of an instruction and drops them. */
PW_MUST_USE pw_result pwi_scan_immediates(pw_reader *reader, pw_imm_kind kind);
/* Reads an expression up to and including its `end`. */
PW_MUST_USE pw_result pwi_scan_expression(pw_reader *reader);
/* PW_ERR_MALFORMED, for a code that has no row. */
PW_MUST_USE pw_result pwi_scan_unknown_opcode(pw_reader *reader, const uint8_t *at, uint32_t code);

/* Reads the declarations of locals at the head of a function body; the result is their number. */
PW_MUST_USE pw_result pwi_scan_locals(pw_reader *reader, uint64_t *count);
/* Reads all function bodies from the index in module->bodies on, for malformed bytes only. PW_OK if there are none,
 * or if the scan came to instructions that it does not know. */
PW_MUST_USE pw_result pwi_scan_bodies(pw_module *module, uint32_t first, pw_error *error);

#endif
