"""The suite on disk: its scripts, their groups, and what has to be switched off for a group."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wast_assemble import ModuleCache
from wast_engine import Engine
from wast_reader import WastSyntaxError
from wast_runner import Outcome, Status, run_script
from wast_script import parse_script

# A proposal's suite may rest on an older core: these features must be off, or its "malformed" is legal.
# All but its own count on pages of a free size being none.
_WITHOUT = {
    "proposals/threads": frozenset({"multi-memory", "memory64", "custom-page-sizes"}),
    "proposals/custom-page-sizes": frozenset(),
}
# Component-model texts that lie among core scripts.
NOT_CORE = frozenset({"proposals/shared-everything-threads/shared-builtins.wast"})


@dataclass(frozen=True, slots=True)
class Script:
    """One ``.wast`` file; `path` is relative to the suite with forward slashes, `group` its folder."""

    path: str
    group: str
    file: Path

    @property
    def without(self) -> frozenset[str]:
        """Features that must be off for this script."""
        return _WITHOUT.get(self.group, frozenset({"custom-page-sizes"}))

    @property
    def has_threads(self) -> bool:
        """Whether the script starts threads; only some of one proposal do."""
        return self.group == "proposals/threads" and b"(thread " in self.file.read_bytes()


def group_of(path: str) -> str:
    """``core``, ``core/<folder>``, ``proposals/<name>``, ``custom`` or ``legacy``."""
    parts = path.split("/")
    return parts[0] if parts[0] in ("custom", "legacy") or len(parts) == 2 else "/".join(parts[:2])


def scripts(suite: Path) -> list[Script]:
    """All core scripts of the suite, sorted by path."""
    found = []
    for file in sorted(suite.rglob("*.wast")):
        path = file.relative_to(suite).as_posix()
        if path not in NOT_CORE:
            found.append(Script(path, group_of(path), file))
    return found


def run(script: Script, engine: Engine, cache: Path) -> list[Outcome]:
    """All outcomes of one script; one that cannot be parsed is a single failure."""
    data = script.file.read_bytes()
    try:
        commands = parse_script(data, script.path)
    except WastSyntaxError as error:
        return [Outcome(1, "script", Status.FAILED, str(error))]
    modules = ModuleCache(cache, data)
    try:
        return run_script(commands, engine, modules)
    finally:
        modules.save()
