"""Who may include whom in csrc/, and what may stand in it at all.

    base <- wasm <- runtime <- engine <- api        ops feed wasm and engine
    pywasi.h, base <- wasi/os <- wasi/core <- wasi/p1

MAY_SEE below is the law, this picture its summary.
"""

from __future__ import annotations

import posixpath
import re

from tree import Tree, strip_c

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)
GENERATED = "generated"
PUBLIC = "include"

MAY_SEE: dict[str, set[str]] = {
    PUBLIC: {PUBLIC, "base/*.def"},
    "base": {"base", PUBLIC},
    "wasm": {"base", "wasm", "ops", PUBLIC, GENERATED},
    "runtime": {"base", "wasm", "runtime", PUBLIC},
    "engine": {"base", "wasm", "runtime", "engine", "ops", PUBLIC, GENERATED},
    "api": {"base", "wasm", "runtime", "engine", "api", PUBLIC},
    # The op files are text for the generator; what they include is for editors and linters only.
    "ops": {"base", "wasm", "runtime", "engine", "ops", PUBLIC, GENERATED},
    "wasi": {"base", "wasi", PUBLIC},
    "wasi/os": {"base", "wasi/os", PUBLIC},
    "wasi/core": {"base", "wasi/os", "wasi/core", "wasi", PUBLIC},
    "wasi/p1": {"base", "wasi/os", "wasi/core", "wasi/p1", "wasi", PUBLIC},
}
# Files directly in wasi/ are its front: the public configuration and what joins the parts.
MAY_SEE["wasi"] |= {"wasi/os", "wasi/core", "wasi/p1"}
# What a test for one platform is written in: nowhere else is there a question of which OS this is.
OS_NAMES = re.compile(r"\b(_WIN32|_WIN64|__linux__|__APPLE__|__FreeBSD__|__unix__|__MINGW32__)\b")
OS_FILE = re.compile(r"[_/](posix|linux|darwin|win32)(_[a-z0-9]+)?\.[ch]$")
ALLOCATION = re.compile(r"(?<![\w.>])(malloc|calloc|realloc|free|strdup)\s*\(")


def layer_of(file: str) -> str:
    """The layer of a file in csrc/: its folder, or wasi/<part> for the parts of wasi."""
    parts = file.removeprefix("csrc/").split("/")
    if parts[0] == "wasi" and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0]


def resolve(tree: Tree, file: str, name: str) -> str | None:
    """The file that `#include "name"` in `file` means, or None where it is no file of the tree."""
    folders = [posixpath.dirname(file), "csrc/include", "csrc"]
    if file.startswith("csrc/wasi/"):
        folders.append("csrc/wasi")
    for folder in folders:
        candidate = posixpath.normpath(posixpath.join(folder, name))
        if tree.has(candidate):
            return candidate
    return None


def check_directions(tree: Tree, generated: set[str]) -> list[str]:
    """Every #include in csrc/ that runs against the arrows, or that names no known file."""
    problems = []
    for file in tree.under("csrc/", ".c", ".h"):
        layer = layer_of(file)
        if layer not in MAY_SEE:
            problems.append(f"{file}: folder {layer} has no row in MAY_SEE")
            continue
        for match in INCLUDE.finditer(tree.text(file)):
            problem = _forbidden(tree, file, layer, match, generated)
            if problem:
                line = tree.text(file).count("\n", 0, match.start()) + 1
                problems.append(f"{file}:{line}: {problem}")
    return problems


def _forbidden(tree: Tree, file: str, layer: str, match: re.Match[str], generated: set[str]) -> str | None:
    name, system = match.groups()
    if system is not None:
        return "Python has no business in csrc" if system.lower() == "python.h" else None
    if name.lower() == "python.h":
        return "Python has no business in csrc"
    target = resolve(tree, file, name)
    if target is None:
        if name not in generated:
            return f'"{name}" is no file of the tree and no generated header'
        return None if GENERATED in MAY_SEE[layer] else f'{layer} may not see the generated "{name}"'
    if not target.startswith("csrc/"):
        return f'"{name}" lies outside csrc'
    theirs = layer_of(target)
    allowed = MAY_SEE[layer]
    if theirs in allowed or (target.endswith(".def") and f"{theirs}/*.def" in allowed):
        return None
    return f'{layer} may not see {theirs} ("{name}")'


def check_platform_names(tree: Tree, allowed: dict[str, str]) -> list[str]:
    """Platform macros outside of the files made for one platform; `allowed` maps others to the reason."""
    problems = []
    for file in tree.under("csrc/", ".c", ".h"):
        if file in allowed or OS_FILE.search(file):
            continue
        for number, line in enumerate(tree.text(file).splitlines(), 1):
            if line.lstrip().startswith("#") and OS_NAMES.search(line):
                problems.append(f"{file}:{number}: {line.strip()} (a different OS is a different file)")
    for file in allowed:
        if not tree.has(file) or not OS_NAMES.search(tree.text(file)):
            problems.append(f"{file}: may name platforms, and does not")
    return problems


def check_allocation(tree: Tree) -> list[str]:
    """Direct use of malloc and its kin outside of base/alloc."""
    problems = []
    for file in tree.under("csrc/", ".c", ".h"):
        if file.startswith("csrc/base/alloc"):
            continue
        for number, line in enumerate(strip_c(tree.text(file)).splitlines(), 1):
            if ALLOCATION.search(line):
                problems.append(f"{file}:{number}: {line.strip()} (allocate by base/alloc.h)")
    return problems
