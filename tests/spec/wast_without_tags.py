"""A script with its tags taken out.

A few scripts of Wasm 1.0 have got one tag among their other definitions, which blocks everything behind it
as long as the proposal exceptions is not there. Without the tags they test what they always tested. When
exceptions are there, this file and its test go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wast_reader import Atom, List, Node, Source, read
from wast_script import Action, AssertFails, AssertReturn, Command, Define, Form, ModuleSource, Perform

_WORDS = {b"tag", b"try_table", b"throw", b"throw_ref"}


def without_tags(commands: Iterable[Command]) -> tuple[list[Command], int]:
    """The commands that are left, and how many were dropped because they are about tags."""
    kept: list[Command] = []
    dropped = 0
    for command in commands:
        module = _module_of(command)
        rest = _strip(module) if module is not None and module.form is Form.TEXT else module
        is_about_tags = rest != module and not isinstance(command, Define)
        if is_about_tags or _calls_tag(command):
            dropped += 1
        elif isinstance(command, Define) and rest is not None:
            kept.append(replace(command, module=rest))
        else:
            kept.append(command)
    return kept, dropped


def _module_of(command: Command) -> ModuleSource | None:
    if isinstance(command, Define):
        return command.module
    if isinstance(command, AssertFails) and isinstance(command.target, ModuleSource):
        return command.target
    return None


def _calls_tag(command: Command) -> bool:
    """Whether a command calls an export named "tag" (instance.wast), whose body works on tags."""
    target = command.target if isinstance(command, AssertFails) else None
    action = command.action if isinstance(command, AssertReturn | Perform) else target
    return isinstance(action, Action) and action.name == "tag"


def _strip(module: ModuleSource) -> ModuleSource:
    """The module without the fields that have to do with tags; other bytes stay where they are."""
    (node,) = read(Source(module.code))
    assert isinstance(node, List)
    text = bytearray(module.code)
    for field in node.items:
        if _mentions_tags(field):
            text[field.start : field.end] = b" " * (field.end - field.start)
    return replace(module, code=bytes(text))


def _mentions_tags(field: Node) -> bool:
    stack = [field]
    while stack:
        node = stack.pop()
        if isinstance(node, List):
            if any(isinstance(item, Atom) and item.text in _WORDS for item in node.items):
                return True
            stack.extend(node.items)
    return False
