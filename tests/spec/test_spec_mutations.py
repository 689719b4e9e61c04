"""Bad bytes made of the official modules: every truncation of one module a file and five changes of each byte
are refused, or run within their limits, by the C program test_api_mutations (sanitized in `make asan`)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import locate
from spec_driver_run import driver_command
from spec_items import nothing
from wast_assemble import AssembleError, ModuleCache
from wast_script import Define, parse_script
from wast_suite import Script, scripts

SMALL, FILES, TIMEOUT = 500, 60, 300.0
ADVICE = "PYWASI_SPEC_DRIVER names no folder with the test_api_mutations of -DPYWASI_BUILD_TESTS=ON"


def program() -> Path | None:
    """The C program, beside the driver."""
    driver = Path(os.environ.get("PYWASI_SPEC_DRIVER") or "-")
    found = driver.with_name("test_api_mutations" + driver.suffix)
    return found if found.is_file() and driver_command() else None


def chosen() -> list[Script]:
    """Files from all over the core suite, the same ones every time."""
    folder = locate.shared_folder()
    suite = folder / "conformance" / "spec-testsuite" if folder else None
    core = [s for s in scripts(suite) if s.group.startswith("core")] if suite and suite.is_dir() else []
    return core[:: max(1, len(core) // FILES)][:FILES]


def suitable_module(script: Script, cache: ModuleCache) -> bytes:
    """The largest module of the file that is small enough for thousands of runs, else its smallest one."""
    modules: list[bytes] = []
    for command in parse_script(script.file.read_bytes(), script.path):
        if isinstance(command, Define):
            try:
                modules.append(cache(command.module))
            except AssembleError:
                continue
    cache.save()
    small = [module for module in modules if len(module) <= SMALL]
    return max(small, key=len) if small else min(modules, key=len, default=b"")


@pytest.mark.parametrize("script", chosen() if program() else nothing(ADVICE))
def test_changed_modules(script: Script, module_cache: Path, tmp_path: Path) -> None:
    module = suitable_module(script, ModuleCache(module_cache, script.file.read_bytes()))
    if not module:
        pytest.skip(f"{script.path} has no module that can be assembled")
    file = tmp_path / "module.wasm"
    file.write_bytes(module)
    command = [str(program()), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-4000:]
    assert " tried, " in done.stdout
