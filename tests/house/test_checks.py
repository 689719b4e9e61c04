"""The house checks on made-up trees: each has to find what it is there to find, and nothing else."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

import check_facts
import check_includes
import check_python
import check_sizes
from tree import Tree, strip_c


@pytest.fixture
def plant(tmp_path: Path):
    """Makes a tree out of {path: text}."""

    def make(files: dict[str, str]) -> Tree:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return Tree(tmp_path)

    return make


# ---- the tree ----------------------------------------------------------------------------------------------


def test_tree_leaves_out_build_output(plant) -> None:
    assert plant({"a.c": "", "build/b.c": "", "src/__pycache__/c.pyc": ""}).files == ("a.c",)


def test_strip_c_blanks_comments_strings_and_directives() -> None:
    source = "a; // b {\n/* c\n{ */ d(\"}{\", '{');\n#define X { \\\n   {\ne"
    stripped = strip_c(source)
    assert not {"{", "}"} & set(stripped)
    assert stripped.count("\n") == source.count("\n")
    assert stripped.split("\n")[-1] == "e"


# ---- includes ----------------------------------------------------------------------------------------------

CORE = {
    "csrc/include/pywasi.h": '#include "base/traps.def"\n',
    "csrc/base/traps.def": "",
    "csrc/base/alloc.h": "#include <stddef.h>\n",
    "csrc/wasm/module.h": '#include "base/alloc.h"\n',
    "csrc/runtime/store.h": '#include "wasm/module.h"\n',
    "csrc/engine/interp.c": '#include "runtime/store.h"\n#include "op_cases.h"\n',
    "csrc/api/api.c": '#include "pywasi.h"\n#include "runtime/store.h"\n',
    "csrc/wasi/os/os.h": "",
    "csrc/wasi/core/fd_table.h": '#include "wasi/os/os.h"\n',
    "csrc/wasi/p1/fd.c": '#include "pywasi.h"\n#include "core/fd_table.h"\n#include "base/alloc.h"\n',
}


def test_the_arrows_as_they_should_be(plant) -> None:
    assert check_includes.check_directions(plant(CORE), {"op_cases.h"}) == []


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("csrc/base/alloc.c", '#include "wasm/module.h"', "base may not see wasm"),
        ("csrc/wasm/decoder.c", '#include "runtime/store.h"', "wasm may not see runtime"),
        ("csrc/runtime/x.c", '#  include "../engine/code.h"', "no file of the tree"),
        ("csrc/runtime/x.c", '#include "op_cases.h"', "runtime may not see the generated"),
        ("csrc/engine/x.c", '#include "api/api.c"', "engine may not see api"),
        ("csrc/api/x.c", '#include "wasi/os/os.h"', "api may not see wasi/os"),
        ("csrc/wasi/p1/x.c", '#include "runtime/store.h"', "wasi/p1 may not see runtime"),
        ("csrc/wasi/os/x.c", '#include "core/fd_table.h"', "wasi/os may not see wasi/core"),
        ("csrc/engine/x.c", '#include "absent.h"', "no file of the tree"),
        ("csrc/base/x.c", "#include <Python.h>", "Python has no business"),
        ("csrc/base/x.c", '#include "Python.h"', "Python has no business"),
        ("csrc/extra/x.c", "", "no row"),
    ],
)
def test_an_arrow_that_runs_back_is_found(plant, file: str, line: str, complaint: str) -> None:
    problems = check_includes.check_directions(plant({**CORE, file: f"/* x */\n{line}\n"}), {"op_cases.h"})
    assert len(problems) == 1
    assert complaint in problems[0]
    assert problems[0].startswith(file)


def test_platform_names_are_found_outside_platform_files(plant) -> None:
    bad = "#ifdef _WIN32\n#endif\n"
    tree = plant({"csrc/wasi/os/win32.c": bad, "csrc/runtime/stack_posix.c": bad, "csrc/runtime/a.c": bad})
    assert [p.split(":")[0] for p in check_includes.check_platform_names(tree, {})] == ["csrc/runtime/a.c"]
    allowed = {"csrc/runtime/a.c": "why", "csrc/gone.c": "why"}
    assert [p.split(":")[0] for p in check_includes.check_platform_names(tree, allowed)] == ["csrc/gone.c"]


def test_direct_allocation_is_found(plant) -> None:
    tree = plant(
        {
            "csrc/base/alloc.c": "void *f(void) { return malloc(1); }\n",
            "csrc/wasm/a.c": "/* malloc( */ void f(char *p) { pw_free(p); x->free(p); }\n",
            "csrc/wasm/b.c": "void f(char *p) { free (p); }\n",
        }
    )
    assert [p.split(":")[0] for p in check_includes.check_allocation(tree)] == ["csrc/wasm/b.c"]


# ---- sizes -------------------------------------------------------------------------------------------------


def test_long_files_are_found(plant) -> None:
    tree = plant(
        {
            "a.c": "\n" * 800, "b.c": "\n" * 801, "c.c": "\n" * 801, "d.py": "\n" * 1501, "e.h": "\n" * 301,
            "csrc/include/pywasi.h": "\n" * 700, "f.pyx": "\n" * 701, "g.pxi": "\n" * 701,
        }
    )  # fmt: skip
    problems = check_sizes.check_files(tree, {"c.c": "a reason", "d.py": "none is enough", "gone.c": "x"})
    assert sorted(p.split(":")[0] for p in problems) == ["b.c", "d.py", "e.h", "f.pyx", "g.pxi", "gone.c"]


def test_a_big_median_is_found(plant) -> None:
    tree = plant({"x/a.c": "\n" * 251, "x/b.c": "\n" * 251, "x/c.c": "", "y/d.c": "\n" * 250})
    assert len(check_sizes.check_median(tree, "x/", ".c")) == 1
    assert check_sizes.check_median(tree, "y/", ".c") == []


def body(lines: int) -> str:
    return "    x = 1;\n" * lines


def test_long_c_functions_are_found(plant) -> None:
    source = (
        f"static pw_result short_one(int a,\n    int b)\n{{\n{body(58)}}}\n"
        f"struct long_type {{\n{body(70)}}};\n"
        f"static const int table[] = {{\n{body(70)}}};\n"
        f"__attribute__((cold)) int long_one(void (*f)(int)) {{\n    if (f) {{\n{body(60)}    }}\n}}\n"
        f'OP(0x6d, "i32.div_s", i32_div_s, IN(i32 a, i32 b) OUT(i32 r))\n{{\n{body(60)}}}\n'
        "#define M(x) {\nint after(void)\n{\n    return 0;\n}\n"
    )
    found = {name: length for name, _, length in check_sizes.functions("a.c", source)}
    assert found == {"short_one": 60, "long_one": 64, "i32_div_s": 62, "after": 3}
    problems = check_sizes.check_functions(plant({"a.c": source}), {"a.c:long_one": "why"})
    assert len(problems) == 1
    assert "i32_div_s" in problems[0]


def test_long_python_functions_are_found_and_docstrings_are_free(plant) -> None:
    short = 'def short_one():\n    """' + "doc\n" * 70 + '    """\n' + "    x = 1\n" * 59
    long = "class A:\n    async def long_one(self):\n" + "        x = 1\n" * 60
    problems = check_sizes.check_functions(plant({"a.py": short + long}), {})
    assert [p.split()[1] for p in problems] == ["long_one"]


def test_long_cython_functions_are_found(plant) -> None:
    source = (
        "cdef class A(B):\n    cdef int x\n    cdef object f(self,\n            int y\n    ) noexcept:\n"
        + "        x = 1\n" * 58
        + "    def g(self):\n        return 1\n\ncdef int *h(int a):\n"
        + "    x = 1\n" * 10
    )
    found = {name: length for name, _, length in check_sizes.functions("a.pyx", source)}
    assert found == {"f": 61, "g": 2, "h": 11}


def test_an_exception_that_is_not_needed_any_more_is_found(plant) -> None:
    assert len(check_sizes.check_functions(plant({"a.c": ""}), {"a.c:gone": "why"})) == 1


# ---- python ------------------------------------------------------------------------------------------------

PACKAGE = {
    "src/pywasi_native/__init__.py": "from ._native import add\nfrom .errors import Trap\n",
    "src/pywasi_native/errors.py": "import enum\n",
    "src/pywasi_native/importer.py": "from . import Trap\nimport importlib.util\n",
    "src/pywasi_native/cli.py": "import pywasi_native as wasm\n",
    "src/pywasi_native/__main__.py": "from .cli import main\n",
    "src/pywasi_native/_native.pyx": "from pywasi_native._native cimport x\ncimport cython\nimport sys\n",
}


def test_the_imports_as_they_should_be(plant) -> None:
    tree = plant(PACKAGE)
    assert check_python.check_directions(tree) == []
    assert check_python.check_dependencies(tree, frozenset({"enum", "importlib", "sys"})) == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("cli.py", "from ._native import add"),
        ("cli.py", "from . import _native"),
        ("importer.py", "import pywasi_native._native"),
        ("errors.py", "from pywasi_native import cli"),
        ("_native.pyx", "from .errors import Trap"),
        ("native_x.pxi", "from .errors import Trap"),
        ("_native.pyx", "    from pywasi_native import errors"),
        ("_native.pyx", "import pywasi_native.errors"),
    ],
)
def test_an_import_that_runs_back_is_found(plant, file: str, line: str) -> None:
    name = f"src/pywasi_native/{file}"
    before = "def f():" if line.startswith(" ") else "x = 1"
    problems = check_python.check_directions(plant({**PACKAGE, name: f"{before}\n{line}\n"}))
    assert problems
    assert all(p.startswith(f"{name}:2") for p in problems)


def test_a_foreign_import_is_found(plant) -> None:
    generator = {"csrc/gen/generate.py": "import emit_tables\nimport numpy\n", "csrc/gen/emit_tables.py": ""}
    tree = plant({**PACKAGE, **generator})
    problems = check_python.check_dependencies(tree, frozenset({"enum", "importlib", "sys"}))
    assert [p.split(" ")[1] for p in problems] == ["numpy"]


def test_an_adapter_may_import_its_back_end_and_no_other(plant) -> None:
    adapter = "src/pywasi_native/build/hatch_hook.py"
    tree = plant({**PACKAGE, adapter: "import hatchling.plugin\nimport setuptools\n"})
    problems = check_python.check_dependencies(tree, frozenset({"enum", "importlib", "sys"}))
    assert [p.split(" ")[1] for p in problems] == ["setuptools"]


GOOD_SETUP = "[mypy]\nstrict = true\n"
GOOD_PROJECT = """\
[project]
dependencies = []
classifiers = ["Programming Language :: Python :: 3 :: Only", "Programming Language :: Python :: 3.11"]
[tool.cibuildwheel]
build = ["cp311-*"]
"""


def test_the_configuration_as_it_should_be(plant) -> None:
    assert (
        check_python.check_configuration(plant({"pyproject.toml": GOOD_PROJECT, "setup.cfg": GOOD_SETUP}))
        == []
    )


@pytest.mark.parametrize(
    ("project", "setup", "complaint"),
    [
        (GOOD_PROJECT + "[tool.mypy]\nstrict = false\n", GOOD_SETUP, "tool.mypy"),
        (GOOD_PROJECT, "[flake8]\n", "section is missing"),
        (GOOD_PROJECT, "[mypy]\nstrict = false\n", "not strict"),
        (GOOD_PROJECT.replace("= []", '= ["numpy"]'), GOOD_SETUP, "no runtime dependencies"),
        (GOOD_PROJECT.replace("cp311", "cp312"), GOOD_SETUP, "classifiers"),
    ],
)
def test_a_wrong_configuration_is_found(plant, project: str, setup: str, complaint: str) -> None:
    problems = check_python.check_configuration(plant({"pyproject.toml": project, "setup.cfg": setup}))
    assert len(problems) == 1
    assert complaint in problems[0]


# ---- facts -------------------------------------------------------------------------------------------------


def test_a_name_that_stands_twice_is_found(plant) -> None:
    tree = plant({"a/memory.c": "", "b/memory.c": "", "b/memory.h": "", "a/README.md": "", "b/README.md": ""})
    problems = check_facts.check_unique_names(tree)
    assert len(problems) == 1
    assert "a/memory.c, b/memory.c" in problems[0]


def test_a_committed_program_is_found(plant) -> None:
    tree = plant({"a.py": "", "program": "\x7fELF\0\0", "b.wasm": "\0asm"})
    assert [line.split(":")[0] for line in check_facts.check_binaries(tree)] == ["program"]


def test_a_committed_generated_file_is_found(plant) -> None:
    banner = "/* Generated by csrc/gen/generate.py */"
    tree = plant({"csrc/wasm/op_table.h": "", "csrc/a.h": banner, "csrc/b.h": "/* x */"})
    assert [p.split(":")[0] for p in check_facts.check_not_committed(tree, {"op_table.h"})] == [
        "csrc/a.h",
        "csrc/wasm/op_table.h",
    ]


FEATURES = 'PW_FEATURE(SIMD, "simd", 0, "2.0")\nPW_FEATURE(GC,  "gc",  2, "3.0")\n'
TABLE = """\
<!-- features -->
| feature | works | of |
|---|---|---|
| simd | not yet | 2.0 |
| gc | yes | 3.0 |
<!-- /features -->
"""


def test_the_feature_table_as_it_should_be(plant) -> None:
    assert (
        check_facts.check_feature_table(plant({"README.md": TABLE, "csrc/base/features.def": FEATURES})) == []
    )


@pytest.mark.parametrize(
    ("readme", "rows", "complaint"),
    [
        (TABLE.replace("not yet", "yes"), FEATURES, "simd is ('yes', '2.0')"),
        (TABLE.replace("| gc | yes | 3.0 |\n", ""), FEATURES, "gc is missing"),
        (TABLE, FEATURES.replace('PW_FEATURE(SIMD, "simd", 0, "2.0")\n', ""), "simd has no row"),
        ("no table", FEATURES, "no feature table"),
        (TABLE, "", "no PW_FEATURE row"),
    ],
)
def test_a_feature_table_that_disagrees_is_found(plant, readme: str, rows: str, complaint: str) -> None:
    problems = check_facts.check_feature_table(plant({"README.md": readme, "csrc/base/features.def": rows}))
    assert len(problems) == 1
    assert complaint in problems[0]


def test_trap_kinds_that_disagree_are_found(plant) -> None:
    rows = 'PW_TRAP(UNREACHABLE, "unreachable")\nPW_TRAP(HOST,  "host function trapped")\n'
    enum = 'class TrapKind(Enum):\n    "x"\n\n    UNREACHABLE = "unreachable"\n    HOST = "%s"\nclass X:\n'

    def check(text: str) -> list[str]:
        return check_facts.check_traps(
            plant({"csrc/base/traps.def": rows, "src/pywasi_native/trap_kinds.py": text})
        )

    assert check(enum % "host function trapped") == []
    assert len(check(enum % "other")) == 1
    assert len(check(enum.replace("    HOST", "class Y:\n    HOST"))) == 1
    assert len(check("")) == 1


def test_a_dead_link_is_found(plant) -> None:
    tree = plant({"docs/a.md": "[x](../b.md) [y](gone.md) [z](https://example.org/x) [w](#here)", "b.md": ""})
    problems = check_facts.check_links(tree)
    assert len(problems) == 1
    assert "gone.md" in problems[0]
