/* Shared memory: https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
 * Every access is sequentially consistent, and its alignment is its width: p is aligned where the address is, since
 * memories begin at a page of the host (on the heap: at 16 bytes). */
#include "op_atomics.h"
#include "op_prelude.h"

FEATURE(THREADS)
OP(0xfe000, "memory.atomic.notify", memory_atomic_notify, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 n) OUT(i32 r))
{
    ALIGNED_ATOMIC(uint32_t, p);
    r = pwi_memory_notify(CTX, p, n);
}

OP(0xfe001, "memory.atomic.wait32", memory_atomic_wait32, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 e, i64 t) OUT(i32 r))
{
    ALIGNED_ATOMIC(uint32_t, p);
    TRAP_IF(!pwi_memory_of(CTX, p)->shared, EXPECTED_SHARED_MEMORY);
    ATTEMPT(pwi_memory_wait(CTX, p, false, e, (int64_t)t));
    r = pwi_memory_wait_answer(CTX);
}

OP(0xfe002, "memory.atomic.wait64", memory_atomic_wait64, IMM(MEMARG_ATOMIC, at64 p) IN(idx a, i64 e, i64 t) OUT(i32 r))
{
    ALIGNED_ATOMIC(uint64_t, p);
    TRAP_IF(!pwi_memory_of(CTX, p)->shared, EXPECTED_SHARED_MEMORY);
    ATTEMPT(pwi_memory_wait(CTX, p, true, e, (int64_t)t));
    r = pwi_memory_wait_answer(CTX);
}

OP(0xfe003, "atomic.fence", atomic_fence, IMM(ZERO, imm z)) { PW_ATOMIC_FENCE(); (void)z; }

OP(0xfe010, "i32.atomic.load", i32_atomic_load, IMM(MEMARG_ATOMIC, at32 p) IN(idx a) OUT(i32 r)) { ATOMIC_LOAD(uint32_t, p, r); }
OP(0xfe011, "i64.atomic.load", i64_atomic_load, IMM(MEMARG_ATOMIC, at64 p) IN(idx a) OUT(i64 r)) { ATOMIC_LOAD(uint64_t, p, r); }
OP(0xfe012, "i32.atomic.load8_u", i32_atomic_load8_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a) OUT(i32 r)) { ATOMIC_LOAD(uint8_t, p, r); }
OP(0xfe013, "i32.atomic.load16_u", i32_atomic_load16_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a) OUT(i32 r)) { ATOMIC_LOAD(uint16_t, p, r); }
OP(0xfe014, "i64.atomic.load8_u", i64_atomic_load8_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a) OUT(i64 r)) { ATOMIC_LOAD(uint8_t, p, r); }
OP(0xfe015, "i64.atomic.load16_u", i64_atomic_load16_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a) OUT(i64 r)) { ATOMIC_LOAD(uint16_t, p, r); }
OP(0xfe016, "i64.atomic.load32_u", i64_atomic_load32_u, IMM(MEMARG_ATOMIC, at32 p) IN(idx a) OUT(i64 r)) { ATOMIC_LOAD(uint32_t, p, r); }
OP(0xfe017, "i32.atomic.store", i32_atomic_store, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 v)) { ATOMIC_STORE(uint32_t, p, v); }
OP(0xfe018, "i64.atomic.store", i64_atomic_store, IMM(MEMARG_ATOMIC, at64 p) IN(idx a, i64 v)) { ATOMIC_STORE(uint64_t, p, v); }
OP(0xfe019, "i32.atomic.store8", i32_atomic_store8, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i32 v)) { ATOMIC_STORE(uint8_t, p, v); }
OP(0xfe01a, "i32.atomic.store16", i32_atomic_store16, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i32 v)) { ATOMIC_STORE(uint16_t, p, v); }
OP(0xfe01b, "i64.atomic.store8", i64_atomic_store8, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i64 v)) { ATOMIC_STORE(uint8_t, p, v); }
OP(0xfe01c, "i64.atomic.store16", i64_atomic_store16, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i64 v)) { ATOMIC_STORE(uint16_t, p, v); }
OP(0xfe01d, "i64.atomic.store32", i64_atomic_store32, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i64 v)) { ATOMIC_STORE(uint32_t, p, v); }

OP(0xfe01e, "i32.atomic.rmw.add", i32_atomic_rmw_add, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(ADD, uint32_t, p, v, r); }
OP(0xfe01f, "i64.atomic.rmw.add", i64_atomic_rmw_add, IMM(MEMARG_ATOMIC, at64 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(ADD, uint64_t, p, v, r); }
OP(0xfe020, "i32.atomic.rmw8.add_u", i32_atomic_rmw8_add_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(ADD, uint8_t, p, v, r); }
OP(0xfe021, "i32.atomic.rmw16.add_u", i32_atomic_rmw16_add_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(ADD, uint16_t, p, v, r); }
OP(0xfe022, "i64.atomic.rmw8.add_u", i64_atomic_rmw8_add_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(ADD, uint8_t, p, v, r); }
OP(0xfe023, "i64.atomic.rmw16.add_u", i64_atomic_rmw16_add_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(ADD, uint16_t, p, v, r); }
OP(0xfe024, "i64.atomic.rmw32.add_u", i64_atomic_rmw32_add_u, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(ADD, uint32_t, p, v, r); }

OP(0xfe025, "i32.atomic.rmw.sub", i32_atomic_rmw_sub, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(SUB, uint32_t, p, v, r); }
OP(0xfe026, "i64.atomic.rmw.sub", i64_atomic_rmw_sub, IMM(MEMARG_ATOMIC, at64 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(SUB, uint64_t, p, v, r); }
OP(0xfe027, "i32.atomic.rmw8.sub_u", i32_atomic_rmw8_sub_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(SUB, uint8_t, p, v, r); }
OP(0xfe028, "i32.atomic.rmw16.sub_u", i32_atomic_rmw16_sub_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(SUB, uint16_t, p, v, r); }
OP(0xfe029, "i64.atomic.rmw8.sub_u", i64_atomic_rmw8_sub_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(SUB, uint8_t, p, v, r); }
OP(0xfe02a, "i64.atomic.rmw16.sub_u", i64_atomic_rmw16_sub_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(SUB, uint16_t, p, v, r); }
OP(0xfe02b, "i64.atomic.rmw32.sub_u", i64_atomic_rmw32_sub_u, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(SUB, uint32_t, p, v, r); }

OP(0xfe02c, "i32.atomic.rmw.and", i32_atomic_rmw_and, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(AND, uint32_t, p, v, r); }
OP(0xfe02d, "i64.atomic.rmw.and", i64_atomic_rmw_and, IMM(MEMARG_ATOMIC, at64 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(AND, uint64_t, p, v, r); }
OP(0xfe02e, "i32.atomic.rmw8.and_u", i32_atomic_rmw8_and_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(AND, uint8_t, p, v, r); }
OP(0xfe02f, "i32.atomic.rmw16.and_u", i32_atomic_rmw16_and_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(AND, uint16_t, p, v, r); }
OP(0xfe030, "i64.atomic.rmw8.and_u", i64_atomic_rmw8_and_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(AND, uint8_t, p, v, r); }
OP(0xfe031, "i64.atomic.rmw16.and_u", i64_atomic_rmw16_and_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(AND, uint16_t, p, v, r); }
OP(0xfe032, "i64.atomic.rmw32.and_u", i64_atomic_rmw32_and_u, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(AND, uint32_t, p, v, r); }

OP(0xfe033, "i32.atomic.rmw.or", i32_atomic_rmw_or, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(OR, uint32_t, p, v, r); }
OP(0xfe034, "i64.atomic.rmw.or", i64_atomic_rmw_or, IMM(MEMARG_ATOMIC, at64 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(OR, uint64_t, p, v, r); }
OP(0xfe035, "i32.atomic.rmw8.or_u", i32_atomic_rmw8_or_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(OR, uint8_t, p, v, r); }
OP(0xfe036, "i32.atomic.rmw16.or_u", i32_atomic_rmw16_or_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(OR, uint16_t, p, v, r); }
OP(0xfe037, "i64.atomic.rmw8.or_u", i64_atomic_rmw8_or_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(OR, uint8_t, p, v, r); }
OP(0xfe038, "i64.atomic.rmw16.or_u", i64_atomic_rmw16_or_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(OR, uint16_t, p, v, r); }
OP(0xfe039, "i64.atomic.rmw32.or_u", i64_atomic_rmw32_or_u, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(OR, uint32_t, p, v, r); }

OP(0xfe03a, "i32.atomic.rmw.xor", i32_atomic_rmw_xor, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(XOR, uint32_t, p, v, r); }
OP(0xfe03b, "i64.atomic.rmw.xor", i64_atomic_rmw_xor, IMM(MEMARG_ATOMIC, at64 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(XOR, uint64_t, p, v, r); }
OP(0xfe03c, "i32.atomic.rmw8.xor_u", i32_atomic_rmw8_xor_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(XOR, uint8_t, p, v, r); }
OP(0xfe03d, "i32.atomic.rmw16.xor_u", i32_atomic_rmw16_xor_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(XOR, uint16_t, p, v, r); }
OP(0xfe03e, "i64.atomic.rmw8.xor_u", i64_atomic_rmw8_xor_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(XOR, uint8_t, p, v, r); }
OP(0xfe03f, "i64.atomic.rmw16.xor_u", i64_atomic_rmw16_xor_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(XOR, uint16_t, p, v, r); }
OP(0xfe040, "i64.atomic.rmw32.xor_u", i64_atomic_rmw32_xor_u, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(XOR, uint32_t, p, v, r); }

OP(0xfe041, "i32.atomic.rmw.xchg", i32_atomic_rmw_xchg, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(XCHG, uint32_t, p, v, r); }
OP(0xfe042, "i64.atomic.rmw.xchg", i64_atomic_rmw_xchg, IMM(MEMARG_ATOMIC, at64 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(XCHG, uint64_t, p, v, r); }
OP(0xfe043, "i32.atomic.rmw8.xchg_u", i32_atomic_rmw8_xchg_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(XCHG, uint8_t, p, v, r); }
OP(0xfe044, "i32.atomic.rmw16.xchg_u", i32_atomic_rmw16_xchg_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i32 v) OUT(i32 r)) { ATOMIC_RMW(XCHG, uint16_t, p, v, r); }
OP(0xfe045, "i64.atomic.rmw8.xchg_u", i64_atomic_rmw8_xchg_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(XCHG, uint8_t, p, v, r); }
OP(0xfe046, "i64.atomic.rmw16.xchg_u", i64_atomic_rmw16_xchg_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(XCHG, uint16_t, p, v, r); }
OP(0xfe047, "i64.atomic.rmw32.xchg_u", i64_atomic_rmw32_xchg_u, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i64 v) OUT(i64 r)) { ATOMIC_RMW(XCHG, uint32_t, p, v, r); }

OP(0xfe048, "i32.atomic.rmw.cmpxchg", i32_atomic_rmw_cmpxchg, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i32 e, i32 v) OUT(i32 r)) { ATOMIC_CMPXCHG(uint32_t, p, e, v, r); }
OP(0xfe049, "i64.atomic.rmw.cmpxchg", i64_atomic_rmw_cmpxchg, IMM(MEMARG_ATOMIC, at64 p) IN(idx a, i64 e, i64 v) OUT(i64 r)) { ATOMIC_CMPXCHG(uint64_t, p, e, v, r); }
OP(0xfe04a, "i32.atomic.rmw8.cmpxchg_u", i32_atomic_rmw8_cmpxchg_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i32 e, i32 v) OUT(i32 r)) { ATOMIC_CMPXCHG(uint8_t, p, e, v, r); }
OP(0xfe04b, "i32.atomic.rmw16.cmpxchg_u", i32_atomic_rmw16_cmpxchg_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i32 e, i32 v) OUT(i32 r)) { ATOMIC_CMPXCHG(uint16_t, p, e, v, r); }
OP(0xfe04c, "i64.atomic.rmw8.cmpxchg_u", i64_atomic_rmw8_cmpxchg_u, IMM(MEMARG_ATOMIC, at8 p) IN(idx a, i64 e, i64 v) OUT(i64 r)) { ATOMIC_CMPXCHG(uint8_t, p, e, v, r); }
OP(0xfe04d, "i64.atomic.rmw16.cmpxchg_u", i64_atomic_rmw16_cmpxchg_u, IMM(MEMARG_ATOMIC, at16 p) IN(idx a, i64 e, i64 v) OUT(i64 r)) { ATOMIC_CMPXCHG(uint16_t, p, e, v, r); }
OP(0xfe04e, "i64.atomic.rmw32.cmpxchg_u", i64_atomic_rmw32_cmpxchg_u, IMM(MEMARG_ATOMIC, at32 p) IN(idx a, i64 e, i64 v) OUT(i64 r)) { ATOMIC_CMPXCHG(uint32_t, p, e, v, r); }
