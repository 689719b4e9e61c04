"""The machine code of the interpreter's handlers: python .ci/handlers.py BUILD_FOLDER

A handler that pushes, or keeps something on the C stack, makes each use of its instruction slow, and
compilers begin to do so without a word (RATIONALE: gcc, beyond a size of the function). Looks at the objects
of all shells in the folder by `objdump`, on x86-64:

  tail    no handler touches the stack, but for those that call functions (SLOW)
  goto    every handler has a jump of its own (by clang nearly every one: some that end alike share one), and
          accesses to the stack are few in all; in the one that counts fuel branches on f32 share two jumps

Exits with 1 and a line for each thing that is wrong; with 2 where there is nothing to look at.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

# Allocation, ranges, tables, the runtime; lanes that are functions of vector_ops.c, or looked up in memory.
SLOW = re.compile(
    r"(g_)?memory_\w+|table_\w+|(data|elem)_drop|atomic_fence|throw|throw_ref|translate|out_of_bounds|poll_slow|fuel_slow|trap"
    r"|(tail_)?call_slow|ref_is|ref_must_be|(struct|array)_\w+"
    r"|[if]\d+x\d+_(narrow|extmul|extadd|trunc|relaxed|convert|ceil|floor|nearest|min|max|popcnt|avgr|q15|dot)\w*"
    r"|(x_)?i8x16_sh[lr]\w*|i(8x16|16x8)_(add|sub)_sat_s|i8x16_(shuffle|swizzle)"
)
GOTO_SPILLS = 10  # handlers for each access to the stack
CLANG_SHARED = 20  # handlers for each one without a jump of its own
NAMED = re.compile(r"^PW_(HANDLER|BRANCHING)\(", re.MULTILINE)
FLOAT_BRANCH = re.compile(r"^PW_BRANCHING\(brn?_f32", re.MULTILINE)
HANDLER = re.compile(r"[0-9a-f]+ <pwi_h_(\w+)>:")
STACK = re.compile(r"\b(push|pop)\b|%[re]sp\b")


def tail_problems(listing: str, least: int = 1000) -> list[str]:
    """What is wrong in the disassembly of a tail shell, which has at least so many handlers."""
    touching: dict[str, str] = {}
    name, count = "", 0
    for line in listing.splitlines():
        if line.endswith(">:"):
            match = HANDLER.match(line)
            name = match[1] if match else ""
            count += bool(match)
        elif name and STACK.search(line):
            touching.setdefault(name, line.split("\t")[-1].strip())
    wrong = [f"tail: {name}: {code}" for name, code in touching.items() if not SLOW.fullmatch(name)]
    return wrong or ([] if count > least else [f"tail: {count} handlers: are their names still pwi_h_...?"])


def goto_problems(listing: str, handlers: int) -> list[str]:
    """What is wrong in the disassembly of a goto shell."""
    jumps = len(re.findall(r"\bjmp\s+\*", listing))
    stack = len(STACK.findall(listing))
    wrong = []
    if jumps < handlers:
        wrong.append(f"goto: {jumps} indirect jumps for {handlers} handlers: the compiler has merged some")
    if stack * GOTO_SPILLS > handlers:
        wrong.append(f"goto: {stack} accesses to the stack in {handlers} handlers: registers have gone there")
    return wrong


def disassembled(file: Path) -> str:
    """The object by objdump."""
    command = ["objdump", "-d", "--no-show-raw-insn", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main(arguments: list[str]) -> int:
    """Looks at the shells of the build folders; returns the exit status."""
    if platform.machine() not in ("x86_64", "AMD64"):
        print(f"handlers: not looked at on {platform.machine()}")
        return 0
    problems: list[str] = []
    seen = []
    for folder in map(Path, arguments):
        names = (folder / "gen" / "op_handlers.h").read_text(encoding="utf-8")
        for file in sorted(folder.rglob("shell_*.c.o*")):
            shell = file.name.split(".")[0].removeprefix("shell_")
            if shell.startswith("tail"):
                problems += tail_problems(disassembled(file), 800 if shell == "tail_counting" else 1000)
            elif shell.startswith("goto"):
                handlers = len(NAMED.findall(names))
                if shell == "goto_counting":
                    handlers -= len(FLOAT_BRANCH.findall(names))
                if b"clang version" in file.read_bytes():
                    handlers -= handlers // CLANG_SHARED
                problems += goto_problems(disassembled(file), handlers)
            else:
                continue
            seen.append(shell)
    print("\n".join(problems) or f"handlers: {', '.join(seen) or 'no shell'}: well")
    return 1 if problems else 0 if seen else 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
