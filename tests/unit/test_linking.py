"""How imports are found, and what is said about those that are not."""

from __future__ import annotations

import types

import pytest

import pywasi_native as wasm
import wasm_bytes


def needs(*imports: tuple[str, str], kind: str = "func") -> wasm.Module:
    m = wasm_bytes.Module()
    for module, name in imports:
        m.import_func(module, name, "i32", "i32")
    if imports:
        m.func("local.get 0; call 0", "i32", "i32", export="run")
    return wasm.compile(m.bytes())


class Space:
    """An object with attributes."""

    @staticmethod
    def f(value: int) -> int:
        return value + 10


@pytest.mark.parametrize(
    "space",
    [
        {"f": lambda value: value + 10},
        Space,
        Space(),
        types.SimpleNamespace(f=lambda value: value + 10),
        types.MappingProxyType({"f": lambda value: value + 10}),
    ],
    ids=["dict", "class", "object", "namespace", "mapping"],
)
def test_where_imports_may_stand(space: object) -> None:
    assert needs(("env", "f")).instantiate({"env": space}).run(1) == 11


def test_an_instance_gives_its_exports() -> None:
    first = needs(("env", "f")).instantiate({"env": Space})
    m = wasm_bytes.Module()
    m.import_func("a", "run", "i32", "i32")
    m.func("local.get 0; call 0; call 0", "i32", "i32", export="twice")
    assert wasm.load(m.bytes(), {"a": first}).twice(0) == 20


def test_a_module_of_python_gives_its_functions() -> None:
    import operator

    assert needs(("op", "neg")).instantiate({"op": operator}).run(5) == -5


def test_all_problems_in_one_error() -> None:
    m = wasm_bytes.Module()
    m.import_func("env", "log", "i32")
    m.import_func("env", "other")
    m.import_func("evn", "log")
    m.import_global("env", "g", "i32")
    m.import_memory("env", "mem", 2)
    m.import_table("env", "t", "funcref", 1)
    given = {"env": {"lgo": print, "g": 3, "mem": wasm.Memory(1), "t": print}}
    with pytest.raises(wasm.LinkError) as caught:
        wasm.load(m.bytes(), given)
    assert caught.value.problems == (
        "env.log (func (param i32)) is missing; did you mean 'lgo'?",
        "env.other (func) is missing",
        "evn.log (func) is missing; did you mean 'env'?",
        "env.g must be (global i32), not a Python int",
        "env.mem must be (memory 2), not (memory 1)",
        "env.t must be (table 1 funcref), not a Python builtin_function_or_method",
    )
    assert "6 imports do not fit" in str(caught.value)
    assert all(problem in str(caught.value) for problem in caught.value.problems)


def test_one_problem_is_one_line() -> None:
    with pytest.raises(
        wasm.LinkError, match=r"^wasm: env.f \(func \(param i32\) \(result i32\)\) is missing$"
    ):
        needs(("env", "f")).instantiate()


def test_many_problems_are_cut_in_the_message() -> None:
    module = needs(*[("env", f"f{i}") for i in range(100)])
    with pytest.raises(wasm.LinkError) as caught:
        module.instantiate({"env": {}})
    assert len(caught.value.problems) == 100
    assert str(caught.value).endswith("and 80 more")


@pytest.mark.parametrize(
    ("module", "name", "advice"),
    [
        ("wasi_snapshot_preview1", "fd_write", "pass wasi=wasm.Wasi("),
        ("__wbindgen_placeholder__", "__wbindgen_throw", "wasm-bindgen"),
        ("wbg", "__wbg_log_1", "wasm-bindgen"),
        ("env", "abort", "AssemblyScript"),
        ("gojs", "runtime.wasmExit", "GOOS=wasip1"),
    ],
)
def test_advice_for_well_known_imports(module: str, name: str, advice: str) -> None:
    with pytest.raises(wasm.LinkError, match="is missing: ") as caught:
        needs((module, name)).instantiate()
    assert advice in str(caught.value)


def test_advice_is_given_once() -> None:
    with pytest.raises(wasm.LinkError) as caught:
        needs(("wasi_snapshot_preview1", "a"), ("wasi_snapshot_preview1", "b")).instantiate()
    assert str(caught.value).count("pass wasi=") == 1


def test_a_function_that_wasi_does_not_have() -> None:
    with pytest.raises(wasm.LinkError, match="WASI has no function of this name"):
        needs(("wasi_snapshot_preview1", "fd_fly")).instantiate(wasi=wasm.Wasi())


def test_wasi_of_another_type() -> None:
    m = wasm_bytes.Module()
    m.import_func("wasi_snapshot_preview1", "fd_close", "i64", "i32")
    with pytest.raises(wasm.LinkError) as caught:
        wasm.load(m.bytes(), wasi=wasm.Wasi())
    problem = "fd_close must be (func (param i64) (result i32)), not (func (param i32) (result i32))"
    assert caught.value.problems == (f"wasi_snapshot_preview1.{problem}",)


def test_own_functions_come_before_those_of_wasi() -> None:
    m = needs(("wasi_snapshot_preview1", "fd_close"))
    instance = m.instantiate({"wasi_snapshot_preview1": {"fd_close": lambda fd: fd * 2}}, wasi=wasm.Wasi())
    assert instance.run(21) == 42


def test_imports_must_be_a_mapping() -> None:
    with pytest.raises(TypeError, match="imports must be a mapping of module names, not function"):
        needs().instantiate(lambda: None)  # type: ignore[arg-type]


def test_initialize_runs_and_start_does_not() -> None:
    m = wasm_bytes.Module()
    m.global_("i32", "i32.const 0", mutable=True, export="g")
    m.func("global.get 0; i32.const 1; i32.add; global.set 0", export="_initialize")
    m.func("unreachable", export="_start")
    instance = wasm.load(m.bytes())
    assert instance.g.value == 1
    instance["_initialize"]()
    assert instance.g.value == 2


# ---- exports ----


def test_exports_are_attributes_items_and_a_mapping() -> None:
    m = wasm_bytes.Module()
    m.func("i32.const 1", results="i32", export="plain")
    m.func("i32.const 2", results="i32", export="odd-name")
    m.func("i32.const 3", results="i32", export="cancel")
    m.func("i32.const 4", results="i32", export="class")
    m.func("i32.const 5", results="i32", export="")
    m.memory(1)
    instance = wasm.load(m.bytes())
    assert instance.plain() == instance["plain"]() == instance.exports["plain"]() == 1
    assert instance["odd-name"]() == 2
    assert instance["cancel"]() == 3
    assert instance.cancel() is None  # the method wins
    assert getattr(instance, "class")() == 4
    assert instance[""]() == 5
    assert list(instance) == list(instance.exports) == ["plain", "odd-name", "cancel", "class", "", "memory"]
    assert len(instance) == 6
    assert "plain" in instance
    assert "absent" not in instance
    assert {"plain", "memory", "exports"} <= set(dir(instance))
    assert "odd-name" not in dir(instance)


def test_exports_cannot_be_changed() -> None:
    exports = needs(("env", "f")).instantiate({"env": Space}).exports
    for change in (
        lambda: exports.__setitem__("x", 1), lambda: exports.pop("run"), exports.clear, exports.popitem,
        lambda: exports.update(x=1), lambda: exports.__delitem__("run"), lambda: exports.setdefault("x"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="cannot be changed"):
            change()


def test_a_missing_export() -> None:
    instance = needs(("env", "f")).instantiate({"env": Space})
    with pytest.raises(KeyError, match="no export is named 'rum'; did you mean 'run'"):
        instance["rum"]
    with pytest.raises(AttributeError, match="rum"):
        instance.rum  # noqa: B018


def test_reading_an_export_calls_nothing() -> None:
    instance = needs(("env", "f")).instantiate({"env": Space})
    assert "__getattr__" not in vars(wasm.Instance)
    assert instance.__dict__["run"] is instance.run


def test_instances_are_not_made_by_hand_nor_pickled() -> None:
    import pickle

    with pytest.raises(TypeError, match="made by wasm"):
        wasm.Instance()
    with pytest.raises(TypeError, match="cannot pickle an Instance"):
        pickle.dumps(needs().instantiate())
