"""Modules with headers: typed functions, classes, constants, what type checkers see of them, and mistakes."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import locate
from pywasi_native.build import BuildError, build_project
from pywasi_native.build.header_text import header_text
from pywasi_native.typed import parse_header

pytestmark = pytest.mark.usefixtures("zig")

HEADER = """\
#pragma once
#include <stddef.h>
#include <stdint.h>
#define LIMIT 16
#define FAR 1e999
enum { FEW = 2, MANY = -7 };
#define NAME "a thing"
typedef enum { RED = 1, GREEN, BLUE = 7 } color;
/** A place. */
typedef struct { double x, y; } point;
typedef struct shape { point from; color paint; char name[8]; float w[2]; struct shape *next; } shape;
typedef int (*visitor)(const char *word, int n);

/** Sum of all.
 *  @param x numbers */
double sum(const double *x, size_t n);
void scale(float *samples, size_t n, float by);
color next_color(color c);
point middle(point a, const point *b);
double reach(const shape *s);
int visit(const char *text, visitor v);
/** A counter with a name. */
typedef struct counter counter;
counter *counter_new(const char *name);
void counter_free(counter *c);
int counter_add(counter *c, int by, int *lambda_out);
const char *counter_name(const counter *c);
int live(void);
const char *error_text(int code);
int wait_all(int class, unsigned lambda);
"""
SOURCE = """\
#include "lib.h"
#include <stdlib.h>
#include <string.h>
struct counter { int n; char name[16]; };
static int alive;
double sum(const double *x, size_t n) { double s = 0; while (n--) s += *x++; return s; }
void scale(float *samples, size_t n, float by) { while (n--) *samples++ *= by; }
color next_color(color c) { return c == RED ? GREEN : BLUE; }
point middle(point a, const point *b) { return (point){(a.x + b->x) / 2, (a.y + b->y) / 2}; }
double reach(const shape *s) { return s->from.x + s->w[1] + s->paint + strlen(s->name); }
int visit(const char *text, visitor v) { return v(text, (int)strlen(text)); }
counter *counter_new(const char *name) {
    if (!*name || strlen(name) > 15) return NULL;
    counter *c = calloc(1, sizeof *c);
    strcpy(c->name, name);
    alive++;
    return c;
}
void counter_free(counter *c) { alive--; free(c); }
int counter_add(counter *c, int by, int *lambda_out) {
    if (by < 0) return -2;
    *lambda_out = c->n += by;
    return 0;
}
const char *counter_name(const counter *c) { return c->name; }
int live(void) { return alive; }
const char *error_text(int code) { return code == -2 ? "less than nothing" : "?"; }
int wait_all(int class, unsigned lambda) { return class + (int)lambda; }
"""
TABLE = """\
module = "pkg._core"
sources = ["lib.c"]
headers = ["lib.h"]
errors = { "counter_*" = "nonzero", counter_new = "null" }
error-message = "error_text"
exception = "pkg.errors.Failed"
plain = ["wait_all.lambda"]
"""
ERRORS = """\
class Failed(Exception):
    def __init__(self, function: str, code: int | None, text: str) -> None:
        super().__init__(f"{function}: {code}: {text}")
"""
FILES = {"lib.c": SOURCE, "lib.h": HEADER, "pkg/errors.py": ERRORS, "pkg/py.typed": ""}


@pytest.fixture
def core(project, imported) -> ModuleType:
    root = project(TABLE, FILES)
    build_project(root)
    return imported(root, "pkg._core")


def test_values_in_and_out(core: ModuleType) -> None:
    from array import array

    assert core.sum([1.0, 2.5]) == core.sum(array("d", [1.0, 2.5])) == 3.5
    samples = array("f", [1, 2])
    assert core.scale(samples, 2) is None
    assert list(samples) == [2, 4]
    assert core.next_color(core.RED) is core.color.GREEN
    assert core.middle(core.point(0, 2), core.point(4, 4)) == core.point(2, 3)
    shape = core.shape(core.point(1, 0), core.BLUE, b"abc")
    shape.w[1] = 0.5
    assert core.reach(shape) == 1 + 7 + 3 + 0.5
    assert core.visit("four", lambda word: len(word) * 11) == 44
    constants = core.LIMIT, core.NAME, core.FEW, core.MANY, core.FAR
    assert constants == (16, "a thing", 2, -7, float("inf"))
    assert core.wait_all(1, 2) == 3


def test_handles_and_errors(core: ModuleType) -> None:
    with core.counter_new("x") as counter:
        assert core.live() == 1
        assert core.counter_name(counter) == "x"
        assert core.counter_add(counter, 4) == 4
        with pytest.raises(Exception, match="counter_add: -2: less than nothing") as caught:
            core.counter_add(counter, -1)
        assert type(caught.value).__module__ == "pkg.errors"
    assert core.live() == 0
    with pytest.raises(Exception, match="counter_new: None: "):
        core.counter_new("")


def test_the_module_behaves_as_one(core: ModuleType) -> None:
    assert core.sum.__module__ == core.point.__module__ == "pkg._core"
    assert core.sum.__doc__ == "Sum of all.\n @param x numbers"
    assert pickle.loads(pickle.dumps(core.sum)) is core.sum
    assert {"sum", "point", "color", "LIMIT", "counter", "memory"} <= set(dir(core))
    names: dict[str, object] = {}
    exec("from pkg._core import *", names)
    assert core.__all__ == sorted(core.__all__)
    assert set(core.__all__) == set(names) - {"__builtins__"}
    with pytest.raises(AttributeError, match=r"'pkg\._core' has no attribute 'summ'; did you mean 'sum'"):
        _ = core.summ
    with pytest.raises(AttributeError):
        _ = core.__path__
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from pkg._core import nothing")


def test_a_reload_is_a_new_instance(core: ModuleType) -> None:
    counter, function, first = core.counter_new("x"), core.live, core.__wasm__
    assert core.live() == 1
    importlib.reload(core)
    assert core.__wasm__ is not first
    assert (core.live(), function()) == (0, 1)
    counter.close()
    assert function() == 0


def test_constants_cost_no_binding(project) -> None:
    root = project(TABLE, FILES)
    build_project(root)
    code = "import sys; from pkg._core import LIMIT; print('pywasi_native.typed' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_threads_see_one_namespace(core: ModuleType) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        assert len({id(cls) for cls in pool.map(lambda _: core.point, range(64))}) == 1


USE = """\
from array import array
from pkg import _core as core

total: float = core.sum([1.0])
core.scale(array("f", [1]), 2)
color: core.color | int = core.next_color(core.RED)
place: core.point = core.middle(core.point(1, 2), core.point(x=1))
x: float = place.x
with core.counter_new("a") as counter:
    n: int = core.counter_add(counter, 1)
    name: str | None = core.counter_name(counter)
core.visit("a", lambda word: len(word))
"""
WRONG = """\
from pkg import _core as core

core.sum(3)
core.counter_add(core.point(), 1)
core.middle(core.point(x="1"))
core.nothing()
core.LIMIT = 4
"""


@pytest.fixture
def checked(project) -> Callable[..., str]:
    """What a type checker says of the package with two programs that use it."""
    root = project(TABLE, FILES)
    build_project(root)
    (root / "use.py").write_text(USE, encoding="utf-8")
    (root / "wrong.py").write_text(WRONG, encoding="utf-8")

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=root, stdin=subprocess.DEVNULL, text=True, timeout=600,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return done.stdout

    return run


def test_mypy(checked: Callable[..., str], tmp_path: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        locate.missing("pip install mypy")
    strict = ("mypy", "--strict", "--cache-dir", str(tmp_path / "cache"))
    said = checked(*strict, "pkg", "use.py")
    assert "Success: no issues found" in said, said
    said = checked(*strict, "wrong.py")
    assert [line for line in range(1, 8) if f"wrong.py:{line}: error" in said] == [3, 4, 5, 6, 7], said


def test_pyright(checked: Callable[..., str], tmp_path: Path) -> None:
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is in the dev extra, not in the test extra")
    (tmp_path / "project/pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', encoding="utf-8")
    said = checked("pyright", "--pythonpath", sys.executable, "pkg", "use.py")
    if "0 errors" not in said and ("npm" in said or "nodeenv" in said):
        locate.missing(f"pyright comes from the npm registry: {said[-300:]}")
    assert "0 errors, 0 warnings" in said, said
    said = checked("pyright", "--pythonpath", sys.executable, "wrong.py")
    # It lets Final attributes of other modules be set.
    assert [line for line in range(1, 8) if f"wrong.py:{line}:" in said] == [3, 4, 5, 6], said


def test_the_stub_has_the_names_of_the_module(core: ModuleType) -> None:
    stub = ast.parse(Path(str(core.__file__)).with_suffix(".pyi").read_text(encoding="utf-8"))
    names = {node.name for node in stub.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    names |= {node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)}  # type: ignore[union-attr]
    assert names - {"__wasm__"} == set(core.__all__)


def test_a_header_of_another_version(project) -> None:
    root = project(TABLE, FILES)
    data = build_project(root).files["pkg/_core.wasm"]
    table = TABLE.replace('sources = ["lib.c"]', 'wasm = "made.wasm"')
    other = HEADER.replace("float by", "double by")
    root = project(table, {**FILES, "made.wasm": data, "lib.h": other})
    before = (root / "pkg/_core.py").read_bytes()
    with pytest.raises(BuildError, match=r"lib\.h:17:\d+: void scale\(.*but made\.wasm exports") as caught:
        build_project(root)
    assert "another version" in caught.value.advice
    assert (root / "pkg/_core.py").read_bytes() == before
    table = table.replace('headers = ["lib.h"]', 'headers = ["lib.h"]\nexports = ["gone"]')
    with pytest.raises(BuildError, match=r"made\.wasm does not export gone") as caught:
        build_project(project(table, {**FILES, "made.wasm": data}))
    assert "pywasi inspect made.wasm" in caught.value.advice


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('errors = { "conter_*" = "null" }', "errors names conter_*, which no header declares"),
        ('closes = { cuonter = "live" }', "closes names cuonter, which no header declares"),
        ('closes = { counter = "gone" }', "counter = 'gone': no header declares such a function"),
        ('error-message = "gone"', "error-message = 'gone': no header declares such a function"),
        ('signatures = { summ = "f64()" }', "signatures names summ, which no header declares"),
        ('signatures = { sum = "f64(const f64*" }', "signatures: "),
        ('results = ["sum.z"]', "results names sum.z, which no header declares"),
        ('plain = ["sum"]', "'sum' is no parameter"),
        ('errors = { sum = "zero" }', "sum = 'zero' is no condition"),
        ("errors = { sum = 1 }", "a table of names and conditions is expected"),
        ('exception = "Failed"', "'Failed' is no class in a module"),
    ],
)
def test_rules_that_mean_nothing(project, line: str, message: str) -> None:
    table = "\n".join(TABLE.splitlines()[:3])
    with pytest.raises(BuildError) as caught:
        build_project(project(f"{table}\n{line}", FILES))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_signature_in_place_of_a_declaration(project, imported) -> None:
    root = project(
        'module = "pkg._core"\nsources = ["lib.c"]\nheaders = ["lib.h"]\n'
        'functions = ["sum"]\nsignatures = { sum = "f64(const f64*, u32)" }',
        FILES,
    )
    build_project(root)
    from array import array

    assert imported(root, "pkg._core").sum(array("d", [1, 2, 3]), 2) == 3
    assert "def sum(arg1: " in (root / "pkg/_core.pyi").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        (HEADER.replace("#include", "//"), True),
        ("typedef struct { int kind; union { int i; float f; }; } value;\nint f(value *v);", False),
        ("typedef struct { struct { int a; } in; } outer;\nint f(outer *v);", False),
        ("typedef struct { int n; struct in { int a; }; } outer;\nint f(outer *v, struct in *i);", True),
        ("struct node { struct node *next; union u { int i; double d; } u; };\nint f(struct node *n);", True),
        ("typedef struct a a; typedef struct b { a *one; } b; struct a { b two; };\nint f(a *x);", True),
        ("enum e { A = -1, B };\ntypedef enum e e;\ne f(enum e x);", True),
        ("// not the end */ of it\nint f(int (*g)(int, void *), void *user);", True),
        (
            "typedef unsigned char byte; typedef byte four[4];\nint f(const byte *x, unsigned long long n);",
            True,
        ),
    ],
)
def test_the_short_text_means_the_same(text: str, short: bool) -> None:
    header = parse_header(text)
    found = header_text(header, list(header.functions), text)
    assert (found != text) == short, found
    again = parse_header(found)
    for name, item in header.functions.items():
        assert (again.functions[name].text, again.functions[name].doc) == (item.text, item.doc)
