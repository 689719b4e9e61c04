"""Stubs of packages with typed functions: mypy --strict and pyright on code that uses them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import locate
from pywasi_native import typed

HERE = Path(__file__).parent
FORMS = locate.ROOT / "tests" / "unit" / "typed" / "programs" / "forms.h"
# Names that hide words of annotations, or are none in Python.
HOSTILE = """
typedef struct { int x; } Pointer;
typedef struct { uint8_t bytes[4]; char str[4]; int *memoryview; float property; } sizes;
typedef struct { sizes sizes; Pointer Pointer; int lambda; } outer;
typedef struct class class;
typedef enum { None_, pass, Red = 7 } enum_;
struct node { struct node *next; enum_ Any; void (*def)(struct node *); };
struct node *import(struct node *first);
class *is(int None, class *in);
struct stat { int size; };
int stat(struct stat *buffer_);
enum { pointless = 1 };
struct pointless { int x; };
struct pointless *_hidden(struct pointless *self);
struct pointless *shown(struct pointless *self, struct stat *where);
size_t str(const char *str, size_t n, double float_);
Pointer *Buffer(outer by_value, const outer *self);
int Callable(int (*Sequence)(const struct node *, Pointer *), enum_ e);
struct ours { int at; const char *address; float array[3]; enum_ from_bytes; };
void of(struct ours *x);
#define LIMIT 1e400
#define TEXT "a \\"quoted\\" \\\\ text"
/** Ends in a quote: "x" and has \\"\\"\\" in it \\ */
void documented(void);
"""
RULES = typed.Rules(errors={"counter_new": "null", "extent": "nonzero"})


def package(folder: Path) -> Path:
    """A package with two stubs, and the user's code beside it."""
    (folder / "pkg").mkdir()
    for name, text in {"__init__.py": "", "py.typed": ""}.items():
        (folder / "pkg" / name).write_text(text, encoding="utf-8")
    forms = typed.parse_header(FORMS.read_text(encoding="utf-8"), "forms.h")
    stub = typed.StubText(forms, None, RULES).text("Types of forms.")
    (folder / "pkg" / "_core.pyi").write_text(stub, encoding="utf-8")
    hostile = typed.StubText(typed.parse_header(HOSTILE, "hostile.h")).text("Types of hostile names.")
    (folder / "pkg" / "hostile.pyi").write_text(hostile, encoding="utf-8")
    user = folder / "user.py"
    user.write_text((HERE / "typed_user.py").read_text(encoding="utf-8"), encoding="utf-8")
    return user


def wanted(source: Path) -> dict[int, str]:
    """What the comments say, by line."""
    lines = source.read_text(encoding="utf-8").splitlines()
    return {i: found[1] for i, line in enumerate(lines, 1) if (found := re.search(r"  # (.+)$", line))}


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Looks at the package as it is installed, as a user's checker does."""
    return subprocess.run(
        [sys.executable, *words], check=False, capture_output=True, text=True, timeout=300, cwd=cwd,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def plain(text: str) -> str:
    """A type without the modules of its parts."""
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text)


def test_mypy_strict_on_a_package_that_uses_them(tmp_path: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        locate.missing("mypy is missing: pip install 'pywasi-native[dev]'")
    user = package(tmp_path)
    done = run(
        "-m", "mypy", "--strict", "--config-file", os.devnull, "--cache-dir", str(tmp_path / "cache"),
        "--no-error-summary", "user.py", "pkg/hostile.pyi", "pkg/_core.pyi", cwd=tmp_path,
    )  # fmt: skip
    found: dict[int, str] = {}
    for line in done.stdout.splitlines():
        if note := re.search(r'^user\.py:(\d+): note: Revealed type is "(.*)"$', line):
            found[int(note[1])] = plain(note[2])
        elif error := re.search(r"^user\.py:(\d+): error: ", line):
            found[int(error[1])] = "error"
        elif not line.startswith("user.py:"):
            pytest.fail(done.stdout)
    assert found == wanted(user), done.stdout + done.stderr


def test_pyright_on_a_package_that_uses_them(tmp_path: Path) -> None:
    if importlib.util.find_spec("pyright") is None:
        locate.missing("pyright is missing: pip install 'pywasi-native[dev]'")
    user = package(tmp_path)
    settings = {"typeCheckingMode": "strict", "include": ["user.py", "pkg"]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = run("-m", "pyright", "--pythonpath", sys.executable, "--outputjson", cwd=tmp_path)
    found: dict[int, str] = {}
    others = []
    for item in json.loads(done.stdout)["generalDiagnostics"]:
        line = item["range"]["start"]["line"] + 1
        if Path(item["file"]).name != user.name:
            others.append(f"{item['file']}:{line}: {item['message']}")
        elif item["severity"] == "error":
            found[line] = "error"
        elif note := re.search(r'^Type of ".*" is "(.*)"$', item["message"], re.DOTALL):
            found.setdefault(line, note[1])
    assert not others, "\n".join(others)
    assert found == wanted(user), done.stdout


def test_names_are_those_that_python_can_write() -> None:
    made = typed.StubText(typed.parse_header(HOSTILE, "hostile.h"))
    assert not {"import", "_hidden"} & set(made.names)
    assert made.lines.count("pointless: Final = 1") == 1
    assert {"str", "Pointer", "LIMIT", "documented", "node"} <= set(made.names)
    assert "# not importable: struct node *import(struct node *first)" in made.lines


def test_a_handle_tells_what_closes_it() -> None:
    forms = typed.parse_header(FORMS.read_text(encoding="utf-8"), "forms.h")
    lines = typed.StubText(forms, ["counter_new"]).lines
    assert lines[lines.index("class counter(Handle):") + 1] == (
        '    """`close`, or the end of a `with` block, calls counter_free."""'
    )
    raw = typed.StubText(forms, []).text("x", ["def f() -> None: ..."], {"Instance", "Func"})
    assert raw.startswith("# x\nfrom pywasi_native import Func, Instance\n")
    assert "\n__wasm__: Instance\n\ndef f() -> None: ...\n" in raw


def test_only_what_is_wanted_and_what_it_needs() -> None:
    forms = typed.parse_header(FORMS.read_text(encoding="utf-8"), "forms.h")
    made = typed.StubText(forms, ["path_length"])
    assert [name for name in made.names if name.islower()] == ["kind", "path_length", "point"]
