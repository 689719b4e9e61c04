"""Runs the commands of a script on an engine and says of each command how it went.

A module that an engine cannot take poisons the commands after it. Such a command is *blocked by* the line
where things went wrong and is neither passed nor failed: one missing feature is one failure, at its root.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from wast_assemble import Assemble, AssembleError
from wast_engine import Engine, EngineError, UnsupportedError
from wast_script import (
    Action,
    AssertFails,
    AssertReturn,
    Command,
    Define,
    Form,
    Instantiate,
    ModuleSource,
    Perform,
    Register,
    Thread,
    Verdict,
    Wait,
)
from wast_values import Result, match_all

THREAD_TIMEOUT = 60.0  # seconds that `(wait $T)` waits before it is a failure


class Status(Enum):
    """How a command went. `TEXT` asserts something of the assembler, not of the engine: not run."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one command; `root` is the line that blocks it, `note` a remark on a pass."""

    line: int
    command: str
    status: Status
    detail: str = ""
    root: int = 0
    note: str = ""
    is_assertion: bool = False


class BlockedError(Exception):
    """A command stands on something that failed at line `root`."""

    def __init__(self, root: int) -> None:
        super().__init__(f"blocked by line {root}")
        self.root = root


class MismatchError(Exception):
    """A command ended otherwise than the script demands."""


@dataclass(frozen=True, slots=True)
class _Broken:
    """Stands for a module or an instance that could not be made."""

    root: int


@dataclass
class _Names:
    """What a script, or one of its threads, can refer to. `None` is the latest."""

    modules: dict[str | None, Any] = field(default_factory=dict)
    instances: dict[str | None, Any] = field(default_factory=dict)
    registered: dict[str, Any] = field(default_factory=dict)
    threads: dict[str, tuple[threading.Thread, list[Outcome]]] = field(default_factory=dict)


def run_script(commands: Iterable[Command], engine: Engine, assemble: Assemble) -> list[Outcome]:
    """Runs a whole script in a session of its own."""
    return ScriptRun(engine, assemble).run(commands)


class ScriptRun:
    """One script, or one thread of it, in the middle of its run."""

    def __init__(self, engine: Engine, assemble: Assemble) -> None:
        self.engine = engine
        self.assemble = assemble
        self.session = engine.session()
        self.names = _Names()
        self.outcomes: list[Outcome] = []

    def run(self, commands: Iterable[Command]) -> list[Outcome]:
        """Runs all commands, whatever becomes of them."""
        for command in commands:
            self.outcomes.append(self._run_one(command))
        return self.outcomes

    def _run_one(self, command: Command) -> Outcome:
        is_assertion = isinstance(command, AssertReturn | AssertFails)
        name = command_name(command)

        def outcome(status: Status, detail: str = "", root: int = 0, note: str = "") -> Outcome:
            return Outcome(command.line, name, status, detail, root, note, is_assertion)

        try:
            if is_about_text(command):
                return outcome(Status.TEXT)
            return outcome(Status.PASSED, note=self._execute(command) or "")
        except BlockedError as blocked:
            return outcome(Status.BLOCKED, root=blocked.root)
        except MismatchError as mismatch:
            return outcome(Status.FAILED, str(mismatch))
        except EngineError as failure:
            return outcome(Status.FAILED, f"{failure.verdict.value}: {failure.message}")
        except UnsupportedError as error:
            return outcome(Status.FAILED, f"unsupported: {error}")
        except AssembleError as error:
            return outcome(Status.FAILED, f"the assembler refuses the text: {error}")
        except Exception as error:  # an engine may raise anything: that is a failure of this command alone
            return outcome(Status.FAILED, f"unexpected {type(error).__name__}: {error}")

    def _execute(self, command: Command) -> str | None:
        """Does one command; raises when it fails, returns a remark when there is one."""
        match command:
            case Define():
                self._define(command)
            case Instantiate():
                self._instantiate(command.line, command.name, command.definition)
            case Register():
                found = self.names.instances.get(command.module)
                if found is None:
                    raise MismatchError(f"no instance {command.module or 'yet'}")
                self.names.registered[command.name] = found
                if isinstance(found, _Broken):
                    raise BlockedError(found.root)
            case Perform():
                self._perform(command.action)
            case AssertReturn():
                results = self._perform(command.action)
                if not match_all(command.expected, results):
                    raise MismatchError(f"gave {_show(results)}, expected {_show(command.expected)}")
            case AssertFails():
                return self._expect_failure(command)
            case Thread():
                self._start_thread(command)
            case Wait():
                self._wait(command)
        return None

    def _define(self, command: Define) -> None:
        source = command.module
        self.names.modules[source.name] = self.names.modules[None] = _Broken(command.line)
        if not source.is_definition:
            self.names.instances[source.name] = self.names.instances[None] = _Broken(command.line)
        module = self.session.compile(self.assemble(source))
        self.names.modules[source.name] = self.names.modules[None] = module
        if not source.is_definition:
            self._instantiate(command.line, source.name, None)

    def _instantiate(self, line: int, name: str | None, definition: str | None) -> None:
        self.names.instances[name] = self.names.instances[None] = _Broken(line)
        try:
            instance = self._link(self._look_up(self.names.modules, definition, "module"))
        except BlockedError as blocked:
            self.names.instances[name] = self.names.instances[None] = _Broken(blocked.root)
            raise
        self.names.instances[name] = self.names.instances[None] = instance

    def _link(self, module: Any) -> Any:
        imported = self.session.imported_modules(module)
        for name in sorted(imported & self.names.registered.keys()):
            provider = self.names.registered[name]
            if isinstance(provider, _Broken):
                raise BlockedError(provider.root)
        return self.session.instantiate(module, self.names.registered)

    def _look_up(self, among: dict[str | None, Any], name: str | None, what: str) -> Any:
        if name not in among:
            raise MismatchError(f"no {what} {name or 'yet'}")
        found = among[name]
        if isinstance(found, _Broken):
            raise BlockedError(found.root)
        return found

    def _perform(self, action: Action) -> tuple[Result, ...]:
        instance = self._look_up(self.names.instances, action.module, "instance")
        if action.is_get:
            return (self.session.get(instance, action.name),)
        return self.session.invoke(instance, action.name, action.arguments)

    def _expect_failure(self, command: AssertFails) -> str:
        try:
            if isinstance(command.target, Action):
                ending = f"returned {_show(self._perform(command.target))}"
            else:
                self._load(command.target, command.verdict)
                ending = "was accepted"
        except EngineError as failure:
            if not self._is_same(command.verdict, failure.verdict):
                raise MismatchError(f"expected {command.verdict.value}, got {failure}") from None
            words = (failure.message, failure.also)
            says_the_same = any(is_same_message(command.message, text) for text in words)
            if not says_the_same and command.verdict in (Verdict.TRAP, Verdict.EXHAUSTION):
                raise MismatchError(f"expected '{command.message}', got '{failure.message}'") from None
            return "" if says_the_same else f"says '{failure.message}', the suite '{command.message}'"
        raise MismatchError(f"expected {command.verdict.value} ({command.message}), but it {ending}")

    def _load(self, source: ModuleSource, verdict: Verdict) -> None:
        """Compiles a module that must fail; instantiates it where only that can be what fails."""
        module = self.session.compile(self.assemble(source))
        if verdict not in (Verdict.MALFORMED, Verdict.INVALID):
            self._link(module)

    def _is_same(self, expected: Verdict, actual: Verdict) -> bool:
        if not self.engine.tells_malformed and expected is Verdict.MALFORMED:
            return actual in (Verdict.MALFORMED, Verdict.INVALID)
        return expected is actual

    def _start_thread(self, command: Thread) -> None:
        inner = ScriptRun(self.engine, self.assemble)
        for name in command.shared:
            inner.names.instances[name] = self.names.instances.get(name, _Broken(command.line))
        thread = threading.Thread(target=inner.run, args=(command.commands,), daemon=True)
        self.names.threads[command.name] = (thread, inner.outcomes)
        thread.start()

    def _wait(self, command: Wait) -> None:
        if command.name not in self.names.threads:
            raise MismatchError(f"no thread {command.name}")
        thread, outcomes = self.names.threads[command.name]
        thread.join(THREAD_TIMEOUT)
        if thread.is_alive():
            raise MismatchError(f"thread {command.name} still runs after {THREAD_TIMEOUT:.0f} s")
        self.outcomes.extend(outcomes)


def is_about_text(command: Command) -> bool:
    """Whether a command asserts that a *text* is malformed or badly annotated: the assembler's matter."""
    if not isinstance(command, AssertFails) or isinstance(command.target, Action):
        return False
    is_text = command.target.form is not Form.BINARY
    return is_text and (command.verdict is Verdict.MALFORMED or command.is_custom)


def is_same_message(expected: str, actual: str) -> bool:
    """The suite's rule: the expected text starts the actual one; a shorter wording counts as well."""
    return actual.startswith(expected) or (actual != "" and expected.startswith(actual))


def command_name(command: Command) -> str:
    """The word of a command, with the name that it is about: what a failure report shows."""
    match command:
        case AssertFails(target=Action() as action):
            return f"assert_{command.verdict.value} {action.name!r}"
        case AssertFails():
            return f"assert_{command.verdict.value} module"
        case AssertReturn():
            return f"assert_return {command.action.name!r}"
        case Perform():
            return f"{'get' if command.action.is_get else 'invoke'} {command.action.name!r}"
        case Define():
            return "module definition" if command.module.is_definition else "module"
        case _:
            return type(command).__name__.lower()


def _show(values: Iterable[object]) -> str:
    return "(" + ", ".join(map(str, values)) + ")"
