"""What decoding and validation say of every module of the official suite, with all proposals switched on.

Instructions of a proposal may not run yet, and then modules that use it are refused (expected_failures/).
Here the refusal is switched off: the C program verdict_driver asks the decoder and the validator alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from spec_driver_run import driver_command
from spec_items import collect, nothing
from verdict_run import verdicts
from wast_assemble import ModuleCache
from wast_script import AssertFails, Command, Define, Form, ModuleSource, Verdict, parse_script
from wast_suite import Script

GROUPS = ("core", "legacy", "proposals/threads", "proposals/custom-page-sizes", "proposals/wide-arithmetic")
ADVICE = "PYWASI_SPEC_DRIVER does not name the spec_driver that CMake builds with -DPYWASI_BUILD_TESTS=ON"


def wanted(command: Command) -> tuple[ModuleSource, str] | None:
    """The module of a command, and the verdict that it must get."""
    match command:
        case Define():
            return command.module, "ok"
        case AssertFails(target=ModuleSource() as module, is_custom=False):
            about_module = command.verdict in (Verdict.MALFORMED, Verdict.INVALID)
            return module, command.verdict.value if about_module else "ok"
    return None


def cases(script: Script, cache: Path) -> list[tuple[int, str, bytes]]:
    """Line, verdict and bytes of each module but the texts that must not assemble."""
    data = script.file.read_bytes()
    modules = ModuleCache(cache, data)
    found = []
    for command in parse_script(data, script.path):
        pair = wanted(command)
        if pair is None:
            continue
        module, verdict = pair
        if module.form is Form.QUOTE and verdict == "malformed":
            continue  # a matter of the assembler
        found.append((command.line, verdict, modules(module)))
    modules.save()
    return found


def scripts() -> list[object]:
    """One item for each script of the groups."""
    return [item for group in GROUPS for item in collect(group)] if driver_command() else nothing(ADVICE)


@pytest.mark.parametrize("script", scripts())
def test_verdicts(script: Script, module_cache: Path, tmp_path: Path) -> None:
    judged = cases(script, module_cache)
    said = verdicts((wasm for _, _, wasm in judged), script.without, tmp_path)
    wrong = [
        f"{script.path}:{line}: wanted {verdict}, got {text}"
        for (line, verdict, _), text in zip(judged, said, strict=True)
        if text.split(" ", 1)[0] != verdict
    ]
    assert not wrong, "\n".join(wrong)
