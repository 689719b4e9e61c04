"""`command =`: Go, Rust and AssemblyScript by their own compilers, where those are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import locate
import pywasi_native as wasm
from pywasi_native.build import BuildError, build_project

GO = """\
package main

//go:wasmexport gcd
func gcd(a, b uint32) uint32 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func main() {}
"""
RUST = """\
#[no_mangle]
pub extern "C" fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
"""
ASSEMBLYSCRIPT = """\
export function gcd(a: u32, b: u32): u32 {
  return b == 0 ? a : gcd(b, a % b);
}

export function third(values: StaticArray<f64>): f64 {
  return values[2]; // may throw, which is env.abort
}
"""
ASC = "0.28.20"


def needs(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed, and not to be had from PyPI by the test extra")


def test_go(project, imported) -> None:
    needs("go")
    version = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
    if tuple(int(part) for part in version.strip()[2:].split(".")[:2]) < (1, 24):
        pytest.skip(f"go:wasmexport needs Go 1.24, not {version.strip()}")
    root = project(
        'module = "pkg._core"\nwasm = "build/core.wasm"\ncommand = ["GOOS=wasip1", "GOARCH=wasm",'
        ' "go", "build",'
        ' "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", "build/core.wasm", "."]',
        {"main.go": GO, "go.mod": "module core\n\ngo 1.24\n"},
    )
    build_project(root)
    assert imported(root, "pkg._core").gcd(1071, 462) == 21


def test_rust(project, imported) -> None:
    needs("rustc")
    target = ["--target", "wasm32-wasip1"]
    folder = subprocess.run(["rustc", *target, "--print", "target-libdir"], capture_output=True, text=True)
    if folder.returncode or not Path(folder.stdout.strip()).is_dir():
        pytest.skip("rustc cannot make wasm32-wasip1: rustup target add wasm32-wasip1")
    words = ["rustc", *target, "-O", "--crate-type", "cdylib", "-o", "core.wasm", "core.rs"]
    root = project(f'module = "pkg._core"\nwasm = "core.wasm"\ncommand = {words}', {"core.rs": RUST})
    build_project(root)
    assert imported(root, "pkg._core").gcd(1071, 462) == 21


@pytest.fixture(scope="module")
def asc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the AssemblyScript compiler; with PYWASI_NPM it is fetched, which takes minutes."""
    if found := shutil.which("asc"):
        return Path(found).parent
    if not os.environ.get("PYWASI_NPM"):
        needs("asc")
    needs("npm")
    folder = tmp_path_factory.mktemp("npm")
    done = subprocess.run(
        [shutil.which("npm") or "npm", "install", "--silent", "--no-audit", "--no-fund",
         "--prefix", str(folder), f"assemblyscript@{ASC}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
    )  # fmt: skip
    if done.returncode:
        locate.missing(f"AssemblyScript comes from the npm registry: {done.stdout.strip()[-300:]}")
    return folder / "node_modules/.bin"


@pytest.mark.slow
def test_assemblyscript(asc: Path, project, imported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{asc}{os.pathsep}{os.environ['PATH']}")
    table = (
        'module = "pkg._core"\nwasm = "core.wasm"\n'
        'command = ["asc", "core.ts", "-O", "--exportRuntime", {}"-o", "core.wasm"]'
    )
    root = project(table.format(""), {"core.ts": ASSEMBLYSCRIPT})
    with pytest.raises(BuildError, match=r"imports env\.abort, which nobody gives it") as caught:
        build_project(root)
    assert "asc --use abort= leaves it out" in caught.value.advice
    assert not list((root / "pkg").glob("_core*"))

    root = project(table.format('"--use", "abort=", '), {"core.ts": ASSEMBLYSCRIPT})
    build_project(root)
    core = imported(root, "pkg._core")
    assert core.gcd(1071, 462) == 21
    array = core.__new(3 * 8, 5)
    core.__wasm__.memory.write(array, bytes(24))
    with pytest.raises(wasm.Trap, match="unreachable"):
        core.third(core.__new(8, 5))


def test_a_command_of_nothing_but_variables(project) -> None:
    with pytest.raises(BuildError, match=r"no program of .* command is not installed"):
        build_project(project('module = "pkg._core"\ncommand = ["A=1"]\nwasm = "out.wasm"'))


def test_the_variables_of_a_command(project) -> None:
    script = "import os; print(os.environ['A_B'], 'was given'); raise SystemExit(1)"
    table = 'module = "pkg._core"\ncommand = ["A_B=x y", "python", "make.py"]\nwasm = "out.wasm"'
    with pytest.raises(BuildError, match=r"A_B=x y python make\.py") as caught:
        build_project(project(table, {"make.py": script}))
    assert caught.value.detail.strip() == "x y was given"
