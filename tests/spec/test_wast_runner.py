"""The runner against a made-up engine: every way a command can go wrong is seen, and roots block the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from wast_assemble import AssembleError
from wast_engine import EngineError, UnsupportedError
from wast_runner import Outcome, Status, is_same_message, run_script
from wast_script import ModuleSource, Verdict, parse_script
from wast_values import Argument, Number, Result


class FakeSession:
    """Modules are bytes: ``malformed``, ``unlinkable`` and so on fail so, ``import X`` imports X."""

    def compile(self, wasm: bytes) -> bytes:
        for verdict in (Verdict.MALFORMED, Verdict.INVALID):
            if wasm == verdict.value.encode():
                raise EngineError(verdict, "bad bytes")
        if wasm == b"unsupported":
            raise UnsupportedError("needs simd")
        return wasm

    def imported_modules(self, module: bytes) -> set[str]:
        return {module.decode().split()[1]} if module.startswith(b"import") else set()

    def instantiate(self, module: bytes, registered: Mapping[str, Any]) -> bytes:
        for verdict in (Verdict.UNLINKABLE, Verdict.TRAP):
            if module == verdict.value.encode():
                raise EngineError(verdict, "bad start")
        return module

    def invoke(self, instance: bytes, name: str, arguments: Sequence[Argument]) -> tuple[Result, ...]:
        if name == "one":
            return (Number("i32", 1),)
        if name == "bug":
            raise KeyError("a bug of the engine")
        for verdict in (Verdict.TRAP, Verdict.EXHAUSTION, Verdict.EXCEPTION):
            if name == verdict.value:
                raise EngineError(verdict, "integer overflow")
        return ()

    def get(self, instance: bytes, name: str) -> Result:
        return Number("i64", 5)


class FakeEngine:
    name = "fake"

    def __init__(self, tells_malformed: bool = True) -> None:
        self.tells_malformed = tells_malformed

    def session(self) -> FakeSession:
        return FakeSession()


def assemble(module: ModuleSource) -> bytes:
    if module.code == b"(module (bad))":
        raise AssembleError("unknown field")
    return module.code


def outcomes(text: str, engine: FakeEngine | None = None) -> list[Outcome]:
    return run_script(parse_script(text.encode()), engine or FakeEngine(), assemble)


def status(text: str) -> Status:
    """How the last command went."""
    return outcomes('(module binary "m")' + text)[-1].status


@pytest.mark.parametrize(
    "text",
    [
        '(assert_return (invoke "one") (i32.const 1))',
        '(assert_return (get "g") (i64.const 5))',
        '(assert_return (invoke "nothing"))',
        '(invoke "one")',
        '(assert_trap (invoke "trap") "integer overflow")',
        '(assert_trap (invoke "trap") "integer")',
        '(assert_exhaustion (invoke "exhaustion") "integer overflow")',
        '(assert_exception (invoke "exception"))',
        '(assert_malformed (module binary "malformed") "any words")',
        '(assert_invalid (module binary "invalid") "any words")',
        '(assert_unlinkable (module binary "unlinkable") "any words")',
        '(assert_trap (module binary "trap") "bad start")',
        '(register "M")',
    ],
)
def test_passes(text: str) -> None:
    assert status(text) is Status.PASSED


@pytest.mark.parametrize(
    "text",
    [
        '(assert_return (invoke "one") (i32.const 2))',
        '(assert_return (invoke "one"))',
        '(assert_return (invoke "nothing") (i32.const 1))',
        '(assert_return (invoke "trap"))',
        '(assert_return (invoke "bug"))',
        '(invoke "trap")',
        '(assert_trap (invoke "one") "integer overflow")',
        '(assert_trap (invoke "trap") "unreachable")',
        '(assert_trap (invoke "exhaustion") "integer overflow")',
        '(assert_trap (invoke "exception") "integer overflow")',
        '(assert_trap (invoke "bug") "")',
        '(assert_exhaustion (invoke "trap") "integer overflow")',
        '(assert_exception (invoke "trap"))',
        '(assert_malformed (module binary "fine") "")',
        '(assert_malformed (module binary "invalid") "bad bytes")',
        '(assert_invalid (module binary "malformed") "bad bytes")',
        '(assert_invalid (module binary "fine") "")',
        '(assert_invalid (module binary "unsupported") "needs simd")',
        '(assert_invalid (module binary "trap") "")',
        '(assert_unlinkable (module binary "fine") "")',
        '(assert_unlinkable (module binary "invalid") "")',
        '(assert_trap (module binary "fine") "")',
        '(module binary "unlinkable")',
        '(module binary "trap")',
        "(module (bad))",
        '(assert_invalid (module (bad)) "")',
        '(register "M" $missing)',
        '(invoke $missing "one")',
        "(wait $missing)",
        "(module instance $I $missing)",
    ],
)
def test_failures_are_seen(text: str) -> None:
    assert status(text) is Status.FAILED


def test_malformed_text_is_the_assemblers_and_counted_so() -> None:
    assert status('(assert_malformed (module quote "x") "")') is Status.TEXT
    assert status('(assert_malformed_custom (module quote "x") "")') is Status.TEXT
    assert status('(assert_invalid (module quote "invalid") "")') is Status.PASSED


def test_an_engine_with_one_error_for_both_may_say_invalid() -> None:
    engine = FakeEngine(tells_malformed=False)
    assert outcomes('(assert_malformed (module binary "invalid") "")', engine)[0].status is Status.PASSED
    assert outcomes('(assert_invalid (module binary "malformed") "")', engine)[0].status is Status.FAILED


def test_commands_on_a_failed_module_are_blocked_by_its_line() -> None:
    found = outcomes(
        """(module $A binary "invalid")
        (invoke "one") (register "a" $A) (invoke $A "one")
        (module $B binary "import a")
        (invoke "one")
        (assert_unlinkable (module binary "import a") "")
        (module definition $D binary "malformed")
        (module instance $I $D)
        (assert_return (invoke $I "one") (i32.const 1)) (register "i" $I)
        (module binary "fine")
        (assert_return (invoke "one") (i32.const 1))"""
    )
    blocked = {outcome.line: outcome.root for outcome in found if outcome.status is Status.BLOCKED}
    assert blocked == {2: 1, 3: 1, 4: 1, 5: 1, 7: 6, 8: 6}
    assert [outcome.line for outcome in found if outcome.status is Status.FAILED] == [1, 6]
    assert found[-1].status is Status.PASSED


def test_threads_run_and_their_failures_are_seen() -> None:
    found = outcomes(
        """(module $M binary "fine")
        (thread $T (shared (module $M))
          (register "m" $M)
          (module binary "import m")
          (assert_return (invoke "one") (i32.const 2)))
        (wait $T)"""
    )
    assert [outcome.line for outcome in found if outcome.status is Status.FAILED] == [5]
    assert sum(outcome.status is Status.PASSED for outcome in found) == 5


@pytest.mark.parametrize(
    ("expected", "actual", "verdict"),
    [
        ("uninitialized element", "uninitialized element 2", True),
        ("uninitialized element 2", "uninitialized element", True),
        ("unreachable", "", False),
        ("unreachable", "undefined element", False),
        ("", "anything", True),
    ],
)
def test_message_rule(expected: str, actual: str, verdict: bool) -> None:
    assert is_same_message(expected, actual) is verdict
