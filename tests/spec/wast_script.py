"""The commands of a ``.wast`` script (interpreter/README.md of the specification, "Scripts").

Parsing resolves syntax only; names of modules stay names. A module is kept as what its author wrote: text for
the assembler, or bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from wast_reader import Atom, List, Node, Source, String, WastSyntaxError, read
from wast_values import Argument, Pattern, parse_argument, parse_pattern


class Verdict(Enum):
    """How a module or an action may fail; the value is the word of the script's assertion."""

    MALFORMED = "malformed"
    INVALID = "invalid"
    UNLINKABLE = "unlinkable"
    TRAP = "trap"
    EXHAUSTION = "exhaustion"
    EXCEPTION = "exception"
    SUSPENSION = "suspension"


class Form(Enum):
    """How a script writes a module: folded into its own syntax, as quoted text, or as bytes."""

    TEXT = "text"
    QUOTE = "quote"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """A module of a script: `code` is text for `TEXT` and `QUOTE`, wasm for `BINARY`."""

    line: int
    name: str | None
    form: Form
    code: bytes
    is_definition: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """``(invoke $module? "name" args...)``, or ``(get $module? "name")`` when `is_get`."""

    module: str | None
    name: str
    arguments: tuple[Argument, ...] = ()
    is_get: bool = False


@dataclass(frozen=True, slots=True)
class Define:
    """``(module ...)``: compile it, and instantiate it unless it is a ``(module definition ...)``."""

    line: int
    module: ModuleSource


@dataclass(frozen=True, slots=True)
class Instantiate:
    """``(module instance $name? $definition?)``."""

    line: int
    name: str | None
    definition: str | None


@dataclass(frozen=True, slots=True)
class Register:
    """``(register "name" $module?)``: later modules import from the instance by this name."""

    line: int
    name: str
    module: str | None


@dataclass(frozen=True, slots=True)
class Perform:
    """An action at top level: it must end normally."""

    line: int
    action: Action


@dataclass(frozen=True, slots=True)
class AssertReturn:
    """The action gives results that match the patterns."""

    line: int
    action: Action
    expected: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class AssertFails:
    """The action or module fails with this verdict; `is_custom` is about custom sections only."""

    line: int
    verdict: Verdict
    target: Action | ModuleSource
    message: str
    is_custom: bool = False


@dataclass(frozen=True, slots=True)
class Thread:
    """``(thread $name (shared (module $m))* commands...)``."""

    line: int
    name: str
    shared: tuple[str, ...]
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """``(wait $thread)``."""

    line: int
    name: str


Command = Define | Instantiate | Register | Perform | AssertReturn | AssertFails | Thread | Wait
_ASSERTS = {f"assert_{verdict.value}".encode(): verdict for verdict in Verdict}
_CUSTOM_ASSERTS = {name + b"_custom": verdict for name, verdict in _ASSERTS.items()}


def parse_script(data: bytes, name: str = "<script>") -> tuple[Command, ...]:
    """All commands of a script; a script that is only the fields of a module is that module."""
    source = Source(data, name)
    nodes = read(source)
    heads = {node.head for node in nodes if isinstance(node, List)}
    if nodes and not heads & _COMMAND_WORDS:
        return (Define(1, ModuleSource(1, None, Form.TEXT, data)),)
    return tuple(_Parser(source).command(node) for node in nodes)


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source

    def command(self, node: Node) -> Command:
        """One command; the word at its head picks the method."""
        if not isinstance(node, List) or node.head not in _COMMAND_WORDS:
            raise self.source.error(node.start, "a command is a list that starts with a command word")
        try:
            return self._command(node)
        except (WastSyntaxError, ValueError, IndexError) as error:
            if isinstance(error, WastSyntaxError) and str(error).startswith(self.source.name):
                raise
            raise self.source.error(node.start, str(error)) from error

    def _command(self, node: List) -> Command:
        head, line = node.head, self.source.line(node.start)
        if head == b"module":
            if self._word(node, 1) == b"instance":
                names = [item.text.decode() for item in node.items[2:] if isinstance(item, Atom)]
                return Instantiate(line, names[0] if names else None, names[1] if len(names) > 1 else None)
            return Define(line, self.module(node))
        if head == b"register":
            return Register(line, self._text(node.items[1]), self._name(node, 2))
        if head in (b"invoke", b"get"):
            return Perform(line, self.action(node))
        if head == b"assert_return":
            return AssertReturn(line, self.action(node.items[1]), tuple(map(parse_pattern, node.items[2:])))
        if head == b"thread":
            return self.thread(node)
        if head == b"wait":
            return Wait(line, self._name(node, 1) or "")
        is_custom = head in _CUSTOM_ASSERTS
        verdict = _CUSTOM_ASSERTS[head] if is_custom else _ASSERTS[head]
        message = self._text(node.items[2]) if len(node.items) > 2 else ""
        return AssertFails(line, verdict, self.target(node.items[1]), message, is_custom)

    def target(self, node: Node) -> Action | ModuleSource:
        """What an assertion is about: an action or a module."""
        if isinstance(node, List) and node.head == b"module":
            return self.module(node)
        return self.action(node)

    def action(self, node: Node) -> Action:
        """``(invoke ...)`` or ``(get ...)``."""
        if not isinstance(node, List) or node.head not in (b"invoke", b"get"):
            raise self.source.error(node.start, "expected (invoke ...) or (get ...)")
        module = self._name(node, 1)
        rest = node.items[2 if module else 1 :]
        arguments = tuple(parse_argument(item) for item in rest[1:])
        return Action(module, self._text(rest[0]), arguments, node.head == b"get")

    def module(self, node: List) -> ModuleSource:
        """``(module definition? $name? ...)``, with fields, ``quote`` strings or ``binary`` strings."""
        line, at, cuts = self.source.line(node.start), 1, []
        is_definition = self._word(node, at) == b"definition"
        if is_definition:
            cuts.append(node.items[at])
            at += 1
        name = self._name(node, at)
        at += 1 if name else 0
        word = self._word(node, at)
        if word in (b"binary", b"quote"):
            strings = [item.value for item in node.items[at + 1 :] if isinstance(item, String)]
            if word == b"binary":
                return ModuleSource(line, name, Form.BINARY, b"".join(strings), is_definition)
            return ModuleSource(line, name, Form.QUOTE, b"".join(strings), is_definition)
        text = bytearray(self.source.data[node.start : node.end])
        for cut in cuts:  # the assembler does not know the word `definition`; blanks keep the columns
            text[cut.start - node.start : cut.end - node.start] = b" " * (cut.end - cut.start)
        return ModuleSource(line, name, Form.TEXT, bytes(text), is_definition)

    def thread(self, node: List) -> Thread:
        """``(thread $name (shared (module $m))* commands...)``."""
        shared, commands = [], []
        for item in node.items[2:]:
            if isinstance(item, List) and item.head == b"shared":
                shared += [self._name(part, 1) or "" for part in item.items[1:] if isinstance(part, List)]
            else:
                commands.append(self.command(item))
        return Thread(self.source.line(node.start), self._name(node, 1) or "", tuple(shared), tuple(commands))

    def _word(self, node: List, at: int) -> bytes:
        item = node.items[at] if at < len(node.items) else None
        return item.text if isinstance(item, Atom) else b""

    def _name(self, node: List, at: int) -> str | None:
        word = self._word(node, at)
        return word.decode() if word.startswith(b"$") else None

    def _text(self, node: Node) -> str:
        if not isinstance(node, String):
            raise self.source.error(node.start, "expected a string")
        return node.value.decode()


_COMMAND_WORDS = frozenset(
    {
        b"module",
        b"register",
        b"invoke",
        b"get",
        b"assert_return",
        b"thread",
        b"wait",
        *_ASSERTS,
        *_CUSTOM_ASSERTS,
    }
)
