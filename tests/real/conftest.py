"""What the tests with real programs share: the compilers, and a way to run one program twice."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import locate

if str(locate.ROOT) not in sys.path:
    sys.path.append(str(locate.ROOT))  # benchmarks/toolchain.py serves the tests too

from benchmarks import toolchain

from real_programs import NATIVE_FLAGS, OPTIMISATIONS, PROGRAMS, Compare
from running import Outcome, run_native, run_wasm, snapshot


def lines(output: bytes) -> list[str]:
    """Output as lines, so that a failed comparison names the first one that differs; nothing is lost."""
    return output.decode(errors="surrogateescape").split("\n")


@pytest.fixture(scope="session")
def zig() -> None:
    """Skips where `ziglang` is not installed (fails with CI=true)."""
    if not toolchain.have_zig():
        locate.missing("The C programs are compiled by zig: pip install ziglang")


@pytest.fixture(scope="session")
def posix(zig: None) -> None:
    """The programs that are compared with native builds speak POSIX."""
    if sys.platform == "win32":
        pytest.skip("the native twin of this program needs POSIX (dirent, symlink, utimensat)")


@pytest.fixture
def compare(posix: None, tmp_path: Path) -> Compare:
    """See `Compare`; the assertion shows the first difference of outputs, exit codes or file trees."""

    def run(
        program: str,
        args: Sequence[str] = (),
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
        opt: str = "O2",
    ) -> Outcome:
        source = PROGRAMS / f"{program}.c"
        wasm = toolchain.build_command(source, OPTIMISATIONS[opt])
        native = toolchain.build_native(source, NATIVE_FLAGS)
        folders = {side: tmp_path / side for side in ("native", "wasm")}
        for folder in folders.values():
            folder.mkdir()
            for name, content in (files or {}).items():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        environment = dict(env or {})
        wanted = run_native(native, args, cwd=folders["native"], stdin=stdin, env=environment)
        got = run_wasm(wasm, args, folder=folders["wasm"], stdin=stdin, env=environment)
        assert got.trap is None, got
        assert lines(got.stderr) == lines(wanted.stderr)
        assert lines(got.stdout) == lines(wanted.stdout)
        assert got.code == wanted.code
        assert snapshot(folders["wasm"]) == snapshot(folders["native"])
        return got

    return run
