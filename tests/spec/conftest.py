"""Fixtures and the closing table of the official suite: per group, scripts and assertions that passed."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

import locate
from spec_report import PROPERTY


@pytest.fixture(scope="session")
def module_cache(request: pytest.FixtureRequest) -> Path:
    """The folder that keeps assembled modules between runs; needs the assembler."""
    try:
        import wasmtime  # noqa: F401
    except ImportError:
        locate.missing("the text modules of the suite are assembled by wasmtime: pip install wasmtime")
    cache = getattr(request.config, "cache", None)
    if cache is None:
        return Path(tempfile.gettempdir()) / "pywasi-spec-modules"
    return Path(cache.mkdir("spec-modules"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the table from what the items recorded; works under xdist, since reports carry it."""
    totals: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") != "call":
                continue
            for name, value in report.user_properties:
                if name == PROPERTY:
                    for key, count in value["counts"].items():
                        totals[value["group"]][key] += count
    if not totals:
        return
    terminalreporter.section("official spec suite")
    row = "{:44} {:>9} {:>15} {:>7} {:>8} {:>6}".format
    terminalreporter.write_line(row("group", "scripts", "commands", "failed", "blocked", "text"))
    for group, counts in sorted(totals.items()):
        terminalreporter.write_line(
            row(
                group,
                f"{counts['clean scripts']}/{counts['scripts']}",
                f"{counts['passed']}/{counts['commands']}",
                counts["failed"],
                counts["blocked"],
                counts["text"],
            )
        )
    terminalreporter.write_line(
        "failed: each is listed in expected_failures/; blocked: stands on a failed one;"
    )
    terminalreporter.write_line("text: asserts that a text is malformed, a matter of the assembler, not run")
