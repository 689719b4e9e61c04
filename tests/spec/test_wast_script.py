"""Commands: every form that the suite uses, and texts that are no command."""

from __future__ import annotations

import pytest

from wast_assemble import escape_non_ascii
from wast_reader import WastSyntaxError
from wast_script import (
    Action,
    AssertFails,
    AssertReturn,
    Command,
    Define,
    Form,
    Instantiate,
    ModuleSource,
    Perform,
    Register,
    Thread,
    Verdict,
    Wait,
    parse_script,
)
from wast_values import Number, NumberPattern


def only(text: str) -> Command:
    (command,) = parse_script(text.encode())
    return command


def test_bare_fields_are_one_module() -> None:
    text = b'(func) (memory 0) (func (export "f"))'
    assert parse_script(text) == (Define(1, ModuleSource(1, None, Form.TEXT, text)),)


def test_module_text_is_kept_as_written() -> None:
    text = '(module $M (; c ;)\n (func "\x01"))'
    assert only(text) == Define(1, ModuleSource(1, "$M", Form.TEXT, text.encode()))


def test_module_definition_loses_the_word_for_the_assembler() -> None:
    assert only("(module definition $M (func))") == Define(
        1, ModuleSource(1, "$M", Form.TEXT, b"(module            $M (func))", True)
    )


@pytest.mark.parametrize(
    ("text", "module"),
    [
        (r'(module binary "\00asm" "\01\00")', ModuleSource(1, None, Form.BINARY, b"\0asm\x01\0")),
        (r'(module $N binary "a")', ModuleSource(1, "$N", Form.BINARY, b"a")),
        (r'(module definition binary "a")', ModuleSource(1, None, Form.BINARY, b"a", True)),
        (r'(module quote "(func" ")")', ModuleSource(1, None, Form.QUOTE, b"(func)")),
        (r'((@a) module $X quote "")', ModuleSource(1, "$X", Form.QUOTE, b"")),
    ],
)
def test_module_forms(text: str, module: ModuleSource) -> None:
    assert only(text) == Define(1, module)


def test_other_commands() -> None:
    script = b"""(module instance $I $M) (module instance)
        (register "a" $I) (register "b")
        (invoke $I "f" (i32.const 1)) (get "g")
        (assert_return (invoke "f") (i32.const 2))
        (assert_trap (invoke "f") "unreachable") (assert_exception (invoke "f"))
        (assert_malformed_custom (module quote "x") "m") (assert_unlinkable (module) "u")
        (thread $T (shared (module $I)) (wait $U)) (wait $T)"""
    number = NumberPattern("i32", 0xFFFFFFFF, 2)
    empty = ModuleSource(6, None, Form.TEXT, b"(module)")
    quote = ModuleSource(6, None, Form.QUOTE, b"x")
    assert parse_script(script) == (
        Instantiate(1, "$I", "$M"),
        Instantiate(1, None, None),
        Register(2, "a", "$I"),
        Register(2, "b", None),
        Perform(3, Action("$I", "f", (Number("i32", 1),))),
        Perform(3, Action(None, "g", (), True)),
        AssertReturn(4, Action(None, "f"), (number,)),
        AssertFails(5, Verdict.TRAP, Action(None, "f"), "unreachable"),
        AssertFails(5, Verdict.EXCEPTION, Action(None, "f"), ""),
        AssertFails(6, Verdict.MALFORMED, quote, "m", True),
        AssertFails(6, Verdict.UNLINKABLE, empty, "u"),
        Thread(7, "$T", ("$I",), (Wait(7, "$U"),)),
        Wait(7, "$T"),
    )


@pytest.mark.parametrize(
    "text",
    [
        '(module) (asert_return (invoke "f"))',
        "(module) word",
        '(assert_return "f")',
        "(assert_return (invoke f))",
        "(register $M)",
        "(assert_trap)",
        '(invoke "f" (i32.const x))',
        '(assert_return (invoke "f") (i31.const 1))',
    ],
)
def test_no_command_is_an_error_with_its_line(text: str) -> None:
    with pytest.raises(WastSyntaxError, match=r"^s\.wast:2: "):
        parse_script(b"\n" + text.encode(), "s.wast")


def test_non_ascii_is_escaped_inside_strings_only() -> None:
    text = '(module (; ö ;) (export "ö\\n" (func 0)))'.encode()
    escaped = '(module (; ö ;) (export "\\c3\\b6\\n" (func 0)))'.encode()
    assert escape_non_ascii(text) == escaped
