"""The public wasi-testsuite for WASI 0.1, where somebody has a copy of it.

github.com/WebAssembly/wasi-testsuite, branch prod/testsuite-base, has built modules, each with a JSON file
that says what to grant and what to expect. The copy is named by PYWASI_WASI_TESTSUITE, or lies in
../shared/conformance/wasi-testsuite. Every module runs

- by `wasm.run`, on a copy of its directory, and on the same files in memory;
- by `pywasi run`, as the adapter for the suite's own runner has it, on a copy, in each way that this system
  resolves paths.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import locate
import pywasi_adapter
import pywasi_native as wasm
import resolver_modes

VARIABLE = "PYWASI_WASI_TESTSUITE"
ADVICE = (
    "not here: the 72 modules of the public wasi-testsuite; `.ci/fetch-suite wasi` fetches them, "
    f"or name a copy of its branch prod/testsuite-base in {VARIABLE}"
)
KNOWN = {"args", "env", "exit_code", "stdout", "stderr", "dirs", "root", "wasi_functions"}
AT_LEAST = 72
MODES = resolver_modes.MODES if sys.platform.startswith("linux") else ("the system's",)
COMMAND = "import resolver_modes; resolver_modes.enter_from_environment(); from pywasi_native.cli import main"
# What the tree in memory need not do: none is known, and an entry here wants a reason.
NOT_IN_MEMORY: dict[str, str] = {}


def suite() -> Path | None:
    """The copy of the suite, or None. A copy that was named and is not there is an error."""
    named = os.environ.get(VARIABLE)
    if named:
        folder = Path(named)
        if not folder.is_dir():
            raise FileNotFoundError(f"{VARIABLE}={named}: no such folder")
        return folder
    shared = locate.shared_folder()
    folder = (shared or Path()) / "conformance" / "wasi-testsuite"
    return folder if shared and folder.is_dir() else None


def modules() -> list[Path]:
    """The modules for 0.1. Those of later versions of WASI lie in folders that tell so."""
    folder = suite()
    found = sorted(folder.rglob("*.wasm")) if folder else []
    return [path for path in found if not {"wasm32-wasip2", "wasm32-wasip3"} & set(path.parts)]


class Case:
    """What the JSON file beside a module says, in the files of its own folder."""

    def __init__(self, module: Path, work: Path) -> None:
        self.module = module
        described = module.with_suffix(".json")
        spec: dict[str, Any] = json.loads(described.read_text("utf-8")) if described.exists() else {}
        if "operations" in spec:
            spec = self._flat(spec["operations"])
        assert spec.keys() <= KNOWN, f"{described}: a field that this runner does not know"
        self.args: list[str] = spec.get("args", [])
        self.env: dict[str, str] = spec.get("env", {})
        self.code: int = spec.get("exit_code", 0)
        self.output = {name: spec[name] for name in ("stdout", "stderr") if spec.get(name) is not None}
        self.dirs: dict[str, Path] = {}
        granted = [(name, name) for name in spec.get("dirs", [])]
        granted += [("/", spec["root"])] if spec.get("root") else []
        for guest, host in granted:
            self.dirs[guest] = copied(module.parent / host, work / host)

    @staticmethod
    def _flat(operations: list[dict[str, Any]]) -> dict[str, Any]:
        """The newer notation: run, read, wait, one after the other."""
        spec: dict[str, Any] = {}
        for operation in operations:
            kind = operation["type"]
            assert kind in {"run", "read", "wait"}, f"an operation that no test of 0.1 needs: {kind}"
            if kind == "read":
                spec[operation.get("id", "stdout")] = operation.get("payload", "")
            else:
                spec |= {key: value for key, value in operation.items() if key != "type"}
        return spec

    def check(self, code: int, stdout: bytes, stderr: bytes) -> None:
        assert code == self.code, f"exit code {code}\n{stdout.decode()}\n{stderr.decode()}"
        for name, got in (("stdout", stdout), ("stderr", stderr)):
            if name in self.output:
                assert got == self.output[name].encode()


def copied(source: Path, target: Path) -> Path:
    """A fresh copy; git keeps no empty directories, so that a missing one is an empty one."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.cleanup"))
    else:
        target.mkdir(parents=True)
    return target


def in_memory(folder: Path) -> wasm.MemTree:
    """The same files in memory."""

    def read(at: Path) -> dict[str, Any]:
        return {item.name: read(item) if item.is_dir() else item.read_bytes() for item in at.iterdir()}

    return wasm.mem(read(folder))


def cases() -> list[Any]:
    """The modules as parameters."""
    found = [pytest.param(path, id=f"{language(path)}-{path.stem}") for path in modules()]
    return found or [pytest.param(None, id="none", marks=pytest.mark.skip(reason=ADVICE))]


def language(path: Path) -> str:
    """Of the folder below `tests`, or of the module."""
    parts = path.parts
    return parts[parts.index("tests") + 1] if "tests" in parts[:-1] else path.parent.name


def test_the_suite_is_whole() -> None:
    if suite() is None:
        pytest.skip(ADVICE)
    assert len(modules()) >= AT_LEAST


@pytest.mark.parametrize("place", ["directory", "memory"])
@pytest.mark.parametrize("module", cases())
def test_by_call(module: Path, place: str, tmp_path: Path) -> None:
    case = Case(module, tmp_path)
    if place == "memory" and not case.dirs:
        return  # it has no files: one way is both
    if place == "memory" and module.stem in NOT_IN_MEMORY:
        pytest.skip(NOT_IN_MEMORY[module.stem])
    grants = {
        guest: wasm.rw(host) if place == "directory" else in_memory(host) for guest, host in case.dirs.items()
    }
    done = wasm.run(module, case.args, input=b"", env=case.env, dirs=grants, capture_output=True, timeout=60)
    case.check(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("module", cases())
def test_by_command(module: Path, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if mode == "openat2" and resolver_modes.in_force() != "openat2":
        pytest.skip("this kernel, or its container, has no openat2: the other modes are what is used here")
    case = Case(module, tmp_path)
    start = f"{COMMAND}; raise SystemExit(main())"
    monkeypatch.setattr(pywasi_adapter, "PYWASI", [sys.executable, "-c", start])
    dirs = [(host, guest) for guest, host in case.dirs.items()]
    done = subprocess.run(
        pywasi_adapter.compute_argv(str(module), (case.args, case.env, dirs)),
        env={
            **os.environ,
            resolver_modes.VARIABLE: mode,
            "PYTHONPATH": str(Path(resolver_modes.__file__).parent),
        },
        input=b"",
        capture_output=True,
        timeout=60,
        check=False,
    )
    case.check(done.returncode, done.stdout, done.stderr)
