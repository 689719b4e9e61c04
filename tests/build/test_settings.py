"""The table [tool.pywasi]: what it means, and one clear line for each thing that is wrong in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pywasi_native.build import BuildError
from pywasi_native.build.settings import read_settings

FILES = {
    "src/core.c": "int f(void) { return 1; }\n",
    "src/a.c": "",
    "src/core.h": "int f(void);\n",
    "x.wasm": "x",
}
GOOD = 'module = "pkg._core"\nsources = ["src/core.c"]\nheaders = ["src/core.h"]\n'


def test_what_the_table_says(project) -> None:
    table = (
        GOOD + 'exports = ["g"]\nfunctions = ["f", "x_*"]\nexclude = ["f"]\ncflags = ["-O3"]\n'
        'ldflags = ["-lm"]\nsetjmp = true\n'
        'imports = { env = "pkg._host" }\n[tool.pywasi.grants."other"]\nargs = ["x"]'
    )
    settings = read_settings(project(table, FILES))
    assert settings.module == "pkg._core"
    assert settings.outputs == ("pkg/_core.wasm", "pkg/_core.py", "pkg/_core.pyi")
    assert settings.sources == ("src/core.c",)
    assert settings.distributed() == ("src/core.c", "src/core.h")
    assert (settings.exports, settings.exclude) == (("g",), ("f",))
    assert settings.functions == ("f", "x_*")
    assert (settings.cflags, settings.ldflags, settings.setjmp) == (("-O3",), ("-lm",), True)
    assert settings.imports == {"env": "pkg._host"}


def test_a_pattern_gives_its_files_in_order(project) -> None:
    settings = read_settings(project('module = "pkg._core"\nsources = ["src/core.c", "src/*.c"]', FILES))
    assert settings.sources == ("src/core.c", "src/a.c")


def test_an_exclamation_mark_takes_files_out(project) -> None:
    settings = read_settings(
        project('module = "pkg._core"\nsources = ["src/*.c", "!src/a.c", "!src/gone*.c"]', FILES)
    )
    assert settings.sources == ("src/core.c",)


def test_the_folder_of_the_package(project) -> None:
    root = project(GOOD, FILES)
    (root / "pkg" / "__init__.py").unlink()
    (root / "pkg").rmdir()
    (root / "src" / "pkg").mkdir()
    assert read_settings(root).folder == "src/pkg"
    (root / "pkg").mkdir()
    with pytest.raises(BuildError, match="both src/pkg and pkg are there"):
        read_settings(root)


@pytest.mark.parametrize(
    ("table", "message", "advice"),
    [
        ("", "module: is missing", "module = "),
        ('module = "_core"', "'_core' is no module in a package", "pkg._core"),
        ('module = "pkg.class"', "'pkg.class' is no module", "pkg._core"),
        ('module = "pkg.__init__"', "the package itself", "pkg._core"),
        ('module = "other._core"', "there is no src/other/ and no other/", "make the package's folder"),
        ('module = "pkg._core"', "nothing to build", "prebuilt/core.wasm"),
        (GOOD + 'sorces = ["x.c"]', "sorces: unknown key", "did you mean sources?"),
        (GOOD + "zzz = 1", "zzz: unknown key", "known: module, sources"),
        (GOOD.replace("src/core.c", "src/gone.c"), "src/gone.c: no such file", ""),
        (GOOD.replace("src/core.c", "src/*.zig"), "nothing matches src/*.zig", ""),
        (GOOD.replace("src/core.c", "../core.c"), "not a path inside the project", ""),
        (GOOD.replace("src/core.c", "/etc/passwd"), "not a path inside the project", ""),
        (GOOD.replace("src/core.h", "src/core.c"), "src/core.c is none of .h", ""),
        (GOOD + 'cflags = "-O2"', "cflags: a list of strings is expected", "cflags = ["),
        (GOOD + 'functions = ["a-*"]', "'a-*' is no name of a function", ""),
        (GOOD.replace("headers", "exclude").replace("src/core.h", "f*"), "there are none", "exports = "),
        (GOOD + 'exports = ["a b"]', "'a b' is no name of a function", ""),
        (GOOD + "setjmp = 1", "true or false is expected", ""),
        (GOOD + 'imports = ["env"]', "a table of Python modules", "pkg._host"),
        (GOOD + 'wasm = "x.wasm"', "stands beside wasm or command", "one of them"),
        ('module = "pkg._core"\ncommand = ["make"]', "leaves which file?", "add wasm ="),
        ('module = "pkg._core"\nwasm = "gone.wasm"', "gone.wasm: no such file", ""),
        ('module = "pkg._core"\nwasm = "src/core.c"', "path of a .wasm file", ""),
    ],
)
def test_what_is_wrong_in_it(project, table: str, message: str, advice: str) -> None:
    with pytest.raises(BuildError) as caught:
        read_settings(project(table, FILES))
    assert message in str(caught.value)
    assert "pyproject.toml: tool.pywasi." in str(caught.value)
    assert "\n" not in str(caught.value)
    assert advice in caught.value.advice


def test_without_the_file_or_the_table(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no such file"):
        read_settings(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool\n", encoding="utf-8")
    with pytest.raises(BuildError, match=r"pyproject\.toml: "):
        read_settings(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n", encoding="utf-8")
    with pytest.raises(BuildError, match=r"has no \[tool\.pywasi\]"):
        read_settings(tmp_path)
