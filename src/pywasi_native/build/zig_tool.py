"""The compiler: `ziglang` from PyPI, which brings clang, lld and wasi-libc."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .build_error import BuildError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

ENVIRONMENT = "PYWASI_ZIG"  # names another zig
TARGET = ("-target", "wasm32-wasi")
INSTALL = "pip install 'pywasi-native[build]' (in a build: add it to build-system.requires)"

# What compilers and the linker say, and what helps.
_ADVICE = (
    (r"cannot use '(throw|try)' with exceptions disabled|undefined symbol: __cxa_(throw|allocate_exception)",
     "C++ exceptions do not work in this toolchain: return error codes in their place"),
    (r"Setjmp/longjmp support requires|__wasm_setjmp|__wasm_longjmp|__c_longjmp",
     "setjmp is used where no source includes <setjmp.h> itself: add setjmp = true to [tool.pywasi]"),
    (r"undefined symbol: pthread_create|'pthread\.h' file not found", "there are no threads in wasm32-wasi"),
    (r"undefined symbol: (socket|connect|fork|exec\w+|system|popen|dlopen|mmap)\b",
     "WASI has no such call: leave that part of the library out, for example by a macro in cflags"),
    (r"'sys/(mman|times|resource|utsname)\.h' file not found|_WASI_EMULATED_",
     "add the emulation to cflags and ldflags, such as -D_WASI_EMULATED_MMAN and -lwasi-emulated-mman"),
    (r"undefined symbol: ", "is a source missing in [tool.pywasi] sources?"),
    (r"file not found", "add the folder of the header to cflags: -Ifolder"),
)  # fmt: skip


def find_zig() -> list[str]:
    """The command of the compiler: of PYWASI_ZIG, of the ziglang distribution, or on PATH.

    Raises:
        BuildError: there is none.
    """
    named = os.environ.get(ENVIRONMENT)
    if named:
        if shutil.which(named) is None:
            raise BuildError(f"{ENVIRONMENT}={named} is no program")
        return [named]
    # The program itself, not `python -m ziglang`: that would need the environment of this interpreter.
    spec = importlib.util.find_spec("ziglang")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        for name in ("zig", "zig.exe"):
            if (Path(folder) / name).is_file():
                return [str(Path(folder) / name)]
    found = shutil.which("zig")
    if found is None:
        raise BuildError("there is no C compiler for WebAssembly: ziglang is not installed", INSTALL)
    return [found]


class Zig:
    """Runs the compiler in a project's folder.

    Args:
        root: the folder that paths in its arguments are relative to; thus `__FILE__` is the same everywhere.
        scratch: a folder for what it leaves behind.
    """

    def __init__(self, root: Path, scratch: Path) -> None:
        self.command, self.root, self.scratch = find_zig(), root, scratch
        self.environment = {**os.environ, "ZIG_LOCAL_CACHE_DIR": str(scratch / "zig")}
        if "ZIG_GLOBAL_CACHE_DIR" not in os.environ and not _home_is_writable():
            self.environment["ZIG_GLOBAL_CACHE_DIR"] = str(Path(tempfile.gettempdir()) / "pywasi-zig-cache")

    def run(self, arguments: Sequence[str], what: str) -> str:
        """Runs it; gives its warnings.

        Args:
            arguments: beginning with its sub-command: cc, c++, build-obj.
            what: for the error's line, such as "src/core.c does not compile".

        Raises:
            BuildError: it found an error; `detail` is what it said.
        """
        try:
            done = subprocess.run(
                [*self.command, *arguments], cwd=self.root, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
        except OSError as error:
            raise BuildError(f"{self.command[0]}: {error.strerror or error}", INSTALL) from None
        said = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            raise BuildError(what, advise(said), said or f"zig ended with code {done.returncode}")
        return said


def advise(said: str) -> str:
    """What helps against an error of the compiler, if that is known."""
    return next((advice for pattern, advice in _ADVICE if re.search(pattern, said)), "")


def _home_is_writable() -> bool:
    """Whether zig can make its cache where it wants to; some build sandboxes have no home."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or os.environ.get("HOME")
    return bool(base) and os.access(base or "", os.W_OK)
