"""The error classes: their bases, what they carry, what traps and host exceptions look like."""

from __future__ import annotations

import pickle
import traceback

import pytest

import pywasi_native as wasm
import wasm_bytes
from pywasi_native.engine import native

# ---- the tree of the contract ----

BASES = {
    wasm.WasmError: Exception,
    wasm.MalformedError: (wasm.WasmError, ValueError),
    wasm.ValidationError: (wasm.WasmError, ValueError),
    wasm.LinkError: (wasm.WasmError, ImportError),
    wasm.Trap: (wasm.WasmError, RuntimeError),
    wasm.StackExhausted: wasm.Trap,
    wasm.OutOfFuel: wasm.Trap,
    wasm.Timeout: (wasm.Trap, TimeoutError),
    wasm.Cancelled: wasm.Trap,
    wasm.WasmException: wasm.WasmError,
    wasm.WasiExit: wasm.WasmError,
    wasm.CapabilityError: (wasm.WasmError, PermissionError),
}


@pytest.mark.parametrize("cls", BASES, ids=lambda cls: cls.__name__)
def test_bases(cls: type[Exception]) -> None:
    bases = BASES[cls] if isinstance(BASES[cls], tuple) else (BASES[cls],)
    assert cls.__bases__ == bases


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (wasm.MalformedError("bad magic", offset=3), "bad magic"),
        (wasm.ValidationError("type mismatch", offset=9, function=2), "type mismatch"),
        (wasm.LinkError("two", problems=["a", "b"]), "two"),
        (wasm.Trap(kind=wasm.TrapKind.UNREACHABLE, frames=[wasm.Frame("f", 1, 2)]), "unreachable"),
        (wasm.Timeout(kind=wasm.TrapKind.TIMEOUT), "timed out"),
        (wasm.StackExhausted(kind=wasm.TrapKind.STACK_EXHAUSTED), "call stack exhausted"),
        (wasm.WasiExit(4_000_000_000), "exit code 4000000000"),
        (wasm.CapabilityError("no"), "no"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_errors_pickle_with_all_that_they_know(error: Exception, text: str) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert str(error) == str(copy) == text
    assert type(copy) is type(error)
    assert vars(copy) == vars(error)


def test_they_pickle_as_dask_does_it() -> None:
    pickling = pytest.importorskip("tblib.pickling_support", reason="dask is not for this Python yet")
    for error in (
        wasm.Timeout("slow", kind="timed out"),
        wasm.Trap("x"),
        wasm.CapabilityError("no", package="p"),
    ):
        function, args, *rest = pickling.pickle_exception(error)
        copy = function(*args)
        if rest and rest[0]:
            copy.__dict__.update(rest[0])
        assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_cloudpickle_sends_no_code_of_ours() -> None:
    cloudpickle = pytest.importorskip("cloudpickle", reason="dask is not for this Python yet")
    for value in (
        wasm.Limits(fuel=3),
        wasm.Timeout("slow", kind="timed out", frames=[wasm.Frame("f", 1, 2)]),
    ):
        assert b"_make_function" not in cloudpickle.dumps(value)


def test_trap_kinds_are_the_engines() -> None:
    assert set(native.trap_texts()) <= {kind.value for kind in wasm.TrapKind}


# ---- malformed and invalid ----


@pytest.mark.parametrize("data", [b"", b"\0as", b"\0asm\x02\0\0\0", b"\0asm\x01\0\0\0\x3d\0", b"text"])
def test_malformed(data: bytes) -> None:
    with pytest.raises(wasm.MalformedError) as caught:
        wasm.validate(data)
    assert caught.value.offset is not None
    assert f"{caught.value.offset:#x}" in str(caught.value)


def test_every_truncation_is_an_error() -> None:
    data = wasm_bytes.numbers()
    types_end = 10 + data[9]
    valid = []
    for size in range(len(data)):
        try:
            wasm.validate(data[:size])
            valid.append(size)
        except (wasm.MalformedError, wasm.ValidationError):
            pass
    assert valid == [8, types_end]  # the empty module, and one of nothing but types


def test_every_flipped_byte_is_an_error_or_a_module() -> None:
    data = bytearray(wasm_bytes.numbers())
    verdicts = {True: 0, False: 0}
    for at in range(len(data)):
        for bit in (0x01, 0x80, 0xFF):
            data[at] ^= bit
            try:
                wasm.validate(data)
                verdicts[True] += 1
            except (wasm.MalformedError, wasm.ValidationError):
                verdicts[False] += 1
            data[at] ^= bit
    assert verdicts[True] > 10
    assert verdicts[False] > 100


def test_invalid_tells_the_function_and_the_place() -> None:
    m = wasm_bytes.Module()
    m.func("i32.const 1; drop")
    m.func("i64.const 1; drop; i32.add; drop")
    with pytest.raises(wasm.ValidationError) as caught:
        wasm.compile(m.bytes())
    assert caught.value.function == 1
    assert caught.value.offset is not None
    assert "function 1 at byte 0x" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"(module)", "text format"),
        (b"\0asm\x0d\0\x01\0", "component"),
        (b"\x7fELF\x02\x01\x01", "native program"),
    ],
)
def test_well_known_mistakes_get_advice(data: bytes, advice: str) -> None:
    with pytest.raises(wasm.MalformedError, match=advice):
        wasm.compile(data)


# ---- traps ----


def test_a_trap_tells_kind_and_frames() -> None:
    m = wasm_bytes.Module()
    inner = m.func("unreachable", label="inner")
    middle = m.func(f"nop; call {inner}", label="middle")
    m.func(f"call {middle}", export="outer")
    with pytest.raises(wasm.Trap) as caught:
        wasm.load(m.bytes()).outer()
    trap = caught.value
    assert str(trap) == "unreachable"
    assert trap.kind is wasm.TrapKind.UNREACHABLE
    assert [(frame.function, frame.index) for frame in trap.frames] == [
        ("outer", 2),
        ("middle", 1),
        ("inner", 0),
    ]
    offsets = [frame.offset for frame in trap.frames]
    assert m.bytes()[offsets[2]] == 0x00  # the unreachable
    assert [m.bytes()[offset] for offset in offsets[:2]] == [0x10, 0x10]  # the calls


def test_the_traceback_shows_the_wasm_functions() -> None:
    m = wasm_bytes.Module()
    inner = m.func("unreachable", label="in ner")
    m.func(f"call {inner}", export="outer")
    with pytest.raises(wasm.Trap) as caught:
        wasm.load(m.bytes()).outer()
    lines = traceback.format_exception(caught.value)
    shown = [line.strip().split(", in ")[1] for line in lines if line.lstrip().startswith('File "<')]
    assert shown == ["outer", "in ner"]
    assert lines[-1].strip() == "pywasi_native.errors.Trap: unreachable"


@pytest.mark.parametrize(
    ("args", "message"),
    [((1, 0), "integer divide by zero"), ((-(1 << 31), -1), "integer overflow")],
)
def test_the_message_is_that_of_the_specification(args: tuple[int, int], message: str) -> None:
    with pytest.raises(wasm.Trap) as caught:
        wasm.load(wasm_bytes.numbers()).div(*args)
    assert str(caught.value) == message == caught.value.kind.value


def test_endless_recursion() -> None:
    m = wasm_bytes.Module()
    m.func("call 0", export="f")
    f = wasm.load(m.bytes()).f
    for _ in range(3):  # and the stack is usable afterwards
        with pytest.raises(wasm.StackExhausted) as caught:
            f()
    assert str(caught.value) == "call stack exhausted"
    assert caught.value.kind is wasm.TrapKind.STACK_EXHAUSTED
    assert caught.value.frames_left_out > 1000


def test_a_trap_in_the_start_function() -> None:
    m = wasm_bytes.Module()
    m.start = m.func("unreachable", label="begin")
    with pytest.raises(wasm.Trap, match="unreachable") as caught:
        wasm.load(m.bytes())
    assert [frame.function for frame in caught.value.frames] == ["begin"]


# ---- exceptions of Python through wasm ----


def through(function: object) -> wasm.Instance:
    """run() calls mid, which calls the host function."""
    m = wasm_bytes.Module()
    host = m.import_func("env", "host")
    mid = m.func(f"call {host}", label="mid")
    m.func(f"call {mid}", export="run")
    return wasm.load(m.bytes(), {"env": {"host": function}})


class Special(Exception):
    """Raised by hosts."""


def test_an_exception_comes_out_as_the_same_object() -> None:
    thrown = Special("x")

    def host() -> None:
        raise thrown

    with pytest.raises(Special) as caught:
        through(host).run()
    assert caught.value is thrown
    assert [entry.name for entry in caught.traceback][1:] == ["run", "mid", "host"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_so_do_those_that_are_no_errors(kind: type[BaseException]) -> None:
    def host() -> None:
        raise kind("stop")

    with pytest.raises(kind, match="stop"):
        through(host).run()


def test_an_instance_is_usable_after_an_exception() -> None:
    calls: list[int] = []

    def host() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise Special

    m = through(host)
    with pytest.raises(Special):
        m.run()
    assert m.run() is None


def test_nested_calls_show_every_layer() -> None:
    def inner() -> None:
        raise Special

    deep = through(inner)
    with pytest.raises(Special) as caught:
        through(deep.run).run()
    names = [entry.name for entry in caught.traceback][1:]
    assert names == ["run", "mid", "run", "mid", "inner"]


def test_a_trap_through_python_has_the_frames_of_both_layers() -> None:
    m = wasm_bytes.Module()
    m.func("unreachable", export="boom")
    boom = wasm.load(m.bytes()).boom
    with pytest.raises(wasm.Trap) as caught:
        through(lambda: boom()).run()
    assert [frame.function for frame in caught.value.frames] == ["run", "mid", "boom"]


def test_context_is_kept() -> None:
    def host() -> None:
        raise Special

    m = through(host)
    first = LookupError()

    def during() -> None:
        try:
            raise first
        finally:
            m.run()

    with pytest.raises(Special) as caught:
        during()
    assert caught.value.__context__ is first


def test_exit() -> None:
    m = wasm_bytes.Module()
    exit_ = m.import_func("wasi_snapshot_preview1", "proc_exit", "i32")
    m.memory(1)
    m.func(f"i32.const -2; call {exit_}; unreachable", export="quit")
    with pytest.raises(wasm.WasiExit) as caught:
        wasm.load(m.bytes(), wasi=wasm.Wasi()).quit()
    assert caught.value.code == 0xFFFFFFFE
