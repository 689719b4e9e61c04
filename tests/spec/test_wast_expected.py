"""The lists of expected failures: they must tell the truth in both directions."""

from __future__ import annotations

from pathlib import Path

import pytest

from wast_expected import Row, load, parse_rows, surprises
from wast_runner import Outcome, Status

PASS, FAIL, BLOCKED = Status.PASSED, Status.FAILED, Status.BLOCKED


def found(ends: dict[int, Status], *rows: tuple[str, int]) -> list[str]:
    outcomes = [Outcome(line, "module", status, "why") for line, status in ends.items()]
    return surprises("a.wast", outcomes, [Row(script, line, "r", "x.txt") for script, line in rows])


def test_all_as_expected() -> None:
    assert found({1: PASS, 2: FAIL, 3: BLOCKED}, ("a.wast", 2)) == []
    assert found({1: FAIL, 2: FAIL}, ("a.wast", 0)) == []
    assert found({1: PASS}) == []


def test_unexpected_failure() -> None:
    assert found({1: PASS, 7: FAIL}) == ["a.wast:7 module: why"]
    assert found({7: FAIL, 8: FAIL}, ("a.wast", 7)) == ["a.wast:8 module: why"]


@pytest.mark.parametrize("end", [PASS, BLOCKED])
def test_unexpected_pass(end: Status) -> None:
    assert found({7: end}, ("a.wast", 7)) == ["a.wast:7 is no failure: remove its row from x.txt"]
    assert found({7: PASS}, ("a.wast", 0)) == ["a.wast passes as a whole: remove its row from x.txt"]


def test_rows() -> None:
    text = "# comment\n\ncore/a.wast:12  needs simd\ncore/b.wast gc types\n"
    assert parse_rows(text, "f") == [
        Row("core/a.wast", 12, "needs simd", "f"),
        Row("core/b.wast", 0, "gc types", "f"),
    ]


@pytest.mark.parametrize("row", ["core/a.wast:12", "core/a.wast:x why", "core/a why", "why"])
def test_bad_rows(row: str) -> None:
    with pytest.raises(ValueError, match="f:1: a row is"):
        parse_rows(row, "f")


def test_a_place_stands_in_the_lists_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x.wast:1 why\n")
    (tmp_path / "b.txt").write_text("x.wast:1 why\n")
    with pytest.raises(ValueError, match="twice"):
        load(tmp_path)
