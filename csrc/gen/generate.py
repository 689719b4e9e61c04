"""Makes the op tables and the interpreter's cases: python csrc/gen/generate.py OUTDIR csrc/ops/*.op.c

Writes the headers that generate() names into OUTDIR, each only if it changes. Errors in definitions go to
standard error as `file:line: error: ...`; nothing is written then, status 1.
"""

from __future__ import annotations

import sys
from itertools import repeat
from pathlib import Path

import emit
from op_forms import Handler, handlers
from op_reader import Op, OpError, read

MAX_HANDLERS = 0xFFFF  # ids are 16 bits wide, the last one means none


def generate(paths: list[Path]) -> dict[str, str]:
    """The generated headers, by name."""
    ops = read(paths)
    made: tuple[list[Handler], list[Handler]] = [], []  # for shells without pins, with pins
    owners: dict[str, Op] = {}
    for op, pins in [*zip(ops, repeat(False)), *zip(ops, repeat(True))]:
        for handler in handlers(op, pins):
            made[pins].append(handler)
            owner = owners.setdefault(handler.name, op)
            if owner is not op:
                raise OpError(op.file, op.line, f"handler {handler.name} is one of {owner.ident} already")
            if len(made[0]) + len(made[1]) >= MAX_HANDLERS:
                raise OpError(op.file, op.line, f"more than {MAX_HANDLERS - 1} handlers")
    plain = {handler.name for handler in made[0]}
    contents = {
        "op_table.h": emit.op_table(ops),
        "op_cases.h": emit.op_cases(made[0], "op_cases.h"),
        "op_handlers.h": emit.op_handlers(made[0]),
        "op_functions.h": emit.op_functions(ops),
        "op_forms.h": emit.op_forms(ops, *made),
        "op_pins.h": emit.op_handlers(made[1]),
        "op_pins_cases.h": emit.op_cases([h for h in made[1] if h.name not in plain], "op_pins_cases.h"),
    }
    return {name: "".join(f"{line}\n" for line in lines) for name, lines in contents.items()}


def main(arguments: list[str]) -> int:
    """Runs the generator; returns the exit status."""
    if len(arguments) < 2:
        print("usage: generate.py OUTDIR FILE.op.c ...", file=sys.stderr)
        return 2
    out = Path(arguments[0])
    try:
        contents = generate([Path(path) for path in arguments[1:]])
    except OpError as error:
        print(error, file=sys.stderr)
        return 1
    out.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        file = out / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
