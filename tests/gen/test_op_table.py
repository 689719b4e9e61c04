"""Opcodes, immediates, alignments and signatures against wasmtime, which assembles and judges them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import locate
from op_shell import Tables

if TYPE_CHECKING:
    import wasmtime

ROW = re.compile(
    r'^PW_OPCODE\((\w+), "([^"]+)", (\w+), (\w+), "([^"]*)", "([^"]*)", (\w+), (\d)\)$', re.MULTILINE
)
TYPES = {"i": "i32", "I": "i64", "f": "f32", "F": "f64", "V": "v128"}
# Immediates in the text format, and their bytes.
IMMEDIATES = {
    "NONE": ("", b""),
    "LABEL": ("0", b"\0"),
    "BR_TABLE": ("0 0 0", b"\2\0\0\0"),
    "FUNC": ("1", b"\1"),
    "TYPE": ("1", b"\1"),
    "CALL_INDIRECT": ("1 (type 0)", b"\0\1"),
    "LOCAL": ("1", b"\1"),
    "GLOBAL": ("1", b"\1"),
    "TABLE": ("1", b"\1"),
    "TABLE_COPY": ("0 1", b"\0\1"),
    "TABLE_INIT": ("1 0", b"\0\1"),
    "ELEM": ("1", b"\1"),
    "MEMORY": ("1", b"\1"),
    "MEMORY_COPY": ("0 1", b"\0\1"),
    "MEMORY_INIT": ("1 0", b"\0\1"),
    "DATA": ("1", b"\1"),
    "I32": ("-2", b"\x7e"),
    "I64": ("-2", b"\x7e"),
    "F32": ("1", b"\0\0\x80\x3f"),
    "F64": ("1", b"\0\0\0\0\0\0\xf0\x3f"),
    "HEAP": ("extern", b"\x6f"),
    "V128": ("i64x2 2 3", b"\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"),
    "SHUFFLE": ("31 30 29 28 27 26 25 24 0 1 2 3 4 5 6 7", bytes([*range(31, 23, -1), *range(8)])),
    "LANE_2": ("1", b"\1"),
    "LANE_4": ("3", b"\3"),
    "LANE_8": ("7", b"\7"),
    "LANE_16": ("15", b"\x0f"),
    "ZERO": ("", b"\0"),
    "TAG": ("1", b"\1"),
    "FIELD": ("1 2", b"\1\2"),
    "TYPE_LENGTH": ("1 2", b"\1\2"),
    "TYPE_DATA": ("1 0", b"\1\0"),
    "TYPE_ELEM": ("0 1", b"\0\1"),
    "TYPE_TYPE": ("0 1", b"\0\1"),
    "CAST": ("(ref extern)", b"\x6f"),
    "CAST_NULL": ("(ref null extern)", b"\x6f"),
    "BR_CAST": ("0 (ref null any) (ref eq)", b"\1\0\x6e\x6d"),
    "TRY_TABLE": ("", b"\x40\1\1\1\0"),
}
# Instructions that belong together: what is written around them, and the bytes in front.
AROUND = {
    "block": ("block end", b""),
    "loop": ("loop end", b""),
    "if": ("if end", b""),
    "else": ("if else end", b"\4\x40"),
    "end": ("block end", b"\2\x40"),
    "try_table": ("try_table (catch_ref 1 0) end", b""),
    "try": ("try end", b""),
    "catch": ("try catch 1 end", b"\6\x40"),
    "catch_all": ("try catch_all end", b"\6\x40"),
    "delegate": ("try delegate 0", b"\6\x40"),
}
COUNTS = {
    "NONE": 172, "SIGN_EXTENSION": 5, "SATURATING_FLOAT": 8, "BULK_MEMORY": 7, "REFERENCE_TYPES": 9,
    "TAIL_CALL": 2, "FUNCTION_REFERENCES": 5, "SIMD": 236, "RELAXED_SIMD": 20,
    "EXCEPTIONS": 3, "LEGACY_EXCEPTIONS": 5, "GC": 32, "THREADS": 67, "WIDE_ARITHMETIC": 4,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row of op_table.h."""

    code: int
    text: str
    ident: str
    imm: str
    params: str
    results: str
    feature: str
    align: int


@pytest.fixture(scope="module")
def rows(tables: Tables) -> list[Row]:
    text = (tables.gen / "op_table.h").read_text(encoding="utf-8")
    return [Row(int(code, 16), *rest, int(align)) for code, *rest, align in ROW.findall(text)]


@pytest.fixture(scope="module")
def engine() -> wasmtime.Engine:
    try:
        import wasmtime
    except ImportError:
        locate.missing("wasmtime is missing: pip install wasmtime")
    config = wasmtime.Config()
    config.wasm_memory64 = True
    config.wasm_multi_memory = True
    config.wasm_tail_call = True
    config.wasm_function_references = True
    config.wasm_threads = True
    config.wasm_wide_arithmetic = True
    return wasmtime.Engine(config)


def encoded(code: int) -> bytes:
    """An opcode in the binary format."""
    if code < 0x100:
        return bytes([code])
    sub = code & 0xFFF
    return bytes([code >> 12, sub]) if sub < 0x80 else bytes([code >> 12, sub & 0x7F | 0x80, sub >> 7])


def test_numbers_of_opcodes(rows: list[Row]) -> None:
    """As many as the specifications of the proposals have (the counts are by hand)."""
    assert Counter(row.feature for row in rows) == COUNTS


def test_codes_and_immediates(rows: list[Row], engine: wasmtime.Engine) -> None:
    import wasmtime

    for row in rows:
        text, after = IMMEDIATES.get(row.imm, ("", b""))
        if row.imm == "BLOCK":
            after = b"\x40"
        elif row.imm in ("MEMARG", "MEMARG_ATOMIC"):
            text, after = "1 offset=5", bytes([0x40 | row.align, 1, 5])
        elif row.imm == "MEMARG_LANE":
            text, after = "1 offset=5 1", bytes([0x40 | row.align, 1, 5, 1])
        elif row.imm == "SELECT":
            text, after = "(result i32)", b"\1\x7f"
        instruction, before = AROUND.get(row.text, (f"{row.text} {text}", b""))
        wat = f"""(module (type (func)) (type (func)) (memory 1) (memory 1)
            (table 1 funcref) (table 1 funcref) (elem funcref) (elem funcref) (data) (data) (tag) (tag)
            (global i32 (i32.const 0)) (global (mut i32) (i32.const 0))
            (func) (func (param i32 i32) (param i32) i32.const 77 drop {instruction}))"""
        if row.imm == "CALL_INDIRECT":
            wat, after = wat.replace("1 (type 0)", "1 (type 2)"), b"\2\1"
        binary = bytes(wasmtime.wat2wasm(wat))
        marker = b"\x41\xcd\0\x1a"
        at = binary.index(marker) + len(marker)
        wanted = before + encoded(row.code) + after
        assert binary[at : at + len(wanted)] == wanted, row


def valid(engine: wasmtime.Engine, row: Row, params: str, results: str, is64: bool) -> bool:
    """Whether wasmtime takes the instruction with these operand and result types."""
    import wasmtime

    index = "i64" if is64 else "i32"
    types = TYPES | {"a": index, "t": index}
    text = {"MEMORY_COPY": "0 0", "TABLE_COPY": "0 0"}.get(row.imm, "0")
    if row.imm in ("NONE", "MEMARG", "MEMARG_ATOMIC", "ZERO"):
        text = ""
    if row.imm in ("MEMORY_INIT", "TABLE_INIT"):
        text = "0 0"
    if row.imm in ("I32", "I64", "F32", "F64"):
        text = "1"
    if row.imm in ("V128", "SHUFFLE"):
        text = IMMEDIATES[row.imm][0]
    gets = " ".join(f"local.get {number}" for number in range(len(params)))
    wat = f"""(module (memory {index} 1) (table {index} 1 funcref) (elem funcref) (data)
        (func (param {" ".join(types[p] for p in params)}) (result {" ".join(types[r] for r in results)})
            {gets} {row.text} {text}))"""
    try:
        wasmtime.Module.validate(engine, wasmtime.wat2wasm(wat))
    except wasmtime.WasmtimeError:
        return False
    return True


@pytest.mark.parametrize("is64", [False, True], ids=["32", "64"])
def test_signatures(rows: list[Row], engine: wasmtime.Engine, is64: bool) -> None:
    """Those of the table are valid, every other combination of types is not."""
    checked = 0
    for row in rows:
        if row.params == "*" or (is64 and not set(row.params + row.results) & {"a", "t"}):
            continue
        checked += 1
        assert valid(engine, row, row.params, row.results, is64), row
        concrete = {"a": "I" if is64 else "i", "t": "I" if is64 else "i"}
        meant = [concrete.get(p, p) for p in row.params]
        for other in itertools.product("iIfFV" if "V" in row.params else "iIfF", repeat=len(meant)):
            if list(other) != meant:
                assert not valid(engine, row, "".join(other), row.results, is64), (row, other)
        result = concrete.get(row.results, row.results)
        for other_result in {"i", "I", "f", "F", ""} - {result}:
            assert not valid(engine, row, row.params, other_result, is64), (row, other_result)
    assert checked >= (25 if is64 else 170)
