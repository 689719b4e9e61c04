"""The shell of tests/c/ops_shell.c from Python: what goes into a handler, and what has to come out."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import building
import locate
import op_oracle

FORM = re.compile(r'^PW_FORMS\((\w+), (\w+), (\w+), "(\w*)", "(\w*)"', re.MULTILINE)
TEXT = re.compile(r'^PW_OPCODE\(\w+, "([^"]+)", (\w+),', re.MULTILINE)
INFO = re.compile(r"^PW_HANDLER_INFO\((\w+), (\d+)\)", re.MULTILINE)
FAMILY = re.compile(r"^(?:(x|s|g|br|brn|st)_)?(.*?)(?:_([SAKLNP]{1,3}))?$")


@dataclass(frozen=True)
class Build:
    """A way to build the shell: compiler, flags, what runs it."""

    compiler: str
    flags: tuple[str, ...] = ("-O2",)
    emulator: str = ""


SANITIZE = ("-Og", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
BUILDS = {
    "cc": Build("cc"),
    # Without the compiler's builtins too, as compilers that are neither gcc nor clang do.
    "cc-sanitized": Build("cc", (*SANITIZE, "-DPW_NO_BUILTINS")),
    "zig": Build("zig"),
}
# Other machines, where PYWASI_CROSS=1 asks for them.
if os.environ.get("PYWASI_CROSS") == "1":
    BUILDS["aarch64"] = Build("zig:aarch64-linux-musl", emulator="qemu-aarch64")
    BUILDS["windows"] = Build("zig:x86_64-windows-gnu", emulator="wine")
WIDTH = {"i": 32, "I": 64, "f": 32, "F": 64, "a": 32}
ACCUMULATOR = {"i": "A", "I": "A", "f": "F", "F": "D", "a": "A"}
# What stands where nothing is put: seen again, it was left alone.
SLOTS = 8
JUNK = [0x7FF8DEAD00000000 + i for i in range(SLOTS)]
JUNK_REGISTERS = {
    "A": 0xAAAA5555AAAA5555, "F": 0x7FC0DEAD, "D": 0x7FF8DEAD0000000D,
    "L": 0xBBBB7777BBBB7777, "N": 0xCCCC1111CCCC1111, "P": 0x7FF8BEEF0000000E,
}  # fmt: skip
# A line of input (handler, cells, slots, registers), and what the answer to it tells after its outcome.
LINE = " ".join(["%x"] * (1 + 4 + SLOTS + len(JUNK_REGISTERS)))
ANSWERED = (*map(str, range(SLOTS)), *JUNK_REGISTERS)
# Places of a value of a type, constants apart: slot, accumulator, registers of locals.
PLACES = {"i": "SALN", "I": "SALN", "f": "SA", "F": "SAP", "a": "SALN"}


@dataclass
class Op:
    """A row of op_forms.h."""

    text: str
    ident: str
    shape: str
    operands: str
    result: str

    @property
    def is_vector(self) -> bool:
        return "V" in self.operands + self.result


@dataclass(slots=True)
class State:
    """What goes into a handler, and what is expected of it."""

    handler: str
    cells: list[int]  # from cell 1 on
    slots: list[int] = field(default_factory=lambda: list(JUNK))
    registers: dict[str, int] = field(default_factory=lambda: dict(JUNK_REGISTERS))
    outcome: str = ""
    result: int | op_oracle.Nan | None = None
    result_to: tuple[str, ...] = ()  # slot numbers as text, accumulators
    slots_after: dict[str, int | None] = field(default_factory=dict)  # by number as text; None: anything
    memory: str = "-"
    calls: str = "-"
    clobbers: bool = False

    def copy(self) -> State:
        """One that can be changed without this one."""
        slots, registers, after = [*self.slots], {**self.registers}, {**self.slots_after}
        return replace(self, cells=[*self.cells], slots=slots, registers=registers, slots_after=after)


class Tables:
    """What the generated headers say."""

    def __init__(self, gen: Path) -> None:
        made = building.generate(gen, *building.op_files())
        assert made.returncode == 0, made.stderr
        self.gen = gen
        forms = (gen / "op_forms.h").read_text(encoding="utf-8")
        table = (gen / "op_table.h").read_text(encoding="utf-8")
        functions = (gen / "op_functions.h").read_text(encoding="utf-8")
        self.called = set(re.findall(r"_CALL_FUNCTION\((\w+)", functions))
        texts = {ident: text for text, ident in TEXT.findall(table)}
        self.ops = {
            ident: Op(texts[ident], ident, *rest)
            for _, ident, *rest in FORM.findall(forms) if rest[0] != "ROW"
        }  # fmt: skip
        self.handlers = {name: int(cells) for name, cells in INFO.findall(forms)}
        # Families of shells with pins name those without them once more.
        self.numbers: dict[str, int] = {}
        for number, (name, _) in enumerate(INFO.findall(forms)):
            self.numbers.setdefault(name, number)


class Shell:
    """A built shell."""

    def __init__(self, tables: Tables, folder: Path, build: str) -> None:
        self.tables = tables
        way = BUILDS[build]
        program = folder / "ops_shell.exe"  # the name that Windows needs does no harm elsewhere
        source = locate.ROOT / "tests" / "c" / "ops_shell.c"
        command = [
            *building.compiler(way.compiler), *building.STRICT, *building.FLOATS, *way.flags,
            *building.INCLUDES, f"-I{tables.gen}", str(source), "-o", str(program),
        ]  # fmt: skip
        done = building.run(command)
        assert done.returncode == 0, done.stderr
        self.command = [*building.emulator(way.emulator), str(program)]

    def run(self, states: list[State]) -> list[dict[str, int]]:
        """Runs all states and checks what comes out; returns slots and accumulators as they are then."""
        assert states
        lines = []
        for state in states:
            cells = [*state.cells, 0, 0, 0, 0][:4]
            number = self.tables.numbers[state.handler]
            lines.append(LINE % (number, *cells, *state.slots, *state.registers.values()))
        done = building.run_with_input(self.command, "\n".join(lines) + "\n")
        assert done.returncode == 0, done.stderr
        answers = done.stdout.splitlines()
        assert len(answers) == len(states)
        after = []
        for state, answer in zip(states, answers, strict=True):
            after.append(check(state, answer))
            if state.outcome[0] == "+":
                assert self.tables.handlers[state.handler] == int(state.outcome[1:].rstrip("r")), state
        return after


def check(state: State, answer: str) -> dict[str, int]:
    """Compares one answer line with what was expected; returns the slots and accumulators that it tells."""
    outcome, *words, memory, calls = answer.split()
    got = dict(zip(ANSWERED, [int(word, 16) for word in words], strict=True))
    want = dict(zip(ANSWERED, [*state.slots, *state.registers.values()], strict=True))
    if state.clobbers:
        want |= dict.fromkeys("AFD", 0)

    def told() -> str:
        return f"{state}\n{answer}"

    assert outcome == state.outcome, told()
    for place in state.result_to:
        if isinstance(state.result, op_oracle.Nan):
            assert state.result.matches(got[place]), told()
            want[place] = got[place]
        else:
            assert state.result is not None
            want[place] = state.result
    for slot, value in state.slots_after.items():
        want[slot] = got[slot] if value is None else value
    assert got == want, told()
    assert (memory, calls) == (state.memory, state.calls), told()
    return got


def register(kind: str, cls: str) -> str:
    """The register of a class that is no slot."""
    return ACCUMULATOR[kind] if cls == "A" else cls


def same_register(classes: str) -> bool:
    """Whether two operands of a type stand in one register."""
    return classes[0] == classes[1] != "S"


def handler_count(op: Op) -> int:
    """How many handlers an op has in all."""
    if op.shape == "GENERIC":
        return 1
    a, b = len(PLACES[op.operands[0]]), len(PLACES[op.operands[-1]])
    d = len(PLACES[op.result]) if op.result else 0
    return {
        "BINOP": a * (b + 1) * d * (1 + (op.ident == "i32_add")),
        "CMPOP": a * (b + 1) * 2 + a * (b + 1) + (a - 1) * b,
        "FCMPOP": a * (b + 1) * 2 + 2 * a * (b + 1),
        "UNOP": a * d,
        "LOAD": a * d + 2 * a * (a + 1) * d + 1,
        "STORE": 2 * a * (b + 1) + 1,
        "FSTORE": 2 * a * b + 1,
    }[op.shape]


def place(state: State, kind: str, cls: str, lane: int, value: int, constant: str = "high") -> None:
    """Puts an operand where its class says; the slots of lanes have the numbers of the lanes."""
    if cls == "S":
        state.cells[0] |= lane << 16 * lane
        state.slots[lane] = value
    elif cls != "K":
        state.registers[register(kind, cls)] = value
    elif constant == "high":
        state.cells[0] |= (value & 0xFFFFFFFF) << 32
    else:
        state.cells[1] = value


def give(state: State, kind: str, cls: str, value: int | op_oracle.Nan) -> None:
    """Expects a result: in slot 1 and a register, of class A in the accumulator only."""
    state.cells[0] |= 1 << 16
    state.result = value
    where = register(kind, "A" if cls == "S" else cls)
    state.result_to = (where,) if cls == "A" else (where, "1")
