"""Compiles a ``.wast`` script into one command file for the C driver, tests/c/spec_driver.c.

The driver runs scripts where there is no Python: under the sanitizers, under qemu and wine, on every shell.
All that needs an assembler or a name table happens here; the driver reads numbers and bytes. Little endian:

    file     := "PWSPEC1\\n" u32 module_slots, u32 instance_slots, command* until the end
    command  := u8 letter, u32 line, body
      'M' module slot, instance slot or NONE, bytes         compile; instantiate when a slot is given
      'I' module slot, instance slot                        instantiate
      'R' instance slot, bytes name                         register
      'A' action                                            must return
      'E' action, u32 count, pattern*                       must return what matches
      'F' u8 verdict, action, bytes message                 must fail
      'B' u8 verdict, bytes wasm, bytes message             a module that must fail
      'X' module slot or NONE, instance slot or NONE, bytes why    failed here already; breaks the slots
      'T'                                                   about a text: counted only
    action   := u8 is_get, u32 instance slot, bytes name, u32 count, argument*
    argument := u8 type, 16 bytes
    pattern  := u8 type, 16 bytes mask, 16 bytes value | 'E', u32 count, pattern*
    bytes    := u32 size, size bytes                        NONE is 0xffffffff

Types: 'i' i32, 'I' i64, 'f' f32, 'F' f64, 'v' v128, 'n' null, 'u' func, 'x' extern, 'h' host, '?' any
other reference. Of a null argument the value is nothing; of extern and host it is the number, and a pattern's
mask is zero where any number will do. Verdicts: 'm' malformed, 'i' invalid, 'u' unlinkable, 't' trap,
'x' exhaustion, 'E' exception, 'S' suspension.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from wast_assemble import Assemble, AssembleError, assemble
from wast_runner import is_about_text
from wast_script import (
    Action,
    AssertFails,
    AssertReturn,
    Command,
    Define,
    Instantiate,
    ModuleSource,
    Perform,
    Register,
    Thread,
    Verdict,
    Wait,
    parse_script,
)
from wast_values import Argument, EitherPattern, HostArgument, NullArgument, Number, NumberPattern, Pattern

MAGIC = b"PWSPEC1\n"
NONE = 0xFFFFFFFF
_TYPES = {"i32": b"i", "i64": b"I", "f32": b"f", "f64": b"F", "v128": b"v"}
_REFERENCES = {"null": b"n", "func": b"u", "extern": b"x", "host": b"h"}
_VERDICTS = {
    Verdict.MALFORMED: b"m",
    Verdict.INVALID: b"i",
    Verdict.UNLINKABLE: b"u",
    Verdict.TRAP: b"t",
    Verdict.EXHAUSTION: b"x",
    Verdict.EXCEPTION: b"E",
    Verdict.SUSPENSION: b"S",
}


class UnknownNameError(Exception):
    """The script refers to a module or instance that no command before made."""


class ScriptCompiler:
    """Turns commands into records; names become slots, in the order in which they come up."""

    def __init__(self, assemble_module: Assemble = assemble) -> None:
        self.assemble = assemble_module
        self.modules: dict[str | None, int] = {}
        self.instances: dict[str | None, int] = {}
        self.module_slots = 0
        self.instance_slots = 0

    def compile(self, commands: Iterable[Command]) -> bytes:
        """The whole command file."""
        records = [self._record(command) for command in commands]
        return b"".join([MAGIC, _u32(self.module_slots), _u32(self.instance_slots), *records])

    def _record(self, command: Command) -> bytes:
        line = _u32(command.line)
        if is_about_text(command):
            return b"T" + line
        try:
            letter, body = self._body(command)
        except (AssembleError, UnknownNameError) as error:
            letter, body = b"X", _u32(NONE) + _u32(NONE) + _bytes(str(error).encode())
        return letter + line + body

    def _body(self, command: Command) -> tuple[bytes, bytes]:
        match command:
            case Define():
                return self._define(command)
            case Instantiate():
                module = _slot(self.modules, command.definition, "module")
                return b"I", _u32(module) + _u32(self._new_instance(command.name))
            case Register():
                instance = _slot(self.instances, command.module, "instance")
                return b"R", _u32(instance) + _bytes(command.name.encode())
            case Perform():
                return b"A", self._action(command.action)
            case AssertReturn():
                patterns = b"".join(map(_pattern, command.expected))
                return b"E", self._action(command.action) + _u32(len(command.expected)) + patterns
            case AssertFails(target=Action() as action):
                ending = _bytes(command.message.encode())
                return b"F", _VERDICTS[command.verdict] + self._action(action) + ending
            case AssertFails(target=ModuleSource() as source):
                ending = _bytes(self.assemble(source)) + _bytes(command.message.encode())
                return b"B", _VERDICTS[command.verdict] + ending
            case Thread() | Wait():
                return b"X", _u32(NONE) + _u32(NONE) + _bytes(b"the driver has no threads")
        raise AssertionError(command)

    def _define(self, command: Define) -> tuple[bytes, bytes]:
        source = command.module
        module = self.module_slots
        self.module_slots += 1
        self.modules[source.name] = self.modules[None] = module
        instance = NONE if source.is_definition else self._new_instance(source.name)
        try:
            return b"M", _u32(module) + _u32(instance) + _bytes(self.assemble(source))
        except AssembleError as error:
            return b"X", _u32(module) + _u32(instance) + _bytes(str(error).encode())

    def _new_instance(self, name: str | None) -> int:
        slot = self.instance_slots
        self.instance_slots += 1
        self.instances[name] = self.instances[None] = slot
        return slot

    def _action(self, action: Action) -> bytes:
        instance = _slot(self.instances, action.module, "instance")
        head = bytes([action.is_get]) + _u32(instance) + _bytes(action.name.encode())
        return head + _u32(len(action.arguments)) + b"".join(map(_argument, action.arguments))


def _slot(among: dict[str | None, int], name: str | None, what: str) -> int:
    if name not in among:
        raise UnknownNameError(f"no {what} {name or 'yet'}")
    return among[name]


def _u32(value: int) -> bytes:
    return struct.pack("<I", value)


def _u128(value: int) -> bytes:
    return value.to_bytes(16, "little")


def _bytes(value: bytes) -> bytes:
    return _u32(len(value)) + value


def _argument(argument: Argument) -> bytes:
    match argument:
        case Number():
            return _TYPES[argument.type] + _u128(argument.bits)
        case NullArgument():
            return b"n" + _u128(0)
        case HostArgument():
            return _REFERENCES[argument.kind] + _u128(argument.number)


def _pattern(pattern: Pattern) -> bytes:
    match pattern:
        case NumberPattern():
            return _TYPES[pattern.type] + _u128(pattern.mask) + _u128(pattern.value)
        case EitherPattern():
            flat = list(_alternatives(pattern))
            return b"E" + _u32(len(flat)) + b"".join(map(_pattern, flat))
    mask = 0 if pattern.host is None else NONE
    return _REFERENCES.get(pattern.kind, b"?") + _u128(mask) + _u128(pattern.host or 0)


def _alternatives(pattern: Pattern) -> Iterator[Pattern]:
    """The patterns of an "either" without an "either" among them: the driver reads one level."""
    if isinstance(pattern, EitherPattern):
        for alternative in pattern.alternatives:
            yield from _alternatives(alternative)
    else:
        yield pattern


def main() -> int:
    """Compiles one file from the command line."""
    parser = argparse.ArgumentParser(description="compile a .wast script for tests/c/spec_driver.c")
    parser.add_argument("script", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    commands = parse_script(options.script.read_bytes(), str(options.script))
    options.output.write_bytes(ScriptCompiler().compile(commands))
    return 0


if __name__ == "__main__":
    sys.exit(main())
