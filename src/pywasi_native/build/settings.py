"""The table ``[tool.pywasi]`` of a pyproject.toml, checked.

    [tool.pywasi]
    module  = "pkg._core"                       # what Python imports; the files go into the folder of pkg
    sources = ["src/*.c", "!src/main.c"]       # C, C++, Zig, in any mix; ! takes out
    headers = ["src/core.h"]                    # what they declare is exported
    functions = ["core_*"]                      # of that only these; names and patterns, as in the next two
    exclude = ["debug_*"]                       # declared in a header, but not to be exported
    exports = ["crc32"]                         # these too, as plain functions of numbers
    cflags  = ["-O3", "-msimd128"]              # for every C and C++ source; -O2 where there is no -O
    ldflags = []
    inputs  = ["vendor/tables/*.bin"]           # other files that a build reads: for source distributions
    setjmp  = true                              # by itself: where a source includes <setjmp.h>
    imports = { env = "pkg._host" }             # Python modules that give what is imported beside WASI

    errors = { "db_*" = "negative" }            # which results are errors: negative, nonzero or null ...
    error-message = "db_strerror"               # ... what gives their texts ...
    exception = "pkg.errors.DbError"            # ... and what is raised: called with function, code, text
    closes = { db = "db_shutdown" }             # what ends the life of an opaque type, if no name tells
    signatures = { db_sum = "f64(const f64*, size)" }  # in place of the header's declarations
    results = ["db_find.where"]                 # parameters that come back, if neither name nor comment tells
    plain = ["db_seek.count"]                   # parameters that only look like lengths or results

    command = ["GOOS=wasip1", "GOARCH=wasm", "go", "build", ...]  # in place of sources: another tool ...
    wasm    = "build/core.wasm"                 # ... leaves this file; without command it is there

Paths are relative to the folder of pyproject.toml and use slashes. The table's other part, ``grants``,
belongs to the application that uses packages (`pywasi_native.grants`).
"""

from __future__ import annotations

import keyword
import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from .build_error import BuildError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEYS = (
    "module", "sources", "headers", "functions", "exclude", "exports", "cflags", "ldflags", "setjmp",
    "imports", "errors", "error-message", "exception", "closes", "signatures", "results", "plain", "command",
    "wasm", "package-dir", "inputs",
)  # fmt: skip
_FOREIGN = ("grants",)  # read by others
C_SUFFIXES = (".c",)
CXX_SUFFIXES = (".cc", ".cpp", ".cxx", ".c++", ".C")
ASSEMBLY_SUFFIXES = (".s", ".S")
ZIG_SUFFIXES = (".zig",)
INCLUDED_SUFFIXES = (".h", ".hpp", ".hh", ".hxx", ".inc", ".inl", ".ipp", ".def")
SOURCE_SUFFIXES = C_SUFFIXES + CXX_SUFFIXES + ASSEMBLY_SUFFIXES + ZIG_SUFFIXES


@dataclass(frozen=True)
class Settings:
    """What is built from what. Paths are relative to `root` and have slashes."""

    root: Path
    module: str
    folder: str
    """The package's folder, where the three files go."""
    sources: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    cflags: tuple[str, ...] = ()
    ldflags: tuple[str, ...] = ()
    setjmp: bool | None = None
    imports: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    wasm: str | None = None
    others: tuple[str, ...] = ()
    rules: dict[str, Any] = field(default_factory=dict)
    """What the shim gives to `typed.Rules`."""

    @property
    def stem(self) -> str:
        """Path of the outputs without their endings, relative to `root`."""
        return f"{self.folder}/{self.module.rpartition('.')[2]}"

    @property
    def outputs(self) -> tuple[str, str, str]:
        """The module, its shim and its stub, relative to `root`."""
        return f"{self.stem}.wasm", f"{self.stem}.py", f"{self.stem}.pyi"

    def distributed(self) -> tuple[str, ...]:
        """What a source distribution needs: what the table names, and the headers beside that."""
        named = [*self.sources, *self.headers, *self.others]
        if self.wasm and not self.command:
            named.append(self.wasm)
        folders = {name.rpartition("/")[0] for name in (*self.sources, *self.headers)}
        folders |= {flag[2:] for flag in self.cflags if flag.startswith("-I") and len(flag) > 2}
        beside = (
            path.relative_to(self.root).as_posix()
            for folder in folders
            for path in (self.root / folder).glob("*")
            if path.suffix in INCLUDED_SUFFIXES and path.is_file() and path.is_relative_to(self.root)
        )
        return tuple(sorted({*named, *beside}))


def read_settings(root: Path) -> Settings:
    """The settings of the project in a folder.

    Raises:
        BuildError: there is no such table, or something in it is wrong.
    """
    file = root / "pyproject.toml"
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BuildError(
            f"{file}: no such file", "run it in the folder of a project, or name the folder"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BuildError(f"{file}: {error}") from None
    tool = table.get("tool", {})
    if not isinstance(tool, dict) or "pywasi" not in tool:
        raise BuildError(
            f"{file} has no [tool.pywasi]", 'the table needs module = "pkg._core" and sources = [...]'
        )
    return _Reader(file, root).settings(tool["pywasi"])


class _Reader:
    """Checks the table; every error names the file and the key."""

    def __init__(self, file: Path, root: Path) -> None:
        self.file, self.root = file, root

    def error(self, key: str, message: str, advice: str = "") -> BuildError:
        return BuildError(f"{self.file}: tool.pywasi.{key}: {message}", advice)

    def settings(self, table: Any) -> Settings:
        if not isinstance(table, dict):
            raise BuildError(f"{self.file}: tool.pywasi is no table")
        for key in table:
            if key not in KEYS and key not in _FOREIGN:
                near = get_close_matches(key, KEYS, 1)
                raise self.error(
                    key, "unknown key", f"did you mean {near[0]}?" if near else f"known: {', '.join(KEYS)}"
                )
        module = self.module(table)
        headers = self.files(table, "headers", (".h", ".hpp", ".hh", ".hxx"))
        made = Settings(
            self.root, module, self.folder(table, module),
            sources=self.files(table, "sources", SOURCE_SUFFIXES), headers=headers,
            functions=self.names(table, "functions", patterns=True),
            exclude=self.names(table, "exclude", patterns=True), exports=self.names(table, "exports"),
            cflags=self.words(table, "cflags"), ldflags=self.words(table, "ldflags"),
            setjmp=self.flag(table, "setjmp"), imports=self.imports(table),
            command=self.words(table, "command"), wasm=self.wasm(table),
            others=self.files(table, "inputs", ("",)), rules=self.rules(table),
        )  # fmt: skip
        self.check_together(made)
        return made

    def check_together(self, made: Settings) -> None:
        if made.sources and (made.wasm or made.command):
            raise self.error("sources", "stands beside wasm or command", "a module comes from one of them")
        if made.command and not made.wasm:
            raise self.error("command", "leaves which file?", 'add wasm = "path/of/what/it/makes.wasm"')
        if not made.sources and not made.wasm:
            raise self.error(
                "sources", "nothing to build", 'sources = ["src/core.c"], or wasm = "prebuilt/core.wasm"'
            )
        for key in ("functions", "exclude"):
            if getattr(made, key) and not made.headers:
                advice = 'exports = ["name"] needs none'
                raise self.error(key, "chooses from headers, and there are none", advice)
        if made.wasm and not made.command and not (self.root / made.wasm).is_file():
            raise self.error("wasm", f"{made.wasm}: no such file")

    def module(self, table: dict[str, Any]) -> str:
        value = table.get("module")
        parts = value.split(".") if isinstance(value, str) else []
        if value is None:
            raise self.error("module", "is missing", 'module = "pkg._core" is what Python will import')
        if len(parts) < 2 or not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
            raise self.error("module", f"{value!r} is no module in a package", 'such as "pkg._core"')
        if parts[-1] == "__init__":
            raise self.error("module", "the package itself cannot be a wasm module", 'such as "pkg._core"')
        return ".".join(parts)

    def folder(self, table: dict[str, Any], module: str) -> str:
        package = module.rpartition(".")[0].replace(".", "/")
        given = table.get("package-dir")
        if given is not None and not isinstance(given, str):
            raise self.error("package-dir", "a folder is expected")
        tried = [
            f"{where}/{package}" for where in ([self.inside("package-dir", given)] if given else ["src", "."])
        ]
        found = [place.removeprefix("./") for place in tried if (self.root / place).is_dir()]
        if len(found) == 1:
            return found[0]
        key = "package-dir" if given else "module"
        if found:
            raise self.error(key, f"both {found[0]} and {found[1]} are there", 'package-dir = "src", or "."')
        places = " and no ".join(f"{place.removeprefix('./')}/" for place in tried)
        raise self.error(key, f"there is no {places}", "make the package's folder with its __init__.py first")

    def files(self, table: dict[str, Any], key: str, suffixes: tuple[str, ...]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for word in self.words(table, key):
            item = word.removeprefix("!")
            self.inside(key, item)
            if any(char in item for char in "*?["):
                # Sorted: the order of a directory must not decide the bytes of the module.
                matches = sorted(path.relative_to(self.root).as_posix() for path in self.root.glob(item))
                if not matches and item == word:
                    raise self.error(key, f"nothing matches {item}")
            elif (self.root / item).is_file() or item != word:  # what is taken out is in no sdist either
                matches = [item]
            else:
                raise self.error(key, f"{item}: no such file")
            if item == word:
                found.update(dict.fromkeys(matches))
            else:
                found = {name: None for name in found if name not in matches}
        for item in found:
            if not item.endswith(suffixes):
                raise self.error(key, f"{item} is none of {', '.join(suffixes)}")
        return tuple(found)

    def inside(self, key: str, item: str) -> str:
        if item.startswith(("/", "~")) or "\\" in item or ":" in item or ".." in item.split("/"):
            raise self.error(key, f"{item}: not a path inside the project, with slashes")
        return item.rstrip("/")

    def wasm(self, table: dict[str, Any]) -> str | None:
        value = table.get("wasm")
        if value is None:
            return None
        if not isinstance(value, str) or not value.endswith(".wasm"):
            raise self.error("wasm", "the path of a .wasm file is expected")
        return self.inside("wasm", value)

    def words(self, table: dict[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
            raise self.error(key, "a list of strings is expected", f'{key} = ["..."]')
        if key in table and key == "command" and not value:
            raise self.error(key, "is empty")
        return tuple(value)

    def names(self, table: dict[str, Any], key: str, *, patterns: bool = False) -> tuple[str, ...]:
        names = self.words(table, key)
        for name in names:
            if not (re.sub(r"[*?]", "_", name) if patterns else name).isidentifier():
                raise self.error(key, f"{name!r} is no name of a function")
        return tuple(dict.fromkeys(names))

    def flag(self, table: dict[str, Any], key: str) -> bool | None:
        value = table.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(key, "true or false is expected")
        return value

    def table(self, table: dict[str, Any], key: str, what: str, example: str) -> dict[str, str]:
        value = table.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
            raise self.error(key, f"a table of {what} is expected", f"{key} = {{ {example} }}")
        return value

    def rules(self, table: dict[str, Any]) -> dict[str, Any]:
        """The rules that are there, by the names that `typed.Rules` has for them."""
        found: dict[str, Any] = {
            "errors": self.table(table, "errors", "names and conditions", '"db_*" = "negative"'),
            "closes": self.table(table, "closes", "types and functions", 'db = "db_close"'),
            "functions": self.table(table, "signatures", "signatures", 'sum = "f64(const f64*, size)"'),
            "out": self.params(table, "results"),
            "plain": self.params(table, "plain"),
        }
        for key, when in found["errors"].items():
            if when not in ("negative", "nonzero", "null"):
                raise self.error("errors", f"{key} = {when!r} is no condition", "negative, nonzero or null")
        for key, name in (("error-message", "message"), ("exception", "exception")):
            value = table.get(key, "")
            if not isinstance(value, str) or not all(
                part.isidentifier() for part in value.split(".") if value
            ):
                raise self.error(key, "one name is expected")
            if value and name == "exception" and "." not in value:
                raise self.error(key, f"{value!r} is no class in a module", 'such as "pkg.errors.Failed"')
            found[name] = value
        return {name: value for name, value in found.items() if value}

    def params(self, table: dict[str, Any], key: str) -> list[str]:
        names = self.words(table, key)
        for name in names:
            if len(name.split(".")) != 2:
                raise self.error(key, f"{name!r} is no parameter", f'{key} = ["function.parameter"]')
        return list(names)

    def imports(self, table: dict[str, Any]) -> dict[str, str]:
        value = self.table(table, "imports", "Python modules", 'env = "pkg._host"')
        for name in value.values():
            if not all(part.isidentifier() for part in name.split(".")):
                raise self.error(
                    "imports", f"{name!r} is no Python module", 'imports = { env = "pkg._host" }'
                )
        return value
