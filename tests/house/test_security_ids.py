"""The cases that the reference numbers, and the tests that carry their numbers."""

from __future__ import annotations

import re

import pytest

import locate

# A name such as test_R08_R09_..., test_P01_to_P14_..., or `# R13` at the end of the line that begins a test.
TEST = re.compile(r"^ *(?:async )?def (test_\w+)\(.*?(# [\w, ]+)?$", re.M)
NUMBER = re.compile(r"(?<![A-Za-z0-9])([A-Z])(\d\d)(?:_to_[A-Z](\d\d))?(?![A-Za-z0-9])")


def numbers_of(text: str) -> set[str]:
    """The numbers in a name or remark; a range stands for all in it."""
    found = set()
    for letter, first, last in NUMBER.findall(
        text.replace("_to_", "~").replace("_", " ").replace("~", "_to_")
    ):
        found |= {f"{letter}{n:02}" for n in range(int(first), int(last or first) + 1)}
    return found


def carried() -> set[str]:
    """The numbers that tests carry."""
    found = set()
    for folder in ("security", "unit", "wasi_suite"):
        for file in (locate.ROOT / "tests" / folder).rglob("test_*.py"):
            for name, remark in TEST.findall(file.read_text("utf-8")):
                found |= numbers_of(f"{name} {remark}")
    return found


def test_numbers_are_found() -> None:
    assert numbers_of("test_R08_R09_a_function # R13") == {"R08", "R09", "R13"}
    assert numbers_of("test_P01_to_P04_no_path") == {"P01", "P02", "P03", "P04"}
    assert numbers_of("test_A100_P1_xR05") == set()


def test_every_run_case_of_the_reference_is_a_test() -> None:
    shared = locate.shared_folder()
    if shared is None:
        locate.missing(f"no ../shared/reference. {locate.SHARED_ADVICE}")
    text = (shared / "reference" / "security-cases.md").read_text("utf-8")
    cases = set(re.findall(r"^- \*\*([A-Z]\d\d)\*\*", text, re.M))
    assert len(cases) == 142
    # R06, R07, R16 to R18 are the matter of the spec's suite.
    by_spec = {"R06", "R07", "R16", "R17", "R18"}
    runs = {case for case in cases if case.startswith("R")} - by_spec
    assert len(runs) == 20
    assert sorted(runs - carried()) == []


def test_no_test_carries_a_number_that_the_reference_does_not_have() -> None:
    shared = locate.shared_folder()
    if shared is None:
        pytest.skip("no ../shared: the test above says so")
    text = (shared / "reference" / "security-cases.md").read_text("utf-8")
    cases = set(re.findall(r"^- \*\*([A-Z]\d\d)\*\*", text, re.M))
    assert sorted(number for number in carried() if number[0] in "RPADL" and number not in cases) == []
