"""Real C libraries as packages: fetched, built, installed as a wheel, and compared with the native original.

Sources and originals come from Debian and PyPI. Where the network is missing these tests say so.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import locate

EXAMPLES = locate.ROOT / "examples"
# The folder, the package, and what PyPI has of the native original.
LIBRARIES = {
    "zlib": ("wasm_zlib", []),
    "xxhash": ("wasm_xxhash", ["xxhash>=3"]),
    "cmark": ("wasm_cmark", ["cmarkgfm>=2025.10"]),
    "lz4": ("wasm_lz4", ["lz4>=4"]),
}

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, text=True, timeout=600,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **variables},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def done(*command: str | Path, cwd: Path, **variables: str) -> str:
    found = run(*command, cwd=cwd, **variables)
    assert found.returncode == 0, found.stdout
    return found.stdout


@pytest.fixture(scope="module", params=list(LIBRARIES))
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The name of an example, and its folder as it is in the repository, with the fetched sources."""
    name: str = request.param
    for module in ("ziglang", "hatchling"):
        if importlib.util.find_spec(module) is None:
            locate.missing(f"The example is built with it: pip install {module}")
    root = tmp_path_factory.mktemp(name) / name
    files = subprocess.run(
        ["git", "ls-files", "-z", f"examples/{name}", ":(glob)examples/*.py"],
        cwd=locate.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for file in filter(None, files.split("\0")):
        target = root.parent / Path(file).relative_to("examples")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(locate.ROOT / file, target)
    found = run(sys.executable, f"fetch_{name}.py", cwd=root)
    if found.returncode:
        pytest.skip(f"the sources of {name} cannot be fetched here: {found.stdout.strip().splitlines()[-1]}")
    assert done(sys.executable, f"fetch_{name}.py", cwd=root).strip() == "there already"
    return name, root


def wheel_of(root: Path, out: str) -> Path:
    done(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-build-isolation",
        "--no-deps",
        "-w",
        out,
        ".",
        cwd=root,
    )
    (wheel,) = (root / out).iterdir()
    return wheel


def test_the_library_is_its_native_original(example: tuple[str, Path], tmp_path: Path) -> None:
    name, root = example
    package, natives = LIBRARIES[name]
    wheel = wheel_of(root, "dist")
    assert wheel.name == f"{package}-1.0-py3-none-any.whl"
    assert wheel_of(root, "again").read_bytes() == wheel.read_bytes()
    code = "from hatchling.build import build_sdist; build_sdist('sdist')"
    done(sys.executable, "-c", code, cwd=root)
    with tarfile.open(next((root / "sdist").iterdir())) as archive:
        assert any("third_party" in item for item in archive.getnames())
        assert not any("_core.wasm" in item for item in archive.getnames())
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert wheel_of(source, "out").read_bytes() == wheel.read_bytes()
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", site]
    done(*pip, "--no-deps", "--no-index", wheel, cwd=tmp_path)
    if natives:
        found = run(*pip, "--only-binary=:all:", *natives, cwd=tmp_path)
        if found.returncode:
            pytest.skip(f"the native original is not to be had here: {found.stdout.strip().splitlines()[-1]}")
    said = done(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", root / "tests",
                cwd=tmp_path, PYTHONPATH=str(site))  # fmt: skip
    assert " passed" in said
    assert "skipped" not in said
    table = done(sys.executable, root / f"bench_{package}.py", "1", cwd=tmp_path, PYTHONPATH=str(site))
    assert table.count("\n") >= 5
    assert all(float(line.split("|")[3]) > 0 for line in table.splitlines()[2:])


def test_the_library_is_typed(example: tuple[str, Path], tmp_path: Path) -> None:
    name, root = example
    if importlib.util.find_spec("mypy") is None:
        locate.missing("pip install mypy")
    done(sys.executable, "-m", "pywasi_native", "build", "-q", cwd=root)
    mypy = ["-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache"]
    said = done(sys.executable, *mypy, f"src/{LIBRARIES[name][0]}", cwd=root, MYPYPATH="src")
    assert "Success" in said
    if importlib.util.find_spec("pyright"):  # of the dev extra
        (root / "pyrightconfig.json").write_text('{"include": ["src"]}', encoding="utf-8")
        assert "0 errors" in done(sys.executable, "-m", "pyright", "--pythonpath", sys.executable, cwd=root)


@pytest.mark.parametrize("name", list(LIBRARIES))
def test_no_source_of_others_is_committed(name: str) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", f"examples/{name}"], cwd=locate.ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "third_party" not in tracked
    assert f"examples/{name}/fetch_{name}.py" in tracked
    readme = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    assert "## Speed" in readme
    assert "times native" in readme
