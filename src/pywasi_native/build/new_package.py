"""``pywasi new``: lays out a package that builds, installs, tests and type-checks as it is."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from string import Template

from .. import __version__
from . import new_templates as text
from .build_error import BuildError

BACKENDS = tuple(text.BUILD_SYSTEMS)


def new_package(folder: Path, backend: str = BACKENDS[0], name: str | None = None) -> list[str]:
    """Writes the files of a new package; gives their paths in the folder.

    Args:
        folder: is made; it may be there if it is empty.
        backend: one of `BACKENDS`.
        name: of the distribution, by default that of the folder; that of the package has _ for - and dots.

    Raises:
        BuildError: the name cannot be that of a package, or the folder has something in it.
    """
    name = folder.resolve().name if name is None else name
    package = _package_name(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise BuildError(f"{folder} is not empty", "name a folder that is not there yet")
        files = _files(name, package, backend)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise BuildError(f"{error.filename or folder}: {error.strerror or error}") from None
    return list(files)


def _package_name(name: str) -> str:
    package = re.sub(r"[-.]+", "_", name).lower()
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name) or not package.isidentifier():
        raise BuildError(f"{name!r} is no name of a package", "letters, digits and -, such as fast-sums")
    if keyword.iskeyword(package) or package in sys.stdlib_module_names or package == "pywasi_native":
        raise BuildError(f"{package} is a module of Python's or of ours", "give it another name")
    return package


def _files(name: str, package: str, backend: str) -> dict[str, str]:
    system, table = text.BUILD_SYSTEMS[backend]
    by_cmake = backend == "scikit-build-core"
    names = {
        "name": name, "package": package, "version": __version__,
        "rebuild": "pip install ." if by_cmake else "pywasi build",
        "editable": "" if by_cmake else "-e ",
        # CMake builds elsewhere: the installed package is whole, the sources are not, and pyright
        # looks at the sources first.
        "checked": f'packages = ["{package}"]' if by_cmake else 'files = ["src", "tests"]',
        "pyright": "" if by_cmake else text.PYRIGHT,
        "pyright_too": "" if by_cmake else ', "pyright>=1.1.390"',
        "or_pyright": "" if by_cmake else "                          # or: python -m pyright",
        "where": "names and versions; `CMakeLists.txt` says what is built from what" if by_cmake
        else "`[tool.pywasi]` says what is built from what",
    }  # fmt: skip

    def fill(template: str) -> str:
        return Template(template).substitute(names)

    names["build_system"] = fill(system)
    names["table"] = fill(table if by_cmake else text.TABLE + table)
    files = {
        "pyproject.toml": text.PYPROJECT,
        "README.md": text.README,
        ".gitignore": text.GITIGNORE,
        f"core/{package}.h": text.HEADER,
        f"core/{package}.c": text.SOURCE,
        f"src/{package}/__init__.py": text.INIT,
        f"src/{package}/py.typed": "",
        f"tests/test_{package}.py": text.TEST,
    }
    if by_cmake:
        files["CMakeLists.txt"] = text.CMAKE
    return {path: fill(template) for path, template in files.items()}
