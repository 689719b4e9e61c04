"""Tables and globals, from modules and from Python."""

from __future__ import annotations

import pytest

import pywasi_native as wasm
import wasm_bytes


@pytest.fixture
def m() -> wasm.Instance:
    b = wasm_bytes.Module()
    b.table("funcref", 2, 4, export="funcs")
    b.table("externref", 1, export="things")
    one = b.func("i32.const 1", results="i32", export="one")
    b.func("local.get 0; call_indirect 0 0", "i32", "i32", export="call")
    b.elem(0, [one])
    b.global_("i32", "i32.const -1", export="constant")
    b.global_("i64", "i64.const 5", mutable=True, export="counter")
    b.global_("f64", "f64.const 0.5", mutable=True, export="ratio")
    b.global_("externref", "ref.null extern", mutable=True, export="thing")
    b.global_("funcref", "ref.null func", mutable=True, export="func")
    b.func("global.get 1; i64.const 1; i64.add; global.set 1", export="count")
    return wasm.load(b.bytes())


def test_table(m: wasm.Instance) -> None:
    assert len(m.funcs) == 2
    assert m.funcs[0] is m.one
    assert m.funcs[1] is None
    assert m.funcs.type == wasm.TableType("funcref", 2, 4)
    m.funcs[1] = m.one
    assert m.call(1) == 1
    m.funcs[0] = None
    with pytest.raises(wasm.Trap, match="uninitialized element"):
        m.call(0)


def test_a_function_of_python_in_a_table(m: wasm.Instance) -> None:
    m.funcs[1] = wasm.Func(wasm.FuncType([], ["i32"]), lambda: 99)
    assert m.call(1) == 99
    assert m.funcs[1]() == 99


def test_table_grows(m: wasm.Instance) -> None:
    assert m.funcs.grow(2, m.one) == 2
    assert m.funcs[3] is m.one
    with pytest.raises(ValueError, match="cannot grow by 1 elements"):
        m.funcs.grow(1)


def test_table_errors(m: wasm.Instance) -> None:
    for index in (2, -1, 1 << 70):
        with pytest.raises(IndexError):
            m.funcs[index]
        with pytest.raises(IndexError):
            m.funcs[index] = None
    with pytest.raises(TypeError, match="the element must be Func or None, not int"):
        m.funcs[0] = 3
    with pytest.raises(TypeError, match="must be an int, not str"):
        m.funcs["x"]
    with pytest.raises(TypeError):
        del m.funcs[0]
    assert list(m.funcs) == [m.one, None]


def test_externref_table(m: wasm.Instance) -> None:
    thing = object()
    m.things[0] = thing
    assert m.things[0] is thing
    m.things.grow(1, thing)
    assert m.things[1] is thing


def test_globals(m: wasm.Instance) -> None:
    assert (m.constant.value, m.counter.value, m.ratio.value) == (-1, 5, 0.5)
    assert m.constant.type == wasm.GlobalType("i32")
    assert m.counter.type == wasm.GlobalType("i64", mutable=True)
    m.counter.value = (1 << 64) - 1
    assert m.counter.value == -1
    m.count()
    assert m.counter.value == 0
    m.ratio.value = 2
    assert m.ratio.value == 2.0
    thing = object()
    m.thing.value = thing
    assert m.thing.value is thing
    m["func"].value = m.one
    assert m["func"].value is m.one
    assert m.constant.bits() == 0xFFFFFFFF


def test_global_errors(m: wasm.Instance) -> None:
    with pytest.raises(AttributeError, match="immutable"):
        m.constant.value = 1
    with pytest.raises(OverflowError, match="the value of the global must be in the range of i64"):
        m.counter.value = 1 << 64
    with pytest.raises(TypeError, match="the value of the global must be int, not str"):
        m.counter.value = "1"
    assert m.counter.value == 5


def test_globals_of_python() -> None:
    g = wasm.Global("i32", -1)
    assert (g.value, g.type) == (-1, wasm.GlobalType("i32"))
    assert wasm.Global(wasm.GlobalType("f32", True), 0.1).value == pytest.approx(0.1)
    assert wasm.Global("i64", 1, mutable=True).type.mutable
    with pytest.raises(OverflowError):
        wasm.Global("i32", 1 << 32)
    with pytest.raises(TypeError):
        wasm.Global("i32", None)
    with pytest.raises(ValueError, match="'int' is no value type"):
        wasm.Global("int", 1)
    with pytest.raises(TypeError, match="says already"):
        wasm.Global(wasm.GlobalType("i32"), 1, mutable=True)


def test_tables_of_python() -> None:
    thing = object()
    table = wasm.Table(wasm.TableType("externref", 2, 3), thing)
    assert table[1] is thing
    assert table.grow(1) == 2
    assert table[2] is None
    with pytest.raises(ValueError, match="tables hold references"):
        wasm.Table(wasm.TableType("i32", 1))
    with pytest.raises(TypeError, match="must be a TableType"):
        wasm.Table("funcref")  # type: ignore[arg-type]
    with pytest.raises((wasm.WasmError, MemoryError, ValueError)):
        len(wasm.Table(wasm.TableType("funcref", 20_000_000)))


def test_all_are_imported() -> None:
    b = wasm_bytes.Module()
    b.import_table("env", "table", "funcref", 1)
    b.import_global("env", "number", "i32")
    b.import_global("env", "count", "i64", mutable=True)
    b.func("global.get 0", results="i32", export="number")
    b.func("global.get 1; i64.const 2; i64.mul; global.set 1", export="double")
    count = wasm.Global("i64", 21, mutable=True)
    table = wasm.Table(wasm.TableType("funcref", 1))
    m = wasm.load(b.bytes(), {"env": {"table": table, "number": wasm.Global("i32", 7), "count": count}})
    m.double()
    assert (m.number(), count.value) == (7, 42)
    table[0] = m.number
    assert table[0]() == 7


def test_the_same_thing_is_the_same_object(m: wasm.Instance) -> None:
    b = wasm_bytes.Module()
    b.import_table("env", "funcs", "funcref", 1)
    b.export("again", 1, 0)
    other = wasm.load(b.bytes(), {"env": m})
    assert other.again is m.funcs
    assert other.again[0] is m.one
