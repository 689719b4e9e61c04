"""C headers: what is read out of them, and what is said about those that cannot be read."""

# ruff: noqa: E501 - lines of C, and messages with their places

from __future__ import annotations

import importlib.util
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import locate
from pywasi_native.typed.diagnostics import HeaderError
from pywasi_native.typed.headers import parse_header
from pywasi_native.typed.signatures import parse_signature


def texts(source: str) -> list[str]:
    return [function.text for function in parse_header(source, "x.h").functions.values()]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("int f(void);", "int f(void)"),
        ("extern int f();", "int f(void)"),
        ("double sum(const double *x, size_t n);", "double sum(const double *x, size_t n)"),
        ("unsigned long long int f(long unsigned int a, signed b);", "unsigned long long f(unsigned long a, int b)"),
        ("signed char f(unsigned char, char);", "signed char f(unsigned char, char)"),
        ("int const * f(char const * const * argv);", "const int *f(const char *const *argv)"),
        ("void f(int m[3][4], float out[static 16]);", "void f(int (*m)[4], float *out)"),
        ("int (*get(int which))(double);", "int (*get(int which))(double)"),
        ("void each(void (*visit)(void *user, int), void *user);",
         "void each(void (*visit)(void *user, int), void *user)"),
        ("void each(void visit(int));", "void each(void (*visit)(int))"),
        ("typedef int cmp(const void *, const void *); void sort(cmp *c);",
         "void sort(int (*c)(const void *, const void *))"),
        ("struct a; struct a *make(struct a b);", "struct a *make(struct a b)"),
        ("typedef struct { int x; } p; p f(p *q);", "p f(p *q)"),
        ("#define API __attribute__((used))\nAPI int f(int x) API;", "int f(int x)"),
        ("OTHER_API int OTHER_CALL f(int x);", "int f(int x)"),
        ("#define OF(a) a\nint f OF((int x, char y));", "int f(int x, char y)"),
        ("int f(int x) __attribute__((format(printf, 1, 2), pure));", "int f(int x)"),
        ("_Noreturn void f(register int x, int *restrict p);", "void f(int x, int *p)"),
        ("#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif", "int f(void)"),
        ("extern \"C\" { int f(void); }", "int f(void)"),
        ("bool f(int8_t a, uint64_t b, ssize_t c, FILE *d);",
         "_Bool f(int8_t a, uint64_t b, ssize_t c, struct FILE *d)"),
        ("enum e { A, B }; enum e f(enum e x);", "enum e f(enum e x)"),
        ("int f(int), x, *p;", "int f(int)"),
        ("int F(int x) __attribute__((pure));", "int F(int x)"),
        ("int F(int x) PURE;", "int F(int x)"),
        ("typedef struct entry { int x; } ENTRY; ENTRY f(ENTRY *e);", "ENTRY f(ENTRY *e)"),
    ],
)  # fmt: skip
def test_functions_are_read_as_c_means_them(source: str, text: str) -> None:
    assert texts(source) == [text]


def test_what_is_not_callable_from_outside_is_left_out() -> None:
    source = """
        static inline int square(int a) { int b[] = {1, 2}; return a * a; }
        static int hidden(void);
        extern const char version[], *names[4];
        int table[] = { 1, 2, 3 }, n = 4;
        _Static_assert(sizeof(int) == 4, "x");
        int shown(void) { if (1) { return '}'; } return 0; }
        int last(void);
    """
    assert texts(source) == ["int last(void)"]


def test_the_written_text_means_the_same_when_it_is_read_again() -> None:
    source = "int (*f(const char *const *a, void (*(*b)(int))(char), int (*c)[3][4], const double *const d))(long);"
    (text,) = texts(source)
    assert texts(text + ";") == [text]


def test_sizes_are_those_of_wasm32() -> None:
    header = parse_header(
        """
        struct mixed { char a; double b; short c; void *d; long e; int f[3]; };
        struct __attribute__((packed)) tight { char a; double b; };
        union either { char a; long long b; struct { short x, y; }; };
        typedef struct { struct mixed m; union either e; } outer;
        struct empty { };
        struct tail { int n; char data[]; };
        """
    )

    def layout(name: str) -> tuple[int, int, list[tuple[str, int]]]:
        struct = header.structs[name]
        return struct.size, struct.align, [(field.name, field.offset) for field in struct.fields or ()]

    assert layout("mixed") == (40, 8, [("a", 0), ("b", 8), ("c", 16), ("d", 20), ("e", 24), ("f", 28)])
    assert layout("tight") == (9, 1, [("a", 0), ("b", 1)])
    assert layout("either") == (8, 8, [("a", 0), ("b", 0), ("x", 0), ("y", 2)])
    assert layout("outer") == (48, 8, [("m", 0), ("e", 40)])
    assert layout("empty") == (0, 1, [])
    assert layout("tail") == (4, 4, [("n", 0), ("data", 4)])


def test_constants_come_from_enumerations_and_macros() -> None:
    header = parse_header(
        """
        #define COUNT 3
        #define MASK (1u << 4 | 0x0F)
        #define NAME "lib"
        #define RATE 1.5e3f
        #define NEGATIVE (-2)
        #define CALL(x) ((x) + 1)
        #define NOTHING
        #define LATER CALL(COUNT)
        enum { A = COUNT * 2, B, C = sizeof(struct { int x; double y; }), D = 'a', E = -1, F = A > B ? 1 : 2 };
        typedef enum level { LOW = 1, HIGH = LOW << 3 } level_t;
        """
    )
    assert header.constants == {
        "COUNT": 3, "MASK": 31, "NAME": "lib", "RATE": 1500.0, "NEGATIVE": -2, "LATER": 4,
        "A": 6, "B": 7, "C": 16, "D": 97, "E": -1, "F": 2, "LOW": 1, "HIGH": 8,
    }  # fmt: skip
    assert [(enum.name, len(enum.members)) for enum in header.enums] == [("", 6), ("level_t", 2)]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("#if 1", True),
        ("#if 0", False),
        ("#if defined(X) && X >= 2", True),
        ("#if defined X && !defined(Y)", True),
        ("#if UNKNOWN", False),
        ("#if __has_include(<stdio.h>) || UNKNOWN(3)", False),
        ("#if (X + 1) % 2 == 1 ? 1 : 0", True),
        ("#ifndef X", False),
        ("#if 0\n#elif X == 2", True),
        ("#if 1\n#elif 1", False),
        ("#if 0\n#if 1\n#else\n#endif\n#else", True),
    ],
)
def test_conditions_are_followed(condition: str, kept: bool) -> None:
    assert texts(f"#define X 2\n{condition}\nint f(void);\n#endif\n") == (["int f(void)"] if kept else [])


def test_comments_before_a_function_are_its_documentation() -> None:
    header = parse_header(
        """
        /* A licence of the file. */

        /**
         * Adds up.
         *
         *   indented
         * @param[out] total of all
         */
        int sum(const int *x, size_t n, int *total);
        // first line
        // second line
        int two(void); // about two
        int three(void);
        /// four
        API
        int four(void);
        """
    )
    docs = {name: function.doc for name, function in header.functions.items()}
    assert docs == {
        "sum": "Adds up.\n\n  indented\n@param[out] total of all", "two": "first line\nsecond line", "three": "",
        "four": "four",
    }  # fmt: skip
    assert [param.flow for param in header.functions["sum"].params] == ["", "", "out"]


def test_preprocessed_text_keeps_places_and_files() -> None:
    source = '# 1 "a.c"\n# 1 "lib.h" 1 3\ntypedef int num;\n\nnum f(num);\n# 2 "a.c" 2\nnum g(void);\n'
    header = parse_header(source, "a.c", files={"a.c"})
    assert list(header.functions) == ["g"]
    assert str(header.functions["g"].place) == "a.c:2:1"
    assert str(parse_header(source).functions["f"].place) == "lib.h:3:1"


def test_included_files_are_read_once_where_they_are_given() -> None:
    files = {"types.h": "typedef unsigned u;\n", "self.h": '#include "self.h"\nint again(void);\n'}
    header = parse_header(
        '#include "types.h"\n#include <none.h>\n#include "types.h"\n#include "self.h"\nu f(u);',
        include=files.get,
    )
    assert list(header.functions) == ["again", "f"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("int f(foo x);", "x.h:1:7: the type 'foo' is not declared; declare it before its first use"),
        ("#include <foo.h>\nint f(foo x);",
         "x.h:2:7: the type 'foo' is not declared; it may come from foo.h: preprocess the header first (zig cc -E)"),
        ("int f(uint23_t x);", "x.h:1:7: the type 'uint23_t' is not declared; did you mean 'uint32_t'?"),
        ("int f(int x)\nint g(void);", "x.h:2:1: a ; is missing before 'int'"),
        ("int f(int x", "x.h:1:12: a , or ) is missing before the end of the header"),
        ("int f(int x;", "x.h:1:12: a , or ) is missing before ';'"),
        ("short double f(void);", "x.h:1:1: 'short double' is no type of C"),
        ("struct s { int x; int };", "x.h:1:23: the name of a member was expected, not '}'"),
        ("struct s { int x;", "x.h:1:18: a type was expected, not the end of the header"),
        ("struct s { struct t y; };", "x.h:1:21: the member y has the incomplete type struct t"),
        ("struct s { int x; }; struct s { int y; };", "x.h:1:22: struct s is defined twice"),
        ("enum e { A = B };", "x.h:1:14: a constant was expected, not 'B'; constants of other headers are known "
         "after preprocessing (zig cc -E)"),
        ("int f(int a[1/0]);", "x.h:1:14: this divides by zero"),
        ("/* never\nends", "x.h:1:1: this comment has no end; add */"),
        ("int f(void); \x01", "x.h:1:14: '\\x01' is no part of C; is it a C header?"),
        ('#define X "abc', 'x.h:1:11: this string has no end on its line; add "'),
        ("#if 1\nint f(void);", "x.h:1:1: this condition has no end; add #endif"),
        ("#endif", "x.h:1:1: this #endif has no #if"),
        ("#error no good", "x.h:1:1: #error no good"),
        ("#define G(x) x##1\nint G(a);", "x.h:2:5: the macro G uses ##; preprocess the header first: zig cc -E"),
        ("#define G(x, y) x\nint G(a)(void);", "x.h:2:5: the macro G takes 2 arguments, not 1"),
        ("class A { };", "x.h:1:1: the type 'class' is not declared; declare it before its first use"),
        ("int f(void, int);", "x.h:1:17: a parameter cannot be void"),
    ],
)  # fmt: skip
def test_errors_are_one_line_with_the_place(source: str, message: str) -> None:
    with pytest.raises(HeaderError) as caught:
        parse_header(source, "x.h")
    assert str(caught.value) == message
    assert pickle.loads(pickle.dumps(caught.value)).place == caught.value.place


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("int f(const char *text, ...);", "takes a variable number of arguments"),
        ("int f(va_list list);", "the parameter list of f cannot be mapped: a va_list can only be made in C"),
        ("long double f(void);", "the result of f cannot be mapped: long double has 16 bytes"),
        ("struct s { int a : 3; }; int f(struct s x);", "it has bit-fields"),
        ("struct s { long double a; }; int f(struct s x);", "its member a cannot be mapped: long double"),
        ("void f(unsigned __int128 x);", "no type of C"),
        ("void f(__int128 x);", "integers of 128 bits"),
        ("double _Complex f(void);", "complex numbers"),
    ],
)
def test_what_cannot_be_mapped_is_refused_alone(source: str, reason: str) -> None:
    try:
        header = parse_header(f"{source}\nint fine(void);", "x.h")
    except HeaderError as problem:
        assert reason in str(problem)  # noqa: PT017
        return
    assert list(header.refused) == ["f"]
    assert reason in header.refused["f"]
    assert "\n" not in header.refused["f"]


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "int f(" * 10_000,
        "struct {" * 10_000,
        "int " + "*" * 100_000 + "f(void);",
        "enum { A = " + "(" * 10_000 + "1",
        "enum { A = " + "-" * 100_000 + "1 };",
        "enum { A = " + "1?" * 10_000,
        "#define A B B\n#define B C C\n#define C D D\n#define D A A\nA",
        "".join(f"#define A{i} A{i + 1} A{i + 1}\n" for i in range(60)) + "A0",
        "#define F(x) F(x) F(x)\nF(F(F(F(F(F(1))))))",
        "/*" * 100_000,
        "#if " + "(" * 10_000,
        "\\\n" * 100_000,
        '"' + "\\" * 100_001,
        "1" * 1_000_000 + ";",
        "enum { A = 1" + "0" * 100_000 + "};",
    ],
)
def test_hostile_headers_end_soon(source: str) -> None:
    start = time.process_time()
    try:
        parse_header(source, "x.h")
    except HeaderError as problem:
        assert "\n" not in str(problem)  # noqa: PT017
        assert len(str(problem)) < 400  # noqa: PT017
    assert time.process_time() - start < 10


@given(st.lists(st.sampled_from(
    "int f x ( ) * , ; struct { } enum = 1 [ ] const typedef : ... # \n define if endif unsigned \" ' /* */ // F".split(" ")
), max_size=40))  # fmt: skip
def test_any_text_is_read_or_refused(words: list[str]) -> None:
    try:
        parse_header(" ".join(words), "x.h")
    except HeaderError as problem:
        assert str(problem).startswith("x.h:")  # noqa: PT017


@pytest.mark.parametrize(
    ("signature", "text"),
    [
        ("f64(const f64*, size)", "f64 g(const f64 *, size)"),
        ("void()", "void g(void)"),
        ("str(bytes data, size, out i32 *n)", "const char *g(const uint8_t *data, size, i32 *n)"),
        ("i32 (i32 (*)(i32), ptr)", "i32 g(i32 (*)(i32), void *)"),
        ("int g(unsigned x);", "int g(unsigned int x)"),
    ],
)
def test_short_signatures(signature: str, text: str) -> None:
    assert parse_signature("g", signature).text == text


def test_flows_of_short_signatures() -> None:
    function = parse_signature("g", "void(out i32*, inout f64 *x, const u8*)")
    assert [param.flow for param in function.params] == ["out", "inout", ""]


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        (
            "",
            "<signature of g>:1:1: a signature was expected, not nothing; for example 'f64(const f64*, size)'",
        ),
        ("f64", "<signature of g>:1:4: a ( is missing before the end of the header"),
        ("f64(foo)", "<signature of g>:1:5: the type 'foo' is not declared"),
        ("f64() x", "<signature of g>:1:7: the signature ends before 'x'"),
    ],
)
def test_wrong_signatures(signature: str, message: str) -> None:
    with pytest.raises(HeaderError) as caught:
        parse_signature("g", signature)
    assert str(caught.value).startswith(message)


def test_a_signature_is_a_string() -> None:
    with pytest.raises(TypeError, match="a signature is a str such as"):
        parse_signature("g", b"f64()")  # type: ignore[arg-type]


def test_the_headers_of_the_c_library_are_read(tmp_path: Path) -> None:
    if importlib.util.find_spec("ziglang") is None:
        locate.missing("ziglang is missing: pip install 'pywasi-native[test]'")
    names = "stdlib string stdio math time unistd fcntl wchar dirent poll search".split()
    (tmp_path / "all.c").write_text("".join(f"#include <{name}.h>\n" for name in names))
    done = subprocess.run(
        [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-E", "-C", "all.c"],
        check=True, capture_output=True, text=True, timeout=300, cwd=tmp_path, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    header = parse_header(done.stdout, "all.c")
    assert header.functions["memcpy"].text == "void *memcpy(void *__dst, const void *__src, size_t __n)"
    assert "int (*)(const void *, const void *)" in header.functions["qsort"].text
    assert len(header.functions) > 400
    reasons = {problem.split(": ", 1)[1].split("; ")[0].split(" ")[-1] for problem in header.refused.values()}
    assert "mapped" in reasons
