/* config.h - compiler differences and the implementation limits, each in one place. */
#ifndef PW_BASE_CONFIG_H
#define PW_BASE_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define PW_LIKELY(x) __builtin_expect(!!(x), 1)
#define PW_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define PW_COLD __attribute__((cold, noinline))
#define PW_NOINLINE __attribute__((noinline))
#define PW_INLINE static inline __attribute__((always_inline))
#define PW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define PW_MAYBE_UNUSED_LABEL __attribute__((unused));
#define PW_MAYBE_UNUSED __attribute__((unused))
#else
#define PW_LIKELY(x) (x)
#define PW_UNLIKELY(x) (x)
#define PW_COLD __declspec(noinline)
#define PW_NOINLINE __declspec(noinline)
#define PW_INLINE static __forceinline
#define PW_PRINTF(fmt, args)
#define PW_MAYBE_UNUSED_LABEL
#define PW_MAYBE_UNUSED
#endif

/* Decode limits: those of the JavaScript API (https://webassembly.github.io/spec/js-api/#limits), which every engine
 * that people use shares. */
#define PW_MAX_MODULE_SIZE ((size_t)1 << 30)
#define PW_MAX_TYPES 1000000u
#define PW_MAX_FUNCTIONS 1000000u
#define PW_MAX_IMPORTS 1000000u
#define PW_MAX_EXPORTS 1000000u
#define PW_MAX_GLOBALS 1000000u
#define PW_MAX_TAGS 1000000u
#define PW_MAX_TABLES 100u
#define PW_MAX_MEMORIES 100u
#define PW_MAX_ELEM_SEGMENTS 100000u
#define PW_MAX_DATA_SEGMENTS 100000u
#define PW_MAX_NAME_BYTES 100000u
#define PW_MAX_FUNCTION_SIZE 7654321u
#define PW_MAX_LOCALS 50000u
#define PW_MAX_PARAMS 1000u
#define PW_MAX_RESULTS 1000u
#define PW_MAX_TABLE_ELEMENTS 10000000u
#define PW_MAX_FIELDS 10000u
#define PW_MAX_SUPERTYPES 63u
/* Not in that list; each costs the host 30 times the 3 bytes that it takes in the module. */
#define PW_MAX_CUSTOM_SECTIONS 100000u

/* Slots of one frame: operands of code words are 16 bits wide. Locals, return slot and the deepest operand stack
 * together; a function that needs more is refused by validation as an implementation limit. */
#define PW_MAX_FRAME_SLOTS 65000u

/* Nested entries wasm -> host -> wasm; each takes C stack. */
#define PW_MAX_NESTED_CALLS 200u

/* Defaults of pw_store_limits. */
#define PW_DEFAULT_MEMORY_BYTES ((uint64_t)4 << 30)
#define PW_DEFAULT_TABLE_ELEMENTS 10000000u
#define PW_DEFAULT_INSTANCES 1000u
#define PW_DEFAULT_STACK_BYTES ((uint64_t)1 << 20)

/* Taken branches and entries between two looks at the poll hook; fuel between two in stores that count it. */
#ifdef PW_TORTURE
#define PW_POLL_INTERVAL 0
#define PW_FUEL_SLICE 0
#else
#define PW_POLL_INTERVAL 20000
#define PW_FUEL_SLICE 100000
#endif

#endif
