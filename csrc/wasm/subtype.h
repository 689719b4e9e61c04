/* subtype.h - the type below all types, which only validation knows. */
#ifndef PW_WASM_SUBTYPE_H
#define PW_WASM_SUBTYPE_H

#include "pywasi.h"

/* Heap type of a reference that came out of unreachable code: it matches every heap type. */
#define PW_HEAP_BOTTOM 0xfffe01u

#endif
