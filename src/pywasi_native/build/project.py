"""One build: settings, sources or a command, checks, the three files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import outputs, sections, shim_text
from .build_error import BuildError, silent
from .compile_wasm import compile_module
from .declared import read_headers
from .settings import Settings, read_settings
from .zig_tool import Zig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .build_error import Say
    from .declared import Declared


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True)
class Built:
    """What a build has made.

    Attributes:
        settings: what it was made from.
        files: content of every output by its path relative to the project.
        changed: those that were not there so before.
    """

    settings: Settings
    files: dict[str, bytes]
    changed: list[str]


def build_project(
    root: str | os.PathLike[str] = ".", *, say: Say = silent, debug: bool = False, check: bool = False
) -> Built:
    """Builds what ``[tool.pywasi]`` in the folder's pyproject.toml says.

    Args:
        root: the project's folder.
        say: is called with each line of progress and the compiler's warnings.
        debug: keeps the debug information (DWARF) in the module: traps then name source lines.
        check: writes nothing; `changed` says what a build would change.

    Raises:
        BuildError: there is nothing built, and no file has changed.
    """
    settings = read_settings(Path(root).resolve())
    for name in settings.outputs:
        outputs.refuse_foreign(settings.root / name)
    declared, data = _module_of(settings, say)
    files = finish(settings, data, declared, debug=debug)
    changed = outputs.differing(settings.root, files) if check else outputs.write(settings.root, files)
    return Built(settings, files, changed)


def finish(
    settings: Settings, data: bytes, declared: Declared | None, *, debug: bool = False
) -> dict[str, bytes]:
    """The three files of a module as the linker left it.

    Raises:
        BuildError: it does not export what is wanted, or imports what nobody gives.
    """
    _check_module(settings, data, declared)
    if not debug:
        data = sections.strip(data)
    wasm, python, stub = settings.outputs
    return {
        wasm: data,
        python: shim_text.shim(settings, data, declared).encode(),
        stub: shim_text.pyi(settings, data, declared).encode(),
    }


def _module_of(settings: Settings, say: Say) -> tuple[Declared | None, bytes]:
    """What the headers declare, and the module as its maker left it."""
    if settings.command:
        _run_command(settings, say)
    declared = None
    if settings.headers or settings.wasm is None:
        with tempfile.TemporaryDirectory(prefix="pywasi-build-") as folder:
            zig = Zig(settings.root, Path(folder))
            declared = read_headers(settings, zig) if settings.headers else None
            if settings.wasm is None:
                exports = wanted_exports(settings, declared)
                return declared, compile_module(settings, zig, Path(folder), exports, say)
    return declared, (settings.root / (settings.wasm or "")).read_bytes()


def wanted_exports(settings: Settings, declared: Declared | None) -> list[str]:
    """The functions that the table asks for, in its order."""
    return list(dict.fromkeys([*(declared.functions if declared else ()), *settings.exports]))


def _run_command(settings: Settings, say: Say) -> None:
    command = list(settings.command)
    environment = dict(os.environ)
    while command and _VARIABLE.match(command[0]):
        name, _, value = command.pop(0).partition("=")
        environment[name] = value
    command[:1] = [_program(settings, *command[:1])]
    said = " ".join(settings.command)
    say(f"running {said}")
    output = settings.root / (settings.wasm or "")
    before = output.stat().st_mtime_ns if output.is_file() else None
    try:
        done = subprocess.run(
            command, cwd=settings.root, env=environment, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except OSError as error:
        raise BuildError(f"{command[0]}: {error.strerror or error}") from None
    output_text = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        raise BuildError(f"the command ended with code {done.returncode}: {said}", "", output_text)
    if output_text.strip():
        say(output_text.rstrip())
    if not output.is_file():
        raise BuildError(
            f"the command has not left {settings.wasm}", "wasm = has to be the file that it writes"
        )
    if before is not None and output.stat().st_mtime_ns == before:
        say(f"{settings.wasm} is as before: the command had nothing to do")


def _program(settings: Settings, name: str = "") -> str:
    """The program of a command; Windows finds npx.cmd and its like only by the path."""
    if name in ("python", "python3"):
        return sys.executable
    if "/" in name and (settings.root / name).is_file():
        return str(settings.root / name)
    found = shutil.which(name)
    if found is None:
        raise BuildError(f"{name or 'no program'} of [tool.pywasi] command is not installed")
    return found


def _check_module(settings: Settings, data: bytes, declared: Declared | None) -> None:
    """Whether the module can do what the shim will ask of it."""
    from ..errors import WasmError
    from ..linking import is_wasi
    from ..module import compile

    source = settings.wasm or settings.outputs[0]
    try:
        module = compile(data)
    except WasmError as error:
        raise BuildError(f"{source}: {error}") from None
    have = {item.name: item for item in module.exports}
    missing = [name for name in wanted_exports(settings, declared) if name not in have]
    if missing:
        raise BuildError(
            f"{source} does not export {', '.join(missing)}", f"pywasi inspect {source} shows what it exports"
        )
    if declared:
        declared.check_types({name: item.type for name, item in have.items()}, source)
    if "_start" in have:
        raise BuildError(
            f"{source} is a program (it has _start), not a library",
            "build it as a reactor: a library with _initialize",
        )
    if not shim_text.function_count(data):
        raise BuildError(
            f"{source} exports no function", 'headers = ["src/core.h"] or exports = ["name"] in [tool.pywasi]'
        )
    for item in module.imports:
        if not is_wasi(item.module) and item.module not in settings.imports:
            host = f"{settings.module.rpartition('.')[0]}._host"
            advice = f'imports = {{ {item.module} = "{host}" }} in [tool.pywasi] names the module that does'
            if (item.module, item.name) == ("env", "abort"):
                advice = f"of AssemblyScript: asc --use abort= leaves it out, or {advice}"
            raise BuildError(f"{source} imports {item.module}.{item.name}, which nobody gives it", advice)
