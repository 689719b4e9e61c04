/* instr_reader.h - reading instructions of code that is already known to be well formed (translator, disassembler,
 * constant expressions), and the unchecked LEB readers for it. Decoding of unknown bytes is in reader.h. */
#ifndef PW_WASM_INSTR_READER_H
#define PW_WASM_INSTR_READER_H

#include <stdint.h>
#include <string.h>

static inline uint64_t pwi_leb_u64(const uint8_t **p) {
    uint64_t result = 0;
    uint32_t shift = 0;
    uint8_t byte;
    do {
        byte = *(*p)++;
        result |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return result;
}

static inline uint32_t pwi_leb_u32(const uint8_t **p) {
    if (!(**p & 0x80)) return *(*p)++;
    return (uint32_t)pwi_leb_u64(p);
}

static inline int64_t pwi_leb_s64(const uint8_t **p) {
    uint64_t result = 0;
    uint32_t shift = 0;
    uint8_t byte;
    do {
        byte = *(*p)++;
        result |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40)) result |= ~(uint64_t)0 << shift;
    return (int64_t)result;
}

static inline uint32_t pwi_bytes_u32(const uint8_t **p) {
    uint32_t value = (uint32_t)(*p)[0] | (uint32_t)(*p)[1] << 8 | (uint32_t)(*p)[2] << 16 | (uint32_t)(*p)[3] << 24;
    *p += 4;
    return value;
}

static inline uint64_t pwi_bytes_u64(const uint8_t **p) {
    uint64_t low = pwi_bytes_u32(p);
    return low | (uint64_t)pwi_bytes_u32(p) << 32;
}

/* A memory argument: alignment exponent, memory index (multi-memory: bit 6 of the flags), offset. */
typedef struct pw_memarg {
    uint32_t align;
    uint32_t memory;
    uint64_t offset;
} pw_memarg;

static inline pw_memarg pwi_read_memarg(const uint8_t **p) {
    pw_memarg arg = {0, 0, 0};
    arg.align = pwi_leb_u32(p);
    if (arg.align & 0x40) {
        arg.align &= ~0x40u;
        arg.memory = pwi_leb_u32(p);
    }
    arg.offset = pwi_leb_u64(p);
    return arg;
}

/* Opcodes in the numbering of the op tables: the byte, or prefix << 12 | sub-opcode (memory.copy is 0xfc00a).
 * Sub-opcodes from 0xfff on do not exist. */
#define PW_OPCODE_PREFIXED(prefix, sub) ((uint32_t)(prefix) << 12 | ((sub) < 0xfff ? (uint32_t)(sub) : 0xfffu))

static inline uint32_t pwi_read_opcode(const uint8_t **p) {
    uint32_t byte = *(*p)++;
    if (byte < 0xfb || byte > 0xfe) return byte;
    uint32_t sub = pwi_leb_u32(p);
    return PW_OPCODE_PREFIXED(byte, sub);
}

#endif
