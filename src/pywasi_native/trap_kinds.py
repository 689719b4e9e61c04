"""Why a run can trap."""

from __future__ import annotations

import enum


class TrapKind(enum.Enum):
    """Why a run trapped. The values are the messages of the WebAssembly specification."""

    UNREACHABLE = "unreachable"
    INTEGER_DIVIDE_BY_ZERO = "integer divide by zero"
    INTEGER_OVERFLOW = "integer overflow"
    INVALID_CONVERSION = "invalid conversion to integer"
    OUT_OF_BOUNDS_MEMORY = "out of bounds memory access"
    OUT_OF_BOUNDS_TABLE = "out of bounds table access"
    UNDEFINED_ELEMENT = "undefined element"
    UNINITIALIZED_ELEMENT = "uninitialized element"
    INDIRECT_CALL_TYPE = "indirect call type mismatch"
    NULL_FUNCTION_REFERENCE = "null function reference"
    NULL_REFERENCE = "null reference"
    STACK_EXHAUSTED = "call stack exhausted"
    NULL_EXCEPTION_REFERENCE = "null exception reference"
    NULL_STRUCTURE_REFERENCE = "null structure reference"
    NULL_ARRAY_REFERENCE = "null array reference"
    NULL_I31_REFERENCE = "null i31 reference"
    OUT_OF_BOUNDS_ARRAY = "out of bounds array access"
    CAST_FAILURE = "cast failure"
    HOST = "host function trapped"
    UNALIGNED_ATOMIC = "unaligned atomic"
    EXPECTED_SHARED_MEMORY = "expected shared memory"
    OUT_OF_FUEL = "all fuel consumed"
    TIMEOUT = "timed out"
    CANCELLED = "cancelled"
