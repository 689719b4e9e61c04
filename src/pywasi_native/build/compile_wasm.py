"""Sources to the bytes of a module: every source an object, then a reactor of them all."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import setjmp_recipe
from .build_error import BuildError
from .settings import ASSEMBLY_SUFFIXES, CXX_SUFFIXES, ZIG_SUFFIXES
from .zig_tool import TARGET, advise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .build_error import Say
    from .settings import Settings
    from .zig_tool import Zig

# What the host needs to put bytes into the memory, and Python callables into the table.
SUPPORT = ("malloc", "free")
_LINK = ("-mexec-model=reactor", "-Wl,--export-table,--growable-table")
_NOT_FOUND = re.compile(r"symbol exported via --export not found: (\S+)")
_ZIG_MODES = {"-O0": "Debug", "-O1": "ReleaseSafe", "-Os": "ReleaseSmall", "-Oz": "ReleaseSmall"}


def compile_module(settings: Settings, zig: Zig, scratch: Path, exports: Sequence[str], say: Say) -> bytes:
    """The linked module, with its debug information.

    Args:
        settings: sources and flags.
        zig: the compiler.
        scratch: an empty folder.
        exports: the functions that it has to export, beside malloc and free.
        say: is told of each step, and of the compiler's warnings.

    Raises:
        BuildError: a source does not compile, or they do not fit together.
    """
    setjmp = settings.setjmp
    if setjmp is None:
        setjmp = setjmp_recipe.is_used(settings.root, settings.sources + settings.headers)
    objects = [str(scratch / f"{number}.o") for number in range(len(settings.sources))]
    say(f"compiling {len(objects)} source{'s' if len(objects) != 1 else ''}")

    def one(source: str, output: str) -> str:
        return zig.run(
            _compile_arguments(settings, source, output, setjmp=setjmp), f"{source} does not compile"
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # In the order of the sources, so that the first error is always the same one.
        for source, said in zip(settings.sources, pool.map(one, settings.sources, objects), strict=True):
            say(f"  {source}")
            if said.strip():
                say(said.rstrip())
    if setjmp:
        objects.append(_tag_object(zig, scratch))
    say(f"linking {settings.outputs[0]}")
    output = scratch / (settings.module.rpartition(".")[2] + ".wasm")
    # The flags select a libc that has setjmp.
    flags = (*TARGET, *_LINK, *(setjmp_recipe.FLAGS if setjmp else ()))
    _link(settings, zig, [*flags, *_wanted(exports), *objects, *settings.ldflags, "-o", str(output)], objects)
    return output.read_bytes()


def _compile_arguments(settings: Settings, source: str, output: str, *, setjmp: bool) -> list[str]:
    level = next((flag for flag in reversed(settings.cflags) if re.fullmatch(r"-O\w*", flag)), None)
    if source.endswith(ZIG_SUFFIXES):
        mode = _ZIG_MODES.get(level or "-Os", "ReleaseFast")
        return ["build-obj", *TARGET, "-O", mode, "-lc", source, f"-femit-bin={output}"]
    is_cxx = source.endswith(CXX_SUFFIXES)
    if source.endswith(ASSEMBLY_SUFFIXES):
        return ["cc", "-c", *TARGET, *settings.cflags, source, "-o", output]
    flags = [flag for flag in settings.cflags if is_cxx or not flag.startswith(("-std=c++", "-std=gnu++"))]
    flags = [flag for flag in flags if not is_cxx or not re.match(r"-std=(c|gnu)\d", flag)]
    return [
        "c++" if is_cxx else "cc", "-c", *TARGET,
        # Without an -O zig adds checks of undefined behaviour that end in a trap.
        *([] if level else ["-O2"]),
        *(["-fno-exceptions"] if is_cxx and "-fexceptions" not in flags else []),
        *(setjmp_recipe.FLAGS if setjmp else []),
        *flags, source, "-o", output,
    ]  # fmt: skip


def _tag_object(zig: Zig, scratch: Path) -> str:
    source, output = scratch / "longjmp_tag.s", str(scratch / "longjmp_tag.o")
    source.write_text(setjmp_recipe.TAG_SOURCE, encoding="ascii")
    zig.run(["cc", "-c", *TARGET, *setjmp_recipe.TAG_FLAGS, str(source), "-o", output], "the tag of longjmp")
    return output


def _wanted(exports: Sequence[str]) -> list[str]:
    return [f"-Wl,--export={name}" for name in dict.fromkeys([*exports, *SUPPORT])]


def _link(settings: Settings, zig: Zig, arguments: list[str], objects: list[str]) -> None:
    driver = "c++" if any(source.endswith(CXX_SUFFIXES) for source in settings.sources) else "cc"
    try:
        zig.run([driver, *arguments], f"{settings.outputs[0]} cannot be linked")
    except BuildError as error:
        # The objects have names of ours in there; the reader knows the sources.
        detail = error.detail
        for path, source in zip(objects, settings.sources, strict=False):
            detail = detail.replace(path, source)
        missing = _NOT_FOUND.findall(detail)
        if missing:
            raise _missing(settings, missing, detail) from None
        raise BuildError(str(error), advise(detail), detail) from None


def _missing(settings: Settings, names: list[str], detail: str) -> BuildError:
    asked = [name for name in names if name in settings.exports]
    name = (asked or names)[0]
    more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
    if any(source.endswith(CXX_SUFFIXES) for source in settings.sources):
        advice = f'is a source missing in sources? In C++ it has to be extern "C"; else exclude = ["{name}"]'
    else:
        advice = f'is a source missing in sources, or is it static? Else leave it out: exclude = ["{name}"]'
    where = "exports names it" if asked else "a header declares it"
    return BuildError(f"no source defines the function {name}{more}, but {where}", advice, detail)
