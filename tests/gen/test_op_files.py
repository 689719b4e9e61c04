"""The op files are plain C, the tables compile, errors point into the op files, the generator stays small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import building
import locate

COMPILERS = ["cc", "zig"]
FILES = sorted(building.OPS.glob("*.op.c"))


@pytest.fixture(scope="module")
def gen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All headers, with the handlers of the engine too."""
    out = tmp_path_factory.mktemp("all")
    done = building.generate(out, *FILES)
    assert done.returncode == 0, done.stderr
    return out


def syntax_errors(compiler: str, gen: Path, file: Path, *more: str) -> str:
    """What a compiler says of a file with all warnings on."""
    command = [*building.compiler(compiler), *building.STRICT, *building.FLOATS, *building.INCLUDES]
    # Not -fsyntax-only, which zig knows but warns of.
    return building.run([*command, f"-I{gen}", *more, "-c", str(file), "-o", str(gen / "object.o")]).stderr


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_op_file_is_plain_c(compiler: str, file: Path, gen: Path) -> None:
    assert syntax_errors(compiler, gen, file) == ""


def test_the_engine_ops_are_there() -> None:
    assert {path.name for path in FILES} - {path.name for path in building.op_files()} == building.ENGINE_OPS


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", ["csrc/wasm/op_info.c", "csrc/engine/op_forms_info.c"])
def test_tables_compile(compiler: str, name: str, gen: Path) -> None:
    assert syntax_errors(compiler, gen, locate.ROOT / name) == ""


def broken(tmp_path: Path, good: str, bad: str) -> str:
    """The compiler's words on the shell of the op tests when one op file has a mistake."""
    out, copies = tmp_path / "gen", []
    for path in building.op_files():
        text = path.read_text(encoding="utf-8")
        copy = tmp_path / path.name
        copy.write_text(text.replace(good, bad), encoding="utf-8")
        copies.append(copy)
    assert building.generate(out, *copies).returncode == 0
    return syntax_errors("cc", out, locate.ROOT / "tests" / "c" / "ops_shell.c", "-fsyntax-only")


def line_of(name: str, text: str) -> int:
    lines = (building.OPS / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


MISTAKES = {
    "body": ("table.op.c", "r = table->elements[i];", "r = table->elephants[i];", "elephants"),
    "expression": ("numeric_int.op.c", "pwi_popcnt32(a)", "pwi_popcnt33(a)", "popcnt33"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_where_it_is(name: str, tmp_path: Path) -> None:
    file, good, bad, told = MISTAKES[name]
    said = broken(tmp_path, good, bad)
    place = re.escape(f"{(tmp_path / file).as_posix()}:{line_of(file, good)}:")
    assert re.search(rf"{place}\d+: error: .*{told}", said)


def test_after_a_body_lines_are_those_of_the_generated_file(gen: Path) -> None:
    lines = (gen / "op_cases.h").read_text(encoding="utf-8").splitlines()
    own = [(at, line) for at, line in enumerate(lines, 1) if line.endswith('"op_cases.h"')]
    assert len(own) > 1500
    for at, line in own:
        assert line == f'#line {at + 1} "op_cases.h"'


def test_bodies_are_copied_verbatim(gen: Path) -> None:
    cases = (gen / "op_cases.h").read_text(encoding="utf-8")
    for path in FILES:
        for body in re.findall(r"^\{\n(.*?)^\}$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            assert body in cases, path


def test_the_generator_is_small() -> None:
    """600 lines in all, and no more files than a reader keeps apart (the reason is in RATIONALE.md)."""
    files = sorted(building.GENERATOR.parent.glob("*.py"))
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 600
    assert len(files) <= 6
