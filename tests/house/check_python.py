"""Who may import whom in the Python package, and rules for its configuration."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator

from tree import Tree

PACKAGE = "pywasi_native"
SOURCE = f"src/{PACKAGE}/"
# They are built on the public API only: nothing of the compiled module is theirs to touch.
OUTER = {"cli", "importer", "machinery", "__main__", "stubgen", "package", "shim", "build", "cli_build"}
NATIVE = "_native"
# The adapter of a build back end is loaded by that back end alone.
ADAPTERS = {
    f"{SOURCE}build/hatch_hook.py": "hatchling",
    f"{SOURCE}build/setuptools_command.py": "setuptools",
}
CYTHON_IMPORT = re.compile(r"^\s*(?:from\s+(\.*[\w.]*)\s+c?import|c?import\s+([\w.]+))", re.MULTILINE)


def imports(file: str, text: str) -> Iterator[tuple[int, str]]:
    """(line, absolute module) of every import; `from . import x` gives package.x."""
    package = file.removeprefix("src/").split("/")[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield node.lineno, module
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def check_directions(tree: Tree) -> list[str]:
    """cli and importer see only the Python API; nobody sees them but the front; _native sees nobody."""
    problems = []
    for file in tree.under(SOURCE, ".py"):
        own = file.removeprefix(SOURCE).removesuffix(".py").split("/")[0]
        for line, module in imports(file, tree.text(file)):
            first = module.split(".")[1] if module.startswith(f"{PACKAGE}.") else ""
            if own in OUTER and first == NATIVE:
                problems.append(f"{file}:{line}: {own} sees the Python API, not {NATIVE}")
            if first == "cli" and own not in {"__main__", "cli"}:
                problems.append(f"{file}:{line}: only __main__ may import cli")
    for file in tree.under(SOURCE, ".pyx", ".pxd", ".pxi"):
        for match in CYTHON_IMPORT.finditer(tree.text(file)):
            module = match.group(1) or match.group(2)
            if module.startswith((".", PACKAGE)) and module not in {f"{PACKAGE}.{NATIVE}", f".{NATIVE}"}:
                line = tree.text(file).count("\n", 0, match.start()) + 1
                problems.append(f"{file}:{line}: {NATIVE} imports nothing of the package ({module})")
    return problems


def check_dependencies(tree: Tree, stdlib: frozenset[str]) -> list[str]:
    """The package imports the standard library and itself; the generator too; adapters their back end."""
    problems = []
    for file in [*tree.under(SOURCE, ".py"), *tree.under("csrc/gen/", ".py")]:
        siblings = {f.rsplit("/", 1)[-1].removesuffix(".py") for f in tree.under("csrc/gen/", ".py")}
        known = stdlib | ({PACKAGE} if file.startswith("src/") else siblings | {"gen", "csrc"})
        for line, module in imports(file, tree.text(file)):
            if module.split(".")[0] not in known | {ADAPTERS.get(file)}:
                problems.append(f"{file}:{line}: {module} is not in the standard library")
    return problems


def check_configuration(tree: Tree) -> list[str]:
    """One mypy configuration, no runtime dependencies, one list of Python versions."""
    problems = []
    project = tomllib.loads(tree.text("pyproject.toml"))
    if "mypy" in project.get("tool", {}):
        problems.append("pyproject.toml: [tool.mypy] would silently replace setup.cfg")
    if not tree.has("setup.cfg") or "[mypy]" not in tree.text("setup.cfg"):
        problems.append("setup.cfg: the [mypy] section is missing")
    elif "strict = true" not in tree.text("setup.cfg"):
        problems.append("setup.cfg: mypy is not strict")
    if project["project"].get("dependencies"):
        problems.append("pyproject.toml: the package has no runtime dependencies")
    classifiers = project["project"].get("classifiers", [])
    named = {c.rsplit(" ", 1)[1] for c in classifiers if re.search(r":: 3\.\d+$", c)}
    built = project.get("tool", {}).get("cibuildwheel", {}).get("build", [])
    wheels = {f"3.{m.group(1)}" for b in built if (m := re.match(r"cp3(\d+)-", b))}
    if named != wheels:
        problems.append(f"pyproject.toml: classifiers {sorted(named)}, cibuildwheel builds {sorted(wheels)}")
    return problems
