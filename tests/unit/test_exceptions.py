"""Exceptions between the guest and Python: tags, `WasmException`, exnref values."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import traceback
import weakref
from typing import Any

import pytest

import pywasi_native as wasm
import wasm_bytes
from pywasi_native.engine import features
from pywasi_native.references import ExnRef


def thrower(params: str = "i32") -> wasm.Instance:
    """``throw`` throws a new exception of the exported tag ``tag`` with its arguments."""
    m = wasm_bytes.Module()
    tag = m.tag(params, export="tag")
    gets = "\n".join(f"local.get {i}" for i in range(len(params.split())))
    m.func(f"{gets}\nthrow {tag}", params, export="throw", label="throw")
    return wasm.load(m.bytes())


def guarded(host: Any, tag: wasm.Tag, store: wasm.Store | None = None) -> wasm.Instance:
    """Calls the host function under handlers.

    ``named`` gives the value that an exception of the tag carries, ``any`` 1 for whatever comes, ``again``
    catches and throws the same on; all give 0 when nothing is thrown. ``passing`` has no handler. ``caught``
    gives the exnref.
    """
    m = wasm_bytes.Module()
    t = m.import_tag("env", "tag", "i32")
    h = m.import_func("env", "host")
    m.func(f"block i32; try_table - catch:{t}:0; call {h}; end; i32.const 0; end", "", "i32", export="named")
    m.func(f"block -; try_table - catch_all:0; call {h}; end; i32.const 0; return; end; i32.const 1",
           "", "i32", export="any")  # fmt: skip
    m.func(f"block exnref; try_table - catch_all_ref:0; call {h}; end; i32.const 0; return; end; throw_ref",
           "", "i32", export="again")  # fmt: skip
    m.func(f"call {h}; i32.const 0", "", "i32", export="passing", label="passing")
    m.func(f"block exnref; try_table - catch_all_ref:0; call {h}; end; ref.null exn; end",
           "", "exnref", export="caught")  # fmt: skip
    m.func("local.get 0; throw_ref", "exnref", export="rethrow")
    m.func("local.get 0; ref.is_null", "exnref", "i32", export="is_null")
    m.func("local.get 0", "exnref", "exnref", export="same")
    m.func("local.get 0; local.get 1; local.get 0", "exnref i32", "exnref i32 exnref", export="three")
    return wasm.load(m.bytes(), {"env": {"tag": tag, "host": host}})


def raising(exception: BaseException) -> Any:
    def host() -> None:
        raise exception

    return host


# ---- tags ----


@pytest.mark.parametrize(
    "type_", [["i32", "f64"], wasm.TagType(["i32", "f64"]), wasm.FuncType(["i32", "f64"])]
)
def test_a_tag_from_python(type_: Any) -> None:
    tag = wasm.Tag(type_)
    assert tag.type == wasm.TagType(["i32", "f64"])
    assert "(tag (param i32 f64))" in repr(tag)
    assert wasm.Tag().type == wasm.TagType()


def test_what_is_no_type_of_a_tag() -> None:
    with pytest.raises(ValueError, match="has no results"):
        wasm.Tag(wasm.FuncType([], ["i32"]))
    with pytest.raises(ValueError, match="'int' is no value type"):
        wasm.Tag(["int"])
    with pytest.raises(ValueError, match="without an index"):
        wasm.Tag(["(ref 3)"])
    with pytest.raises(TypeError, match="a sequence of value types"):
        wasm.Tag("i32")
    with pytest.raises(TypeError):
        wasm.Tag(3)  # type: ignore[arg-type]


def test_tags_are_themselves() -> None:
    one, other = wasm.Tag(["i32"]), wasm.Tag(["i32"])
    assert one != other
    assert one == one
    with pytest.raises(TypeError, match="cannot pickle a Tag"):
        pickle.dumps(one)


def test_an_exported_tag() -> None:
    m = thrower("i32 externref")
    assert isinstance(m.tag, wasm.Tag)
    assert m.tag.type == wasm.TagType(["i32", "externref"])
    assert m.exports["tag"] is m.tag


def test_a_tag_of_another_type_does_not_link() -> None:
    with pytest.raises(
        wasm.LinkError, match=r"env.tag must be \(tag \(param i32\)\), not \(tag \(param i64\)\)"
    ):
        guarded(print, wasm.Tag(["i64"]))
    with pytest.raises(wasm.LinkError, match="not a Python str"):
        guarded(print, "tag")  # type: ignore[arg-type]


def test_a_tag_of_another_store_does_not_link() -> None:
    bound = wasm.Tag(["i32"], store=wasm.Store())
    m = wasm_bytes.Module()
    m.import_tag("env", "tag", "i32")
    with pytest.raises(ValueError, match="different stores"):
        wasm.load(m.bytes(), {"env": {"tag": bound}}, store=wasm.Store())


# ---- out of the guest ----


def test_uncaught() -> None:
    m = thrower("i32")
    with pytest.raises(wasm.WasmException) as caught:
        m.throw(42)
    assert caught.value.tag is m.tag
    assert caught.value.args_ == (42,)
    assert str(caught.value) == "exception (tag (param i32)): 42"
    text = "".join(traceback.format_exception(caught.value))
    assert "in throw" in text


def test_values_of_all_types() -> None:
    vector = ("v128", bytes(range(16))) if features()["simd"] else ("i64", 8)
    m = thrower(f"i32 i64 f32 f64 {vector[0]} externref funcref i64")
    thing = object()
    values = (-1, -(1 << 63), 0.5, 0.1, vector[1], thing, m.throw, 9)
    with pytest.raises(wasm.WasmException) as caught:
        m.throw(*values)
    assert caught.value.args_ == values
    assert caught.value.args_[5] is thing
    assert caught.value.args_[6] is m.throw


def test_an_exception_of_the_start_function() -> None:
    m = wasm_bytes.Module()
    m.tag()
    m.start = m.func("throw 0", label="begin")
    with pytest.raises(wasm.WasmException) as caught:
        wasm.load(m.bytes())
    assert caught.value.tag is not None
    assert caught.value.tag.type == wasm.TagType()
    assert str(caught.value) == "exception (tag)"


def test_call_bits_raises_it_too() -> None:
    with pytest.raises(wasm.WasmException) as caught:
        thrower("i32").throw.call_bits(0xFFFFFFFF)
    assert caught.value.args_ == (-1,)


# ---- into the guest ----


def test_a_host_function_throws() -> None:
    tag = wasm.Tag(["i32"])
    m = guarded(raising(wasm.WasmException(tag, [7])), tag)
    assert m.named() == 7
    assert m.any() == 1


def test_another_tag_is_not_caught_by_name() -> None:
    tag = wasm.Tag(["i32"])
    error = wasm.WasmException(wasm.Tag(["i32"]), [7])
    m = guarded(raising(error), tag)
    with pytest.raises(wasm.WasmException) as caught:
        m.named()
    assert caught.value is error
    assert m.any() == 1


@pytest.mark.parametrize("name", ["passing", "again"])
def test_it_comes_out_as_the_same_object(name: str) -> None:
    tag = wasm.Tag(["i32"])

    class Special(wasm.WasmException):
        pass

    error = Special(tag, [7])
    m = guarded(raising(error), tag)
    for _ in range(2):  # and can be raised again
        with pytest.raises(Special) as caught:
            m[name]()
        assert caught.value is error
    assert "in host" in "".join(traceback.format_exception(error))


def test_the_frames_of_the_guest_are_in_the_traceback() -> None:
    tag = wasm.Tag(["i32"])
    m = guarded(raising(wasm.WasmException(tag, [7])), tag)
    with pytest.raises(wasm.WasmException) as caught:
        m.passing()
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names.index("passing") < names.index("host")


@pytest.mark.parametrize("name", ["named", "any"])
def test_other_exceptions_pass_through(name: str) -> None:
    error = KeyError("x")
    m = guarded(raising(error), wasm.Tag(["i32"]))
    with pytest.raises(KeyError) as caught:
        m[name]()
    assert caught.value is error


def test_traps_are_not_caught() -> None:
    m = wasm_bytes.Module()
    m.func("block -; try_table - catch_all:0; unreachable; end; end", export="run")
    with pytest.raises(wasm.Trap) as caught:
        wasm.load(m.bytes()).run()
    assert caught.value.kind is wasm.TrapKind.UNREACHABLE


def test_one_of_another_store_passes_through_as_it_is() -> None:
    foreign = thrower("i32")
    m = guarded(lambda: foreign.throw(3), wasm.Tag(["i32"]))
    for name in ("named", "any", "passing"):
        with pytest.raises(wasm.WasmException) as caught:
            m[name]()
        assert caught.value.tag is foreign.tag
        assert caught.value.args_ == (3,)


def test_wrong_values_are_a_type_error_at_once() -> None:
    tag = wasm.Tag(["i32"])
    with pytest.raises(TypeError, match=r"an exception of \(tag \(param i32\)\) has 1 values, not 2"):
        wasm.WasmException(tag, [1, 2])
    with pytest.raises(TypeError, match="needs a Tag, not str"):
        wasm.WasmException("text")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        ("x", TypeError, "value 1 of the exception must be int, not str"),
        (1 << 40, OverflowError, "in the range of i32"),
    ],
)
def test_values_that_do_not_fit_the_tag(value: Any, error: type[Exception], text: str) -> None:
    tag = wasm.Tag(["i32"])
    thrown = wasm.WasmException(tag, [value])
    m = guarded(raising(thrown), tag)
    with pytest.raises(error, match=text) as caught:
        m.any()
    assert caught.value.__context__ is thrown


def test_a_host_function_called_from_python() -> None:
    tag = wasm.Tag()
    error = wasm.WasmException(tag)
    with pytest.raises(wasm.WasmException) as caught:
        wasm.Func(wasm.FuncType(), raising(error))()
    assert caught.value is error


def test_through_a_thousand_frames_of_both() -> None:
    tag = wasm.Tag(["i32"])
    depth = 0

    def host() -> None:
        nonlocal depth
        depth += 1
        if depth == 50:
            raise wasm.WasmException(tag, [depth])
        m.passing()

    m = guarded(host, tag)
    assert m.named() == 50


def test_an_inner_exception_keeps_its_identity() -> None:
    """The guest's exnref before and after a Python function that lets the exception pass."""
    store = wasm.Store()
    tag = wasm.Tag(["i32"], store=store)
    inner = guarded(raising(wasm.WasmException(tag, [5])), tag)
    seen: list[Any] = []

    def host() -> None:
        try:
            inner.passing()
        except wasm.WasmException as error:
            seen.append(error)
            raise

    outer = guarded(host, tag)
    first = inner.caught()
    assert outer.caught() is first
    assert outer.named() == 5
    with pytest.raises(wasm.WasmException) as caught:
        outer.passing()
    assert caught.value is seen[-1]


# ---- exnref values ----


def test_exnref_in_and_out() -> None:
    tag = wasm.Tag(["i32"])
    m = guarded(raising(wasm.WasmException(tag, [7])), tag)
    exn = m.caught()
    assert isinstance(exn, ExnRef)
    assert isinstance(exn, wasm.Ref)
    assert m.same(exn) is exn
    assert m.three(exn, 5) == (exn, 5, exn)
    assert m.three.call_bits(exn, 5) == (exn, 5, exn)
    assert m.same(None) is None
    assert m.is_null(None) == 1
    assert m.is_null(exn) == 0
    with pytest.raises(wasm.WasmException) as caught:
        m.rethrow(exn)
    assert (caught.value.tag, caught.value.args_) == (tag, (7,))
    with pytest.raises(wasm.Trap, match="null exception reference"):
        m.rethrow(None)


def test_what_is_no_exnref() -> None:
    m = guarded(print, wasm.Tag(["i32"]))
    for value in (3, wasm.WasmException(wasm.Tag()), m.same):
        with pytest.raises(TypeError, match=r"must be Ref or None, not \w+ \(exnref\)"):
            m.same(value)
    tag = wasm.Tag(["i32"])
    foreign = guarded(raising(wasm.WasmException(tag, [7])), tag).caught()
    with pytest.raises(ValueError, match="another store"):
        m.same(foreign)
    with pytest.raises(TypeError, match="cannot be made from Python"):
        ExnRef()
    with pytest.raises(ValueError, match="another store"):
        m.same(ExnRef.__new__(ExnRef))
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(foreign)


def test_exnref_to_and_from_host_functions() -> None:
    store = wasm.Store()
    tag = wasm.Tag(["i32"], store=store)
    m = guarded(raising(wasm.WasmException(tag, [7])), tag)
    got: list[Any] = []

    def swap(a: Any, b: Any) -> tuple[Any, Any]:
        got.append((a, b))
        return b, a

    f = wasm.Func(wasm.FuncType(["exnref", "exnref"], ["exnref", "exnref"]), swap, store=store)
    w = wasm_bytes.Module()
    pair = w.type("exnref exnref", "exnref exnref")
    w.import_("env", "swap", 0, wasm_bytes.unsigned(pair))
    w.imported_funcs += 1
    w.func("local.get 0; local.get 1; call 0", "exnref exnref", "exnref exnref", export="swap")
    run = wasm.load(w.bytes(), {"env": {"swap": f}}).swap
    a, b = m.caught(), m.caught()
    assert run(a, b) == (b, a)
    assert run(a, None) == (None, a)
    assert got == [(a, b), (a, None)]


def test_exnref_in_tables_and_globals() -> None:
    store = wasm.Store()
    tag = wasm.Tag(["i32"], store=store)
    m = guarded(raising(wasm.WasmException(tag, [7])), tag)
    exn = m.caught()
    cell = wasm.Global("exnref", exn, mutable=True, store=store)
    assert cell.value is exn
    cell.value = None
    assert cell.value is None
    table = wasm.Table(wasm.TableType("exnref", 3), store=store)
    table[1] = exn
    assert [table[i] for i in range(3)] == [None, exn, None]
    with pytest.raises(TypeError, match="must be Ref or None"):
        table[0] = 3


# ---- memory ----


def test_references_are_let_go() -> None:
    """Were they not, the store's memory would be used up: 8,000 exceptions of 4 KiB in 16 MiB."""
    store = wasm.Store(wasm.Limits(memory="16MiB"))
    params = ["i64"] * 500
    tag = wasm.Tag(params, store=store)
    kept = None
    error: wasm.WasmException

    def host() -> None:
        raise wasm.WasmException(tag, range(500))

    m = wasm_bytes.Module()
    h = m.import_func("env", "host")
    m.func(f"block exnref; try_table - catch_all_ref:0; call {h}; end; ref.null exn; end",
           "", "exnref", export="f")  # fmt: skip
    f = wasm.load(m.bytes(), {"env": {"host": host}}, store=store).f
    for _ in range(8_000):
        kept = f()
    assert isinstance(kept, ExnRef)
    uncaught = wasm.Func(wasm.FuncType(), host, store=store)
    with pytest.raises(wasm.WasmException) as caught:
        uncaught()
    error = caught.value
    assert error.args_ == tuple(range(500))


def test_a_caught_exception_does_not_stay() -> None:
    tag = wasm.Tag(["i32"])

    class Special(wasm.WasmException):
        pass

    alive: list[weakref.ref[Special]] = []

    def host() -> None:
        error = Special(tag, [1])
        alive.append(weakref.ref(error))
        raise error

    m = guarded(host, tag)
    assert m.named() == 1
    gc.collect()
    assert alive[0]() is None


def test_stores_with_exceptions_go() -> None:
    m = thrower("i32")
    gone = weakref.ref(m.store)
    with pytest.raises(wasm.WasmException) as caught:
        m.throw(1)
    error: wasm.WasmException | None = caught.value
    del m, caught
    gc.collect()
    assert gone() is not None  # the exception refers to it
    error = None
    gc.collect()
    assert error is None
    assert gone() is None


def test_references_let_go_by_another_thread_while_the_guest_runs() -> None:
    store = wasm.Store()
    tag = wasm.Tag(["i32"], store=store)
    m = guarded(raising(wasm.WasmException(tag, [7])), tag)
    spin = wasm.compile(wasm_bytes.spinner()).instantiate(store=store)
    held = [m.caught() for _ in range(100)]
    ended: list[BaseException] = []

    def work() -> None:
        try:
            spin.spin()
        except wasm.Cancelled as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        held.clear()  # whether the guest has begun to run or not
        gc.collect()
    finally:
        while thread.is_alive():
            spin.cancel()
            thread.join(0.01)
    assert len(ended) == 1
    assert m.named() == 7
    assert isinstance(m.caught(), ExnRef)


# ---- the Python object ----


def test_copies_and_pickles() -> None:
    m = thrower("i32")
    with pytest.raises(wasm.WasmException) as caught:
        m.throw(42)
    for made in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert type(made) is wasm.WasmException
        assert made.args_ == (42,)
        assert made.tag is None
        assert str(made) == "exception (tag): 42"


def test_one_without_a_tag_passes_through_as_any_exception() -> None:
    m = thrower("i32")
    with pytest.raises(wasm.WasmException) as caught:
        m.throw(42)
    made = pickle.loads(pickle.dumps(caught.value))
    guest = guarded(raising(made), wasm.Tag(["i32"]))
    with pytest.raises(wasm.WasmException) as again:
        guest.any()
    assert again.value is made


# ---- other references ----


def test_i31() -> None:
    number = wasm.I31(-1)
    assert (number.value, wasm.I31(0x7FFFFFFF).value, wasm.I31(0x3FFFFFFF).value) == (-1, -1, 0x3FFFFFFF)
    assert number == wasm.I31(0x7FFFFFFF)
    assert hash(number) == hash(wasm.I31(-1))
    assert number != wasm.I31(1)
    assert number != -1
    assert repr(number) == "I31(-1)"
    assert pickle.loads(pickle.dumps(number)) == number
    for value in (1 << 31, -(1 << 30) - 1):
        with pytest.raises(OverflowError, match="an i31 must be in the range"):
            wasm.I31(value)
    cell = wasm.Global("i31ref", number, mutable=True)
    assert cell.value == number
    with pytest.raises(TypeError, match=r"must be Ref or None, not int \(i31ref\)"):
        cell.value = 3


def test_references_of_one_kind_are_not_taken_for_another() -> None:
    tag = wasm.Tag(["i32"])
    exn = guarded(raising(wasm.WasmException(tag, [7])), tag).caught()
    func = wasm.Func(wasm.FuncType(), print)
    for kind, value in (
        ("funcref", wasm.I31(1)), ("funcref", exn), ("exnref", wasm.I31(1)), ("exnref", func),
        ("i31ref", func), ("eqref", exn), ("structref", wasm.I31(1)), ("nullexnref", exn),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError), match=r"must be \w+ or None, not|another store"):
            _ = wasm.Global(kind, value).value
    for kind in ("externref", "anyref"):  # they take whatever there is
        assert wasm.Global(kind, exn).value is exn
        assert wasm.Global(kind, "text").value == "text"
        assert wasm.Global(kind, wasm.I31(5)).value == wasm.I31(5)


def test_a_result_is_kept_while_what_was_caught_dies() -> None:
    """Its finalizer may call the guest, and so write over the stack that the result came on."""
    calls: list[Any] = []

    class Loud(wasm.WasmException):
        def __del__(self) -> None:
            if len(calls) == 1:
                calls.append(m["any"]())

    def host() -> None:
        calls.append(None)
        if len(calls) == 1:
            raise Loud(tag, [77])

    tag = wasm.Tag(["i32"])
    m = guarded(host, tag)
    assert m["named"]() == 77
    assert calls == [None, None, 0]
