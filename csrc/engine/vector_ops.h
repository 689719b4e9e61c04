/* vector_ops.h - declares the functions that bodies of vector ops call: pwi_v_<ident>, of the rows of op_functions.h. */
#ifndef PW_ENGINE_VECTOR_OPS_H
#define PW_ENGINE_VECTOR_OPS_H

#include "ops/op_lanes.h"

#define PW_VUNOP_CALL_FUNCTION(ident, ...)  pw_vector pwi_v_##ident(pw_vector);
#define PW_VSHIFT_CALL_FUNCTION(ident, ...) pw_vector pwi_v_##ident(pw_vector, uint32_t);
#define PW_VBINOP_CALL_FUNCTION(ident, ...) pw_vector pwi_v_##ident(pw_vector, pw_vector);
#define PW_VCMPOP_CALL_FUNCTION(ident, ...) pw_vector pwi_v_##ident(pw_vector, pw_vector);
#define PW_VTERNOP_CALL_FUNCTION(ident, ...) pw_vector pwi_v_##ident(pw_vector, pw_vector, pw_vector);
#include "op_functions.h"
#undef PW_VUNOP_CALL_FUNCTION
#undef PW_VSHIFT_CALL_FUNCTION
#undef PW_VBINOP_CALL_FUNCTION
#undef PW_VCMPOP_CALL_FUNCTION
#undef PW_VTERNOP_CALL_FUNCTION

#endif
