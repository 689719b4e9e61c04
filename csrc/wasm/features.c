/* features.c - the rows of base/features.def as data. */
#include "wasm/features.h"

pw_features pw_features_supported(void)
{
    pw_features all = 0;
#define PW_FEATURE(name, text, supported, standard) all |= (pw_features)((supported) > 0) << PW_FEATURE_BIT_##name;
#include "base/features.def"
#undef PW_FEATURE
    return all;
}

pw_features pw_features_default(void)
{
    pw_features all = 0;
#define PW_FEATURE(name, text, supported, standard) all |= (pw_features)((supported) > 1) << PW_FEATURE_BIT_##name;
#include "base/features.def"
#undef PW_FEATURE
    return all;
}

const char *pw_feature_text(uint32_t bit)
{
    switch (bit) {
#define PW_FEATURE(name, text, supported, standard)                                                          \
    case PW_FEATURE_BIT_##name:                                                                              \
        return text;
#include "base/features.def"
#undef PW_FEATURE
    default:
        return NULL;
    }
}

const char *pw_feature_standard(uint32_t bit)
{
    switch (bit) {
#define PW_FEATURE(name, text, supported, standard)                                                          \
    case PW_FEATURE_BIT_##name:                                                                              \
        return standard;
#include "base/features.def"
#undef PW_FEATURE
    default:
        return NULL;
    }
}

const char *pwi_feature_refusal(uint32_t bit)
{
    pw_features mask = (pw_features)1 << bit;
    return pw_features_supported() & mask ? "is switched off" : "this build does not support";
}
