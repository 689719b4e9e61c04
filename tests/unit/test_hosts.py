"""Python callables that wasm calls."""

from __future__ import annotations

import gc
import weakref

import pytest

import pywasi_native as wasm
import wasm_bytes


def caller(params: str, results: str, host: object, body: str | None = None) -> wasm.Func:
    """An export that passes its arguments to the host function and gives what that returns."""
    m = wasm_bytes.Module()
    index = m.import_func("env", "host", params, results)
    gets = "\n".join(f"local.get {i}" for i in range(len(params.split())))
    m.func(body or f"{gets}\ncall {index}", params, results, export="run")
    function: wasm.Func = wasm.load(m.bytes(), {"env": {"host": host}}).run
    return function


@pytest.mark.parametrize(
    ("kind", "given", "seen"),
    [
        ("i32", 0xFFFFFFFF, -1), ("i64", (1 << 64) - 2, -2), ("f32", 0.5, 0.5), ("f64", 0.1, 0.1),
        ("externref", "a thing", "a thing"), ("externref", None, None), ("funcref", None, None),
    ],
)  # fmt: skip
def test_arguments_and_results(kind: str, given: object, seen: object) -> None:
    got: list[object] = []

    def host(value: object) -> object:
        got.append(value)
        return value

    assert caller(kind, kind, host)(given) == seen
    assert got == [seen]
    assert type(got[0]) is type(seen)


def test_many_arguments_and_results() -> None:
    kinds = ["i32", "i64", "f32", "f64"] * 5
    got: list[tuple[object, ...]] = []

    def host(*values: object) -> tuple[object, ...]:
        got.append(values)
        return values[::-1][::-1]

    values = tuple(range(20))
    assert caller(" ".join(kinds), " ".join(kinds), host)(*values) == values
    assert got == [values]
    assert [type(value) for value in got[0][:4]] == [int, int, float, float]


def test_results_may_be_a_list() -> None:
    assert caller("", "i32 f64", lambda: [1, 2.5])() == (1, 2.5)


@pytest.mark.parametrize(
    ("results", "value", "error", "text"),
    [
        ("i32", "x", TypeError, r"^host\(\) result must be int, not str \(i32\)$"),
        ("i32", None, TypeError, r"^host\(\) result must be int, not NoneType \(i32\)$"),
        ("i32", 1 << 40, OverflowError, r"^host\(\) result must be in the range of i32"),
        ("", 3, TypeError, r"^host\(\) must return None, not int: its type has no results$"),
        ("i32 i64", 3, TypeError, r"^host\(\) must return a tuple of 2, not int$"),
        ("i32 i64", (1, 2, 3), TypeError, r"^host\(\) must return 2 values, not 3$"),
        ("i32 i64", (1, "x"), TypeError, r"^host\(\) result 2 must be int, not str \(i64\)$"),
    ],
)
def test_wrong_results(results: str, value: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        caller("", results, lambda: value)()
    assert [entry.name for entry in caught.traceback][1:] == ["run"]


def test_wrong_number_of_parameters() -> None:
    with pytest.raises(TypeError, match="positional argument"):
        caller("i32", "", lambda: None)(1)


def test_any_callable_will_do() -> None:
    class Callable:
        def __call__(self, value: int) -> int:
            return value * 2

        def method(self, value: int) -> int:
            return value * 3

    assert caller("i32", "i32", Callable())(4) == 8
    assert caller("i32", "i32", Callable().method)(4) == 12
    assert caller("i32", "i32", abs)(-4) == 4
    assert caller("f64", "f64", float)(4) == 4.0


def test_calls_nest_deep_and_the_depth_is_bounded() -> None:
    calls = 0

    def host(value: int) -> int:
        nonlocal calls
        calls += 1
        result: int = function(value - 1) + 1 if value else 0
        return result

    function = caller("i32", "i32", host)
    assert function(50) == 50
    with pytest.raises((wasm.Trap, RecursionError)):
        function(1_000_000)
    assert function(3) == 3


def test_a_host_may_grow_the_memory() -> None:
    m = wasm_bytes.Module()
    index = m.import_func("env", "host")
    m.memory(1, 10)
    m.func(f"call {index}; i32.const 70000; i32.load8_u 0 0", results="i32", export="run")

    def host() -> None:
        instance.memory.grow(1)
        instance.memory[70000] = 9

    instance = wasm.load(m.bytes(), {"env": {"host": host}})
    assert instance.run() == 9


def test_a_host_may_instantiate_in_the_same_store() -> None:
    module = wasm.compile(wasm_bytes.numbers())

    def host() -> int:
        result: int = module.instantiate(store=run.store).add(20, 22)
        return result

    m = wasm_bytes.Module()
    m.import_func("env", "host", "", "i32")
    m.func("call 0", results="i32", export="run")
    run = wasm.load(m.bytes(), {"env": {"host": host}})
    assert run.run() == 42


def test_a_function_of_python() -> None:
    f = wasm.Func(wasm.FuncType(["i32"], ["i32"]), lambda value: value + 1, name="inc")
    assert f(1) == 2
    assert f.name == "inc"
    assert repr(f) == "<wasm function inc (func (param i32) (result i32))>"
    with pytest.raises(OverflowError, match=r"inc\(\) argument 1"):
        f(1 << 40)
    with pytest.raises(TypeError, match=r"inc\(\) takes 1 argument \(0 given\)"):
        f()


def test_functions_of_python_are_checked() -> None:
    with pytest.raises(TypeError, match="needs a callable"):
        wasm.Func(wasm.FuncType(), 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a FuncType"):
        wasm.Func("i32", abs)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="only types without an index"):
        wasm.Func(wasm.FuncType(["(ref null 3)"]), abs)


def test_a_func_must_have_the_type_that_is_asked_for() -> None:
    m = wasm_bytes.Module()
    m.import_func("env", "host", "i64")
    f = wasm.Func(wasm.FuncType(["i32"]), lambda value: None)
    with pytest.raises(
        wasm.LinkError, match=r"env.host must be \(func \(param i64\)\), not \(func \(param i32\)\)"
    ):
        wasm.load(m.bytes(), {"env": {"host": f}})


def test_an_export_comes_back_as_itself() -> None:
    m = wasm_bytes.Module()
    index = m.import_func("env", "host", "i32", "i32")
    m.export("again", 0, index)
    m.table("funcref", 1, export="t")
    m.elem(0, [index])
    f = wasm.Func(wasm.FuncType(["i32"], ["i32"]), abs)
    instance = wasm.load(m.bytes(), {"env": {"host": f}})
    assert instance.again is f
    assert instance.t[0] is f
    assert f(-3) == 3


def test_a_function_keeps_its_name_without_its_object() -> None:
    m = wasm_bytes.Module()
    host = m.import_func("env", "host name")
    m.table("funcref", 2, export="t")
    m.elem(0, [host])
    t = wasm.load(m.bytes(), {"env": {"host name": lambda: None}}).t
    t[1] = wasm.Func(wasm.FuncType(), lambda: None, name="made")
    gc.collect()
    assert [f.name for f in t] == ["host name", "made"]


# ---- garbage ----


def test_cycles_through_callables_are_collected() -> None:
    class Holder:
        instance: wasm.Instance

        def host(self) -> None:
            pass

    def build() -> weakref.ref[Holder]:
        holder = Holder()
        m = wasm_bytes.Module()
        m.import_func("env", "host")
        holder.instance = wasm.load(m.bytes(), {"env": {"host": holder.host}})
        return weakref.ref(holder)

    gone = [build() for _ in range(20)]
    gc.collect()
    assert [reference() for reference in gone] == [None] * 20


def test_cycles_through_globals_and_methods_of_ours_are_collected() -> None:
    class Mark:
        pass

    def build() -> weakref.ref[Mark]:
        m = wasm_bytes.Module()
        m.import_func("env", "host", "i32", "i32")
        m.memory(1)
        m.global_("externref", "ref.null extern", mutable=True, export="g")
        box: list[object] = []
        instance = wasm.load(m.bytes(), {"env": {"host": lambda value, box=box: len(box)}})
        mark = Mark()
        box += [instance, mark, instance.memory.grow]
        instance.g.value = box
        return weakref.ref(mark)

    gone = [build() for _ in range(20)]
    gc.collect()
    assert [reference() for reference in gone] == [None] * 20


def test_finalizers_may_call_what_is_being_collected() -> None:
    outcomes: list[object] = []

    class Last:
        run: wasm.Func

        def __del__(self) -> None:
            try:
                outcomes.append(self.run())
            except RuntimeError as error:
                outcomes.append(error)

    def build() -> None:
        last = Last()
        m = wasm_bytes.Module()
        index = m.import_func("env", "host", "", "i32")
        m.func(f"call {index}", results="i32", export="run")
        last.run = wasm.load(m.bytes(), {"env": {"host": lambda last=last: 5}}).run

    build()
    gc.collect()
    assert len(outcomes) == 1
    assert outcomes[0] == 5 or isinstance(outcomes[0], RuntimeError)


def test_a_function_keeps_its_store() -> None:
    run = caller("i32", "i32", lambda value: value)
    gc.collect()
    assert run(7) == 7


def test_a_callable_may_drop_its_own_function() -> None:
    box: dict[str, wasm.Func] = {}

    def host() -> int:
        box.clear()
        gc.collect()
        return 3

    box["run"] = caller("", "i32", host)
    assert box["run"]() == 3
