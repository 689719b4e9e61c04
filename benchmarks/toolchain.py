"""Builds C with the compiler that `ziglang` from PyPI brings, and caches the results by content.

A build is named by the hash of everything that goes into it (compiler version, flags, sources and
the headers beside them), so a second run of the tests or of the benchmark compiles nothing.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

WASM_TARGET = ("-target", "wasm32-wasi")

# The features that pywasm3 0.5 can load. zig's default adds call-indirect-overlong (5-byte LEBs where
# one byte is enough), which it refuses; everybody gets the same file, so everybody gets this one.
PORTABLE_CPU = "-mcpu=mvp+mutable_globals+sign_ext+nontrapping_fptoint+bulk_memory"

BUILD_TIMEOUT = 900.0  # seconds; the first build compiles wasi-libc on a machine that may be busy


class BuildError(RuntimeError):
    """The compiler refused a source; the text is its standard error."""


def have_zig() -> bool:
    """Whether the interpreter that runs this has `ziglang`."""
    return importlib.util.find_spec("ziglang") is not None


def zig_version() -> str:
    """Version of the `ziglang` distribution, for example ``0.17.0``."""
    return importlib.metadata.version("ziglang")


def zig_cc() -> list[str]:
    """The command that starts zig's C compiler."""
    return [sys.executable, "-m", "ziglang", "cc"]


def cache_root() -> Path:
    """Folder of everything that can be built again: `PYWASI_BUILD_CACHE`, else the user's cache."""
    chosen = os.environ.get("PYWASI_BUILD_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "pywasi-native-builds"


def zig_environment() -> dict[str, str]:
    """The environment for zig: both of its caches lie in `cache_root`, unless the caller has set one."""
    env = dict(os.environ)
    env.setdefault("ZIG_GLOBAL_CACHE_DIR", str(cache_root() / "zig"))
    env.setdefault("ZIG_LOCAL_CACHE_DIR", str(cache_root() / "zig-local"))
    return env


def build_command(source: Path, flags: Sequence[str] = ("-O2",)) -> Path:
    """Compiles one C file to a WASI command (it has `_start`) and returns the `.wasm`."""
    return _build(zig_cc(), [*WASM_TARGET, *flags, "-s"], [source], ".wasm", ["-lm"])


def build_reactor(
    source: Path, exports: Sequence[str], flags: Sequence[str] = ("-O2",), extra: Sequence[Path] = ()
) -> Path:
    """Compiles C files to a library module (it has `_initialize`) with the exports named."""
    names = [f"-Wl,--export={name}" for name in exports]
    args = [*WASM_TARGET, *flags, "-s", "-mexec-model=reactor", *names]
    return _build(zig_cc(), args, [source, *extra], ".wasm", ["-lm"])


def build_threaded(source: Path, exports: Sequence[str], pages: int) -> Path:
    """Compiles one C file without libc to a library for threads; it imports a memory of up to `pages`."""
    names = [*exports, "__stack_pointer", "__wasm_init_tls", "__heap_base"]
    linked = ["--no-entry", "--shared-memory", "--import-memory", f"--max-memory={pages * 65536}"]
    args = ["-target", "wasm32-freestanding", "-mcpu=generic+atomics+bulk_memory", "-O2", "-nostdlib", "-s"]
    args += [
        f"-Wl,{word}" for word in (*linked, "-z,stack-size=65536", *(f"--export={name}" for name in names))
    ]
    return _build(zig_cc(), args, [source], ".wasm", [])


@functools.cache
def native_cc() -> tuple[str, ...]:
    """The machine's own compiler where there is one, else zig for the machine itself."""
    for name in ("cc", "gcc", "clang"):
        found = shutil.which(name)
        if found:
            return (found,)
    return tuple(zig_cc())


def build_native(source: Path, flags: Sequence[str] = ("-O2",), compiler: Sequence[str] = ()) -> Path:
    """Compiles one C file to a program of this machine."""
    suffix = ".exe" if os.name == "nt" else ""
    return _build(list(compiler or native_cc()), list(flags), [source], suffix, ["-lm"])


def build_shared(
    source: Path,
    flags: Sequence[str] = ("-O2",),
    compiler: Sequence[str] = (),
    libs: Sequence[str] = ("-lm",),
) -> Path:
    """Compiles one C file to a shared object of this machine, for `ctypes` or `import`."""
    suffix = ".dll" if os.name == "nt" else ".so"
    pic = [] if os.name == "nt" else ["-fPIC"]
    return _build(list(compiler or native_cc()), [*flags, "-shared", *pic], [source], suffix, list(libs))


def build_extension(source: Path) -> Path | None:
    """Compiles one C file that includes `Python.h`; None where this Python came without its headers."""
    include = sysconfig.get_path("include")
    if not include or not (Path(include) / "Python.h").is_file() or os.name == "nt":
        return None
    undefined = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    # The Python version is part of the key: the object is not portable between two of them.
    key = f"-DBUILT_FOR={sys.hexversion:#x}"
    return build_shared(source, ["-O2", f"-I{include}", key, *undefined])


def _build(compiler: list[str], flags: list[str], sources: list[Path], suffix: str, libs: list[str]) -> Path:
    digest = _fingerprint(compiler, [*flags, *libs], sources)
    out = cache_root() / "builds" / f"{sources[0].stem}-{digest}{suffix}"
    if out.is_file():
        return out
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        result = Path(scratch) / f"out{suffix}"
        # Relative names and a fixed directory: no path of this machine can get into the result.
        folder = sources[0].parent
        names = [os.path.relpath(source, folder) for source in sources]
        command = [*compiler, *flags, "-o", str(result), *names, *libs]
        done = subprocess.run(
            command,
            check=False,
            cwd=folder,
            env=zig_environment(),
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT,
        )
        if done.returncode != 0 or not result.is_file():
            raise BuildError(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stderr}")
        result.replace(out)  # atomic: two test processes may build the same file
    return out


def _fingerprint(compiler: list[str], flags: list[str], sources: list[Path]) -> str:
    digest = hashlib.sha256()

    def feed(part: bytes) -> None:
        digest.update(len(part).to_bytes(8, "little") + part)

    for word in [*compiler_identity(tuple(compiler)), *flags]:
        feed(word.encode())
    folders = {source.parent for source in sources}
    folders |= {sources[0].parent / flag[2:] for flag in flags if flag.startswith("-I")}
    headers = sorted({header for folder in folders for header in folder.glob("*.h")})
    for file in [*sources, *headers]:
        feed(file.name.encode())
        feed(file.read_bytes())
    return digest.hexdigest()[:20]


@functools.cache
def compiler_identity(compiler: tuple[str, ...]) -> tuple[str, ...]:
    if list(compiler) == zig_cc():
        return ("zig", zig_version(), sysconfig.get_platform())
    version = subprocess.run(
        [*compiler, "--version"], check=False, capture_output=True, text=True, timeout=60
    )
    return (*compiler, version.stdout)
