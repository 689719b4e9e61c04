"""C programs with libc, as wasm under our engine and as native processes: nothing may differ."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from benchmarks import toolchain

from real_programs import OPTIMISATIONS, PROGRAMS, Compare
from running import run_wasm

TEXT = (Path(__file__).parent / "programs" / "calls.c").read_bytes()
EVERY_BUILD = pytest.mark.parametrize("opt", sorted(OPTIMISATIONS))


@EVERY_BUILD
@pytest.mark.parametrize("args", [["-n", "12", "a.txt", "b.txt"], ["-i", "-n", "5", "a.txt"], []])
def test_word_count(compare: Compare, opt: str, args: list[str]) -> None:
    files = {"a.txt": TEXT, "b.txt": "na\u00efve caf\u00e9 na\u00efve \u65e5\u672c\n".encode() * 3}
    done = compare("wordcount", args, stdin=b"to be or not to be " * 500, files=files, opt=opt)
    assert b" words, " in done.stdout
    assert done.code == 0


def test_word_count_of_a_missing_file(compare: Compare) -> None:
    done = compare("wordcount", ["-n", "1", "missing.txt", "there.txt"], files={"there.txt": b"x y x"})
    assert done.code == 1
    assert b"missing.txt: no such file" in done.stderr


def test_word_count_with_many_different_words(compare: Compare) -> None:
    rng = random.Random(7)
    words = " ".join(f"w{rng.randrange(20000)}" for _ in range(60000))
    done = compare("wordcount", ["-n", "50"], stdin=words.encode())
    assert done.stdout.startswith(b"60000 words")


DOCUMENT = {
    "name": "caf\u00e9 \U0001d11e",
    "empty": [{}, []],
    "numbers": [0, -1, 1.5, 1e300, 5e-324, 0.1, 123456789012],
    "nested": {"z": [True, False, None], "a": {"deep": [[[["x"]]]]}},
    "escapes": 'tab\t quote" back\\ nul\u0000 del\x7f',
}


@EVERY_BUILD
@pytest.mark.parametrize("args", [[], ["-m"], ["-s"], ["-m", "-s"]])
def test_json(compare: Compare, opt: str, args: list[str]) -> None:
    done = compare("jsonfmt", args, stdin=json.dumps(DOCUMENT, ensure_ascii=len(args) == 1).encode(), opt=opt)
    assert json.loads(done.stdout) == DOCUMENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2",
        '{"a" 1}',
        '{"a": 1,}',
        "[1]]",
        "nul",
        '"no end',
        '"\\u12g4"',
        '"\\ud800"',
        "01",
        "-",
        "[" * 300,
        '"a\nb"',
        "{1: 2}",
        "[1,,2]",
        "\n\n  !",
    ],
)
def test_json_that_is_none(compare: Compare, text: str) -> None:
    done = compare("jsonfmt", stdin=text.encode())
    assert done.code == 2
    assert done.stderr.startswith(b"jsonfmt: ")


def test_json_of_a_megabyte(compare: Compare) -> None:
    rng = random.Random(3)
    rows = [{"id": i, "x": rng.random(), "tags": [rng.choice("abc") * 5]} for i in range(12000)]
    done = compare("jsonfmt", ["-m"], stdin=json.dumps(rows).encode())
    assert json.loads(done.stdout) == rows


@EVERY_BUILD
def test_numbers_as_text(compare: Compare, opt: str) -> None:
    assert compare("numfmt", opt=opt).code == 0


@EVERY_BUILD
def test_text_as_numbers(compare: Compare, opt: str) -> None:
    texts = [
        "0",
        "-0",
        "1e400",
        "1e-400",
        "-1e309",
        "0x1.8p3",
        "2.2250738585072011e-308",
        "9007199254740993",
        "123abc",
        "  77",
        "1.7976931348623159e308",
        "99999999999999999999",
        "-9223372036854775809",
        "infinity",
        ".5",
        "5.",
        "1e",
        "0b11",
        "zz",
        "0.1000000000000000055511151231257827021181583404541015625",
        "179769313486231580793e289",
    ]
    compare("numfmt", texts, opt=opt)


@EVERY_BUILD
def test_every_operation_on_awkward_operands(compare: Compare, opt: str) -> None:
    done = compare("numops", opt=opt)
    assert done.stdout.count(b"\n") > 140


@EVERY_BUILD
def test_calls(compare: Compare, opt: str) -> None:
    compare("calls", opt=opt)


def test_calls_with_a_deep_stack(compare: Compare) -> None:
    compare("calls", ["3000"], opt="O0")


@EVERY_BUILD
def test_strings(compare: Compare, opt: str) -> None:
    compare("strops", opt=opt)


@pytest.mark.parametrize("args", [["2000", "1"], ["6000", "987654321"], ["0", "0"]])
def test_allocation(compare: Compare, args: list[str]) -> None:
    assert b"absurd request refused" in compare("allocstress", args).stdout


@EVERY_BUILD
def test_calendar(compare: Compare, opt: str) -> None:
    compare("clocks", opt=opt)


LINES = b"""10 pears red
9 Apples green
100 bananas yellow
9 Apples green
-3 cherries red
2.5 dates brown

7 Elderberries
007 elderberries black"""


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["-r"],
        ["-n"],
        ["-n", "-r", "-u"],
        ["-f", "-k", "2"],
        ["-k", "3", "-u"],
        ["-o", "out.txt"],
        ["a.txt", "b.txt"],
    ],
)
def test_sorting(compare: Compare, args: list[str]) -> None:
    files = {"a.txt": LINES, "b.txt": TEXT}
    compare("sortlines", args, stdin=LINES, files=files)


@EVERY_BUILD
def test_sorting_many_lines(compare: Compare, opt: str) -> None:
    rng = random.Random(11)
    lines = "\n".join(f"{rng.uniform(-1e6, 1e6):.3f} {rng.randrange(10**9)}" for _ in range(8000))
    compare("sortlines", ["-n"], stdin=lines.encode(), opt=opt)


def test_sorting_an_absent_file(compare: Compare) -> None:
    assert compare("sortlines", ["absent"]).code == 2


PRIMES = b"""n = 2
while n < 200
  d = 2
  prime = 1
  while d * d <= n && prime
    if n % d == 0
      prime = 0
    end
    d = d + 1
  end
  if prime
    print n
  end
  n = n + 1
end
"""
COLLATZ = b"""best = 0
i = 1
while i < 1500
  n = i
  steps = 0
  while n != 1
    odd = n & 1
    n = odd * (3 * n + 1) + !odd * (n >> 1)
    steps = steps + 1
  end
  if steps > best
    best = steps
    print i * 1000 + steps
  end
  i = i + 1
end
"""


@EVERY_BUILD
@pytest.mark.parametrize("program", [PRIMES, COLLATZ], ids=["primes", "collatz"])
def test_expression_machine(compare: Compare, opt: str, program: bytes) -> None:
    done = compare("exprvm", stdin=program, opt=opt)
    assert done.stdout.endswith(b" steps\n")


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (b"print 1 / 0", 3),
        (b"print -9223372036854775808 / -1\nprint 1 << 63 >> 63\nprint ~0 ^ 0xff", 0),
        (b"x = \n", 2),
        (b"while 1\n", 2),
        (b"end", 2),
        (b"print 1 + (2 * 3", 2),
        (b"if 0\nprint 5\nend\nprint !0 || 1 && 0", 0),
    ],
)
def test_expression_machine_edges(compare: Compare, program: bytes, code: int) -> None:
    assert compare("exprvm", stdin=program).code == code


@EVERY_BUILD
def test_files(compare: Compare, opt: str) -> None:
    done = compare("fileio", opt=opt)
    assert b"FAILED" not in done.stdout


def test_arguments(compare: Compare) -> None:
    compare(
        "envecho",
        ["args", "", "a b", '"quoted"', "caf\u00e9", "-x", "--", "\n", "z" * 5000, *map(str, range(200))],
    )


def test_environment(compare: Compare) -> None:
    env = {"A": "1", "EMPTY": "", "EQUALS": "a=b=c", "UNICODE": "\u65e5\u672c", "LONG": "v" * 3000}
    compare("envecho", ["env", "A", "EMPTY", "EQUALS", "MISSING"], env=env)


def test_environment_is_empty_by_default(compare: Compare) -> None:
    compare("envecho", ["env", "PATH", "HOME"])


@pytest.mark.parametrize("code", ["0", "1", "42", "125"])
@pytest.mark.parametrize("how", ["exit", "_exit", "return"])
def test_exit_code(compare: Compare, how: str, code: str) -> None:
    assert compare("envecho", [how, code]).code == int(code)


def test_usage_goes_to_stderr(compare: Compare) -> None:
    done = compare("envecho")
    assert done.code == 64
    assert done.stderr.startswith(b"usage:")


def test_stdout_and_stderr_apart(compare: Compare) -> None:
    assert compare("envecho", ["stderr"]).stderr == b"one two\n"


@pytest.mark.parametrize("size", [0, 1, 4096, 300_001])
def test_standard_input_is_binary(compare: Compare, size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert compare("envecho", ["cat"], stdin=data).stdout == data


def test_live_clocks(zig: None) -> None:
    wasm = toolchain.build_command(PROGRAMS / "clocks.c")
    before = time.time_ns()
    done = run_wasm(wasm, ["live"])
    after = time.time_ns()
    realtime, seconds, start, end, slept, resolution = map(int, done.stdout.split())
    assert before <= realtime <= after
    assert before // 10**9 - 1 <= seconds <= after // 10**9 + 1
    assert end - start >= 30_000_000
    assert (slept, resolution) == (0, 1)
