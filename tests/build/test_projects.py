"""Building real projects: C, C++, Zig, setjmp, other tools; and what goes wrong in them."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import pytest

import pywasi_native as wasm
from pywasi_native.build import BuildError, build_project, zig_tool
from pywasi_native.cli import main

pytestmark = pytest.mark.usefixtures("zig")

CORE_C = """\
#include <stdlib.h>
#include <string.h>
#include "core.h"
static int helper(int x) { return x * 3; }
int add(int a, int b) { return helper(a) + b; }
char *twice(const char *s) {
    char *p = malloc(2 * strlen(s) + 1);
    return strcat(strcpy(p, s), s);
}
const char *file(void) { return __FILE__; }
"""
CORE_H = """\
#ifdef __cplusplus
extern "C" {
#endif
#include <stddef.h>
#define API __attribute__((visibility("default")))
/** Three times a, and b. */
API int add(int a, int b);
char *twice(const char *s);
const char *file(void);
#if 0
int gone(void);
#endif
#ifdef __cplusplus
}
#endif
"""
CALLS_FAR = CORE_C.replace("return helper(a)", "int far(int); return far(a)")
FILES = {"src/core.c": CORE_C, "src/core.h": CORE_H}
TABLE = 'module = "pkg._core"\nsources = ["src/core.c"]\nheaders = ["src/core.h"]\n'


def outputs(root: Path) -> list[str]:
    return sorted(
        path.name for path in (root / "pkg").iterdir() if path.name not in ("__init__.py", "__pycache__")
    )


def test_a_c_library(project, imported) -> None:
    root = project(TABLE, FILES)
    said: list[str] = []
    built = build_project(root, say=said.append)
    assert outputs(root) == ["_core.py", "_core.pyi", "_core.wasm"]
    assert sorted(built.changed) == ["pkg/_core.py", "pkg/_core.pyi", "pkg/_core.wasm"]
    assert said == ["compiling 1 source", "  src/core.c", "linking pkg/_core.wasm"]
    core = imported(root, "pkg._core")
    assert core.add(5, 2) == 17
    assert core.__wasm__.exports["add"].__module__ == "pkg._core"
    exports = {item.name for item in core.__wasm__.module.exports}
    assert exports == {
        "memory", "_initialize", "__indirect_function_table", "malloc", "free", "add", "twice", "file"
    }  # fmt: skip
    assert core.__wasm__.memory.text(core.__wasm__.exports["file"]()) == "src/core.c"
    table = core.__wasm__.exports["__indirect_function_table"]
    assert table.grow(1, None) > 0  # callbacks need a place


def test_two_builds_are_equal_wherever_they_are(project, tmp_path: Path) -> None:
    root = project(TABLE, FILES)
    first = build_project(root)
    second = shutil.copytree(root, tmp_path / "elsewhere" / "deep")
    for name in first.files:
        (second / name).unlink()
    assert build_project(second).files == first.files
    assert str(tmp_path).encode() not in first.files["pkg/_core.wasm"]


def test_nothing_changes_when_nothing_has_changed(project) -> None:
    root = project(TABLE, FILES)
    build_project(root)
    before = {path: path.stat().st_mtime_ns for path in (root / "pkg").iterdir()}
    assert build_project(root).changed == []
    assert {path: path.stat().st_mtime_ns for path in (root / "pkg").iterdir()} == before


def test_debug_information_on_demand(project) -> None:
    root = project(TABLE, FILES)
    assert b".debug_info" not in build_project(root).files["pkg/_core.wasm"]
    with_names = (root / "pkg/_core.wasm").read_bytes()
    assert b"helper" in with_names or b"add" in with_names
    assert b".debug_info" in build_project(root, debug=True).files["pkg/_core.wasm"]


def test_exclude_and_exports(project, imported) -> None:
    root = project(
        TABLE + 'exclude = ["twice"]\nexports = ["extra"]',
        {**FILES, "src/core.c": CORE_C + "int extra(void) { return 9; }"},
    )
    build_project(root)
    core = imported(root, "pkg._core")
    assert not hasattr(core, "twice")
    assert core.extra() == 9


def test_functions_are_chosen_by_name_and_pattern(project) -> None:
    root = project(TABLE + 'functions = ["t*", "add"]\nexclude = ["?dd"]', FILES)
    exports = {item.name for item in wasm.compile(build_project(root).files["pkg/_core.wasm"]).exports}
    assert exports & {"add", "twice", "file"} == {"twice"}


def test_cxx_without_exceptions(project, imported) -> None:
    source = """
    #include <string>
    #include <vector>
    #include <algorithm>
    #include "core.h"
    struct Counter { int n; Counter() : n(40) {} };
    static Counter counter;   // _initialize runs the constructor
    extern "C" int add(int a, int b) {
        std::vector<int> v{a, b};
        std::sort(v.begin(), v.end());
        return v[1] + counter.n++;
    }
    """
    root = project(
        'module = "pkg._core"\nsources = ["core.cpp"]\nheaders = ["core.h"]\ncflags = ["-std=c++20"]',
        {
            "core.cpp": source,
            "core.h": CORE_H.replace("char *twice(const char *s);\nconst char *file(void);", ""),
        },
    )
    build_project(root)
    assert imported(root, "pkg._core").add(1, 2) == 42


def test_cxx_exceptions_are_explained(project) -> None:
    root = project(
        'module = "pkg._core"\nsources = ["core.cc"]\nexports = ["f"]',
        {"core.cc": 'extern "C" int f(int a) { if (a) throw 1; return 0; }\n'},
    )
    with pytest.raises(BuildError, match=r"core\.cc does not compile") as caught:
        build_project(root)
    assert "cannot use 'throw'" in caught.value.detail
    assert "return error codes" in caught.value.advice


def test_zig_with_c(project, imported) -> None:
    root = project(
        'module = "pkg._core"\nsources = ["core.zig", "half.c"]\nexports = ["add", "half"]',
        {"core.zig": "extern fn half(a: i32) i32;\nexport fn add(a: i32, b: i32) i32 { return a + half(b); }",
         "half.c": "int half(int a) { return a / 2; }\n"},
    )  # fmt: skip
    build_project(root)
    core = imported(root, "pkg._core")
    assert (core.add(1, 10), core.half(9)) == (6, 4)


SETJMP = """
#include <setjmp.h>
static jmp_buf target;
static void deep(int n) { if (n == 0) longjmp(target, 42); deep(n - 1); }
int f(int n) { int r = setjmp(target); if (r) return r; deep(n); return 0; }
"""


def test_setjmp_by_the_recipe(project, imported) -> None:
    root = project('module = "pkg._core"\nsources = ["core.c"]\nexports = ["f"]', {"core.c": SETJMP})
    build_project(root)
    core = imported(root, "pkg._core")
    assert [core.f(n) for n in (0, 5, 100)] == [42] * 3


def test_setjmp_in_a_header_that_nobody_names(project) -> None:
    files = {"core.c": SETJMP.replace("<setjmp.h>", '"jump.h"'), "jump.h": "#include <setjmp.h>\n"}
    table = 'module = "pkg._core"\nsources = ["core.c"]\nexports = ["f"]\n'
    with pytest.raises(BuildError) as caught:
        build_project(project(table, files))
    assert "setjmp = true" in caught.value.advice
    assert build_project(project(table + "setjmp = true", files)).changed


def test_a_command_that_leaves_a_module(project, imported) -> None:
    script = "import shutil; shutil.copy('made/by_hand.wasm', 'out.wasm')"
    data = build_project(project(TABLE, FILES)).files["pkg/_core.wasm"]
    root = project(
        'module = "pkg._core"\ncommand = ["python", "make.py"]\nwasm = "out.wasm"',
        {"make.py": script, "made/by_hand.wasm": data},
    )
    assert build_project(root).files["pkg/_core.wasm"] == data
    assert imported(root, "pkg._core").add(1, 1) == 4


@pytest.mark.parametrize(
    ("command", "script", "message", "detail"),
    [
        ("python", "print('why'); raise SystemExit(3)", "the command ended with code 3", "why"),
        ("python", "pass", "the command has not left out.wasm", ""),
        ("python", "open('out.wasm', 'wb').write(b'text')", "out.wasm: ", ""),
        ("no-such-tool", "", "no-such-tool of [tool.pywasi] command is not installed", ""),
    ],
)
def test_a_command_that_fails(project, command: str, script: str, message: str, detail: str) -> None:
    root = project(
        f'module = "pkg._core"\ncommand = ["{command}", "make.py"]\nwasm = "out.wasm"', {"make.py": script}
    )
    with pytest.raises(BuildError) as caught:
        build_project(root)
    assert message in str(caught.value)
    assert detail in caught.value.detail
    assert outputs(root) == []


@pytest.mark.parametrize(
    ("table", "files", "message", "advice"),
    [
        (TABLE, {"src/core.c": "int add(int a, int b) { return a +; }"}, "src/core.c does not compile", ""),
        (TABLE, {"src/core.c": '#include "gone.h"\n'}, "src/core.c does not compile", "-Ifolder"),
        (TABLE, {"src/core.h": "int add(int a, b c);"}, "src/core.h does not compile by itself", ""),
        (TABLE, {"src/core.h": "#define X 1\n"}, "src/core.h: no function is declared there", ""),
        (TABLE, {"src/core.h": CORE_H + "int say(const char *format, ...);"},
         "src/core.h:16:1: say takes a variable number of arguments", 'exclude = ["say"]'),
        (TABLE, {"src/core.h": CORE_H + "long double exact(void);"},
         "src/core.h:16:1: the result of exact cannot be mapped: long double", 'exclude = ["exact"]'),
        (TABLE, {"src/core.h": CORE_H + "int more(int);\nint most(void);"},
         "no source defines the function more (and 1 more), but a header declares it", 'exclude = ["more"]'),
        (TABLE + 'exports = ["helper"]', {},
         "no source defines the function helper, but exports names it", "static"),
        (TABLE + 'exclude = ["nope*"]', {}, "exclude names nope*, which no header declares", ""),
        (TABLE + 'functions = ["twise"]', {}, "functions names twise, which no", "did you mean twice?"),
        (TABLE, {"src/core.c": CALLS_FAR},
         "pkg/_core.wasm cannot be linked", "is a source missing"),
        ('module = "pkg._core"\nsources = ["src/core.c"]', {}, "exports no function", "exports = ["),
        (TABLE, {"pkg/_core.py": "x = 1\n"},
         "_core.py is there and was not written by `pywasi build`", "another name"),
    ],
)  # fmt: skip
def test_what_goes_wrong(project, table: str, files: dict[str, str], message: str, advice: str) -> None:
    root = project(table, {**FILES, **files})
    before = {path: path.read_bytes() for path in (root / "pkg").iterdir()}
    with pytest.raises(BuildError) as caught:
        build_project(root)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert advice in caught.value.advice
    assert {path: path.read_bytes() for path in (root / "pkg").iterdir()} == before


def test_the_linker_speaks_of_sources(project) -> None:
    root = project(
        TABLE,
        {
            **FILES,
            "src/core.c": CORE_C.replace("return helper(x)", "int far(int); return far(x)").replace(
                "return helper(a)", "int far(int); return far(a)"
            ),
        },
    )
    with pytest.raises(BuildError) as caught:
        build_project(root)
    assert "src/core.c: undefined symbol: far" in caught.value.detail


def test_imports_that_nobody_gives(project, imported) -> None:
    source = (
        '__attribute__((import_module("env"), import_name("ask"))) int ask(int);\n'
        "int f(int a) { return ask(a) + 1; }\n"
    )
    table = 'module = "pkg._core"\nsources = ["core.c"]\nexports = ["f"]\n'
    root = project(table, {"core.c": source})
    with pytest.raises(BuildError, match=r"imports env\.ask, which nobody gives it") as caught:
        build_project(root)
    assert 'imports = { env = "pkg._host" }' in caught.value.advice
    root = project(
        table + 'imports = { env = "pkg._host" }',
        {"core.c": source, "pkg/_host.py": "def ask(a: int) -> int:\n    return a * 10\n"},
    )
    build_project(root)
    assert imported(root, "pkg._core").f(4) == 41


def test_a_stale_shim_says_so(project, imported) -> None:
    root = project(TABLE, FILES)
    build_project(root)
    module = root / "pkg/_core.wasm"
    module.write_bytes(module.read_bytes() + b"\0\2\1x")
    with pytest.raises(ImportError, match=r"was generated for another _core\.wasm: .*pywasi build"):
        imported(root, "pkg._core")
    module.unlink()
    with pytest.raises(ImportError, match=r"_core\.wasm is missing beside pkg\._core"):
        imported(root, "pkg._core")


def test_from_a_zip_and_after_reload(project, imported, tmp_path: Path) -> None:
    root = project(TABLE, FILES)
    build_project(root)
    archive = Path(shutil.make_archive(str(tmp_path / "app"), "zip", root))
    core = imported(archive, "pkg._core")
    assert core.__file__.startswith(str(archive))
    first = core.__wasm__
    assert core.add(1, 2) == 5
    assert importlib.reload(core).__wasm__ is not first


def test_missing_compiler(project, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(TABLE, FILES)
    monkeypatch.setattr(zig_tool.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BuildError, match="ziglang is not installed") as caught:
        build_project(root)
    assert "pip install 'pywasi-native[build]'" in caught.value.advice
    monkeypatch.setenv("PYWASI_ZIG", "/no/zig")
    with pytest.raises(BuildError, match="PYWASI_ZIG=/no/zig is no program"):
        build_project(root)
    assert outputs(root) == []


def test_the_command_line(project, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(TABLE, FILES)
    assert main(["build", "--check", str(root)]) == 1
    assert "pywasi: stale: pkg/_core.wasm" in capsys.readouterr().err
    assert main(["build", str(root)]) == 0
    said = capsys.readouterr()
    assert "compiling 1 source" in said.err
    assert "pkg/_core.wasm: written" in said.out
    assert main(["build", "--check", "-q", str(root)]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")
    (root / "src/core.c").write_text("int add(int a) {", encoding="utf-8")
    assert main(["build", "-q", str(root)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert any("src/core.c:1:" in line for line in lines)
    assert lines[-1] == "pywasi: src/core.c does not compile"


def test_a_full_disk_leaves_no_half_written_file(project, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(TABLE, FILES)
    build_project(root)
    before = {path.name: path.read_bytes() for path in (root / "pkg").iterdir()}
    (root / "src/core.c").write_text(CORE_C.replace("x * 3", "x * 4"), encoding="utf-8")
    (root / "src/core.h").write_text(
        CORE_H.replace("#if 0", "#if 1").replace("int gone(void);", ""), encoding="utf-8"
    )
    from pywasi_native.build import outputs as writing

    real = writing._beside

    def full(target: Path, data: bytes) -> str:
        if target.suffix == ".py":
            raise OSError(28, "No space left on device", str(target))
        return real(target, data)

    monkeypatch.setattr(writing, "_beside", full)
    with pytest.raises(BuildError, match="No space left on device"):
        build_project(root)
    assert {path.name: path.read_bytes() for path in (root / "pkg").iterdir()} == before


def test_the_runtime_never_imports_the_build_part(project) -> None:
    import subprocess

    root = project(TABLE, FILES)
    build_project(root)
    code = "import sys, pkg._core; print([n for n in sys.modules if n.startswith('pywasi_native.build')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
