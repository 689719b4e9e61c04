"""The op generator: golden output, and every error message.

A golden file holds an input and what the generator makes of it, in sections. After a change of the generator
that is meant: `python tests/gen/test_generator.py --rebase`, and read the difference.
"""

from __future__ import annotations

import ast
import re
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent.parent))  # for --rebase, where no conftest does it
import building
import locate

GOLDEN = locate.ROOT / "tests" / "golden"
CASES = sorted(GOLDEN.glob("gen_*.txt"))
SECTION = re.compile(r"^=== (\S+)\n", re.MULTILINE)
OUTPUTS = ["op_table.h", "op_handlers.h", "op_forms.h", "op_functions.h", "op_cases.h"]
PINS = ["op_pins.h", "op_pins_cases.h"]  # too long to be golden; every handler is run by test_op_numerics.py


def sections(text: str) -> dict[str, str]:
    """The sections of a golden file: `=== name`, then its lines."""
    parts = SECTION.split(text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def regenerated(golden: Path, folder: Path) -> str:
    """The golden file as it would be today."""
    text = golden.read_text(encoding="utf-8")
    remark = text[: text.index("=== ")]
    inputs = {name: part for name, part in sections(text).items() if name.endswith(".op.c")}
    for name, part in inputs.items():
        (folder / name).write_text(part, encoding="utf-8")
    done = building.generate(Path("out"), *map(Path, inputs), cwd=folder)
    assert done.returncode == 0, done.stderr
    outputs = {name: (folder / "out" / name).read_text(encoding="utf-8") for name in OUTPUTS}
    return remark + "".join(f"=== {name}\n{part}" for name, part in (inputs | outputs).items())


def test_there_are_golden_files() -> None:
    assert len(CASES) >= 6


@pytest.mark.parametrize("golden", CASES, ids=lambda path: path.stem)
def test_golden(golden: Path, tmp_path: Path) -> None:
    assert regenerated(golden, tmp_path) == golden.read_text(encoding="utf-8")


ROW = 'ROW(0x01, "nop", nop, NONE, ":")\n'
EQ = 'CMPOP(0x46, "i32.eq", i32_eq, i32, a == b, i32_eq, i32_ne)\n'
NE = 'CMPOP(0x47, "i32.ne", i32_ne, i32, a != b, i32_ne, i32_eq)\n'
OP = 'OP(0x6d, "i32.div_s", i32_div_s, %s)\n{\n    r = a / b;\n}\n'
HEAD = '0xcode, "text", ident'
BAD_CODE = "is no byte and no prefix 0xfb to 0xfe with a sub-opcode below 0x200"
ERRORS = {
    "unknown shape": ("TERNOP(1)\n", 1, "unknown shape TERNOP"),
    "indented": ('\n  BINOP(0x6a, "i32.add", i32_add, i32, a + b)\n', 2,
                 "BINOP does not start in the first column"),
    "two lines": ('BINOP(0x6a, "i32.add", i32_add, i32,\n      a + b)\n', 1,
                  "the header does not end on its line"),
    "malformed shape": ('BINOP(0x6a, "i32.add", i32_add, i32)\n', 1,
                        'malformed header, expected BINOP(0xcode, "text", ident, T, expr)'),
    "no quotes": ("BINOP(0x6a, i32.add, i32_add, i32, a + b)\n", 1,
                  'malformed header, expected BINOP(0xcode, "text", ident, T, expr)'),
    "decimal code": ('BINOP(106, "i32.add", i32_add, i32, a + b)\n', 1,
                     'malformed header, expected BINOP(0xcode, "text", ident, T, expr)'),
    "no negation": ('CMPOP(0x46, "i32.eq", i32_eq, i32, a == b, i32_eq)\n', 1,
                    'malformed header, expected CMPOP(0xcode, "text", ident, T, expr, swap, negate)'),
    "malformed row": ('ROW(0x01, "nop", nop, NONE, "x:")\n', 1,
                      f'malformed header, expected ROW({HEAD}, IMMEDIATE, "params:results" or "*", C)'),
    "malformed op": (OP % "OUT(i32 r) IN(i32 a, i32 b)", 1,
                     f"malformed header, expected OP({HEAD}, FORMS(..) IMM(..) IN(..) OUT(..))"),
    "malformed internal": ("INTERNAL(mov)\n{\n}\n", 1, "malformed header, expected INTERNAL(ident, cells)"),
    "malformed feature": ("\nFEATURE(simd)\n", 2, "malformed header, expected FEATURE(NAME)"),
    "code too big": ('UNOP(0x100, "x", x, i32, a)\n', 1, f"0x100 {BAD_CODE}"),
    "unknown prefix": ('UNOP(0xfa001, "x", x, i32, a)\n', 1, f"0xfa001 {BAD_CODE}"),
    "sub-opcode too big": ('UNOP(0xfd200, "x", x, i32, a)\n', 1, f"0xfd200 {BAD_CODE}"),
    "unknown type": ('UNOP(0x67, "x", x, i8, a)\n', 1, "unknown type i8"),
    "unknown result type": ('CVTOP(0x67, "x", x, i32, idx, a)\n', 1, "unknown type idx"),
    "unknown memory type": ('LOADOP(0x28, "x", x, i32, long, v)\n', 1, "unknown memory type long"),
    "float in CMPOP": ('CMPOP(0x5b, "f32.eq", f32_eq, f32, a == b, f32_eq, f32_ne)\n', 1,
                       "CMPOP is not for f32"),
    "integer in FCMPOP": ('FCMPOP(0x46, "i32.eq", i32_eq, i32, a == b, i32_eq)\n', 1,
                          "FCMPOP is not for i32"),
    "op immediate": (OP % "IMM(LABEL, imm x) IN(i32 a)", 1, "unknown kind of immediate LABEL"),
    "number of immediates": (OP % "IMM(MEMORY_COPY, imm x) IN(i32 a)", 1,
                             "IMM(MEMORY_COPY, ...) takes 2 of the form `imm name`"),
    "form of immediates": (OP % "IMM(MEMORY, x) IN(i32 a)", 1,
                           "IMM(MEMORY, ...) takes 1 of the form `imm name`"),
    "memory argument without pointer": (
        OP % "IMM(MEMARG, imm x) IN(idx a)", 1,
        "IMM(MEMARG, ...) takes 1 of the form `at64 name, imm name`"),
    "memory argument without lane": (
        OP % "IMM(MEMARG_LANE, at8 p) IN(idx a)", 1,
        "IMM(MEMARG_LANE, ...) takes 2 of the form `at64 name, imm name`"),
    "width of a pointer": (OP % "IMM(MEMARG, at24 p) IN(idx a)", 1, "unknown memory type at24"),
    "operand type": (OP % "IN(u32 a)", 1, "malformed operand `u32 a`, expected `type name`"),
    "operand without type": (OP % "IN(a)", 1, "malformed operand `a`, expected `type name`"),
    "empty operand": (OP % "IN(i32 a, ) OUT(i32 r)", 1, "malformed operand ``, expected `type name`"),
    "same name": (OP % "IN(i32 a, i32 a)", 1, "two operands have the same name"),
    "two results": (OP % "IN(i32 a) OUT(i32 r, i32 s)", 1, "more than one result"),
    "index of nothing": (OP % "IN(idx a)", 1, "idx needs an immediate that names a memory or a table"),
    "unknown forms": (OP % "FORMS(ternary) IN(i32 a) OUT(i32 r)", 1, "unknown forms ternary"),
    "binop of one": (OP % "FORMS(binop) IN(i32 a) OUT(i32 r)", 1, "FORMS(binop) does not fit the operands"),
    "binop of two types": (OP % "FORMS(binop) IN(i32 a, i64 b) OUT(i32 r)", 1,
                           "FORMS(binop) does not fit the operands"),
    "cvt of two": (OP % "FORMS(cvt) IN(i32 a, i32 b) OUT(i32 r)", 1, "FORMS(cvt) does not fit the operands"),
    "cvt of a reference": (OP % "FORMS(cvt) IN(ref a) OUT(i32 r)", 1, "FORMS(cvt) does not fit the operands"),
    "no body": ('OP(0x6d, "x", x, IN(i32 a))\n', 1, "expected { alone on the line below the header"),
    "brace on the header": ('OP(0x6d, "x", x, IN(i32 a)) {\n}\n', 1, "the header does not end on its line"),
    "body without end": ('\nOP(0x6d, "x", x, IN(i32 a))\n{\n    a;\n', 2,
                         "the body does not end: no } in the first column"),
    "body into the next": ('OP(0x6d, "x", x, IN(i32 a))\n{\n    a;\n' + ROW, 1,
                           "the body does not end: no } in the first column"),
    "code twice": (ROW + 'ROW(0x01, "other", other, NONE, ":")\n', 2,
                   "0x01 is defined twice, first in bad.op.c:1"),
    "ident twice": (ROW + 'ROW(0x02, "nop", nop, NONE, ":")\n', 2,
                    "nop is defined twice, first in bad.op.c:1"),
    "internal twice": ("INTERNAL(mov, 2) { x; }\n" * 2, 2,
                       "handler mov is defined twice, first in bad.op.c:1"),
    "handler twice": ('UNOP(0x67, "x", x, i32, a)\nINTERNAL(x_SS, 2) { y; }\n', 2,
                      "handler x_SS is one of x already"),
    "negation missing": (EQ, 1, "i32_ne, the negated i32_eq, is no CMPOP of the same type"),
    "swap missing": (NE.replace("i32_ne, i32_eq", "i32_en, i32_ne"), 1,
                     "i32_en, the swapped i32_ne, is no CMPOP of the same type"),
    "negation of another type": (
        EQ + 'CMPOP(0x52, "i64.ne", i32_ne, i64, a != b, i32_ne, i32_ne)\n', 1,
        "i32_ne, the negated i32_eq, is no CMPOP of the same type"),
    "swap of another shape": (
        'FCMPOP(0x5b, "f32.eq", f32_eq, f32, a == b, neg)\nUNOP(0x8c, "f32.neg", neg, f32, -a)\n', 1,
        "neg, the swapped f32_eq, is no FCMPOP of the same type"),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_error(case: str, tmp_path: Path) -> None:
    source, line, what = ERRORS[case]
    (tmp_path / "bad.op.c").write_text(source, encoding="utf-8")
    done = building.generate(Path("out"), Path("bad.op.c"), cwd=tmp_path)
    assert done.stderr == f"bad.op.c:{line}: error: {what}\n"
    assert done.returncode == 1
    assert not (tmp_path / "out").exists()


def messages() -> list[str]:
    """The error messages in the generator's source, as patterns: what is filled in may be anything."""
    found = []
    for path in building.GENERATOR.parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text: ast.expr | None = None
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"self.need", "OpError"}:
                text = node.args[-1]
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "what":
                text = node.value
            if isinstance(text, ast.Constant | ast.JoinedStr):
                parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                found.append("".join(
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in parts
                ))  # fmt: skip
    return found


def test_every_error_message_has_a_test() -> None:
    tested = {what for _, _, what in ERRORS.values()} | {"more than 65534 handlers", "cannot read: x"}
    patterns = messages()
    assert len(patterns) >= 22
    for pattern in patterns:
        assert any(re.fullmatch(pattern, what) for what in tested), pattern


def test_missing_file(tmp_path: Path) -> None:
    done = building.generate(tmp_path / "out", tmp_path / "none.op.c")
    assert done.returncode == 1
    assert done.stderr.startswith(f"{(tmp_path / 'none.op.c').as_posix()}:1: error: cannot read: ")


def test_too_many_handlers(tmp_path: Path) -> None:
    source = "".join(f"INTERNAL(h{number}, 2) {{ x; }}\n" for number in range(65536))
    (tmp_path / "many.op.c").write_text(source, encoding="utf-8")
    done = building.generate(Path("out"), Path("many.op.c"), cwd=tmp_path)
    assert done.stderr == "many.op.c:65535: error: more than 65534 handlers\n"


def test_usage() -> None:
    done = building.generate(Path("out"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "usage: generate.py OUTDIR FILE.op.c ...\n"


def test_unchanged_files_are_not_written(tmp_path: Path) -> None:
    source = tmp_path / "a.op.c"
    source.write_text(ROW, encoding="utf-8")
    assert building.generate(tmp_path / "out", source).returncode == 0
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert sorted(path.name for path in files) == sorted(OUTPUTS + PINS)
    source.write_text(ROW + 'ROW(0x1a, "drop", drop, NONE, "*")\n', encoding="utf-8")
    assert building.generate(tmp_path / "out", source).returncode == 0
    written = {path.name for path, time in files.items() if path.stat().st_mtime_ns != time}
    assert written == {"op_table.h", "op_forms.h"}


def test_order_of_files_does_not_matter(tmp_path: Path) -> None:
    files = building.op_files()
    assert building.generate(tmp_path / "a", *files).returncode == 0
    assert building.generate(tmp_path / "b", *reversed(files)).returncode == 0
    for name in OUTPUTS:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def rebase() -> None:
    """Writes every golden file anew."""
    for golden in CASES:
        with tempfile.TemporaryDirectory() as folder:
            text = regenerated(golden, Path(folder))
        if text != golden.read_text(encoding="utf-8"):
            golden.write_text(text, encoding="utf-8", newline="\n")
            print(f"{golden.relative_to(locate.ROOT)}: changed")


if __name__ == "__main__":
    if sys.argv[1:] != ["--rebase"]:
        sys.exit("usage: python tests/gen/test_generator.py --rebase")
    rebase()
