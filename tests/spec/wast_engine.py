"""What the runner needs of an engine under test. An adapter implements these two protocols for one engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from wast_script import Verdict
from wast_values import Argument, Result


class EngineError(Exception):
    """The engine failed in one of the ways that the specification names.

    `message` is the engine's own text; `also` is a second one, for an engine that has one trap where the
    specification has two.
    """

    def __init__(self, verdict: Verdict, message: str, also: str = "") -> None:
        super().__init__(f"{verdict.value}: {message}")
        self.verdict = verdict
        self.message = message
        self.also = also


class UnsupportedError(Exception):
    """The engine lacks a feature that this needs.

    That is no verdict: a refusal for want of a feature must not count as having seen what is wrong.
    """


class Session(Protocol):
    """The world of one script: a store with the ``spectest`` module. Every method may raise `EngineError`."""

    def compile(self, wasm: bytes) -> Any:
        """A module, decoded and validated."""
        ...

    def imported_modules(self, module: Any) -> set[str]:
        """The module names that a compiled module imports from."""
        ...

    def instantiate(self, module: Any, registered: Mapping[str, Any]) -> Any:
        """An instance; imports come from ``spectest`` and from registered instances."""
        ...

    def invoke(self, instance: Any, name: str, arguments: Sequence[Argument]) -> tuple[Result, ...]:
        """Calls an exported function."""
        ...

    def get(self, instance: Any, name: str) -> Result:
        """The value of an exported global."""
        ...


class Engine(Protocol):
    """Makes sessions. `tells_malformed` is False when the engine has one error for malformed and invalid."""

    name: str
    tells_malformed: bool

    def session(self) -> Session:
        """A fresh session."""
        ...
