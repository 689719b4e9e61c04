/* features.h - proposals that a module needs, and what to say when they may not be used. */
#ifndef PW_WASM_FEATURES_H
#define PW_WASM_FEATURES_H

#include "pywasi.h"

/* "this build does not support" or "is switched off": the end of "needs the proposal X, which ...". */
const char *pwi_feature_refusal(uint32_t bit);

#endif
