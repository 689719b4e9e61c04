/* Vectors of 16 bytes by the compiler's own types. Programs that the compiler does not vectorise by itself are
 * written twice: with these types where the machine has them (VECTORS), else as plain C that computes the same. */
#ifndef PYWASI_VECTORS_H
#define PYWASI_VECTORS_H

#include <stdint.h>

#if defined(__wasm_simd128__) || (!defined(__wasm__) && !defined(BENCH_SCALAR))
#define VECTORS 1
typedef float f32x4 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
#endif

#endif
