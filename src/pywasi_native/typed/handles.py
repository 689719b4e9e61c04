"""Opaque types of C as Python classes that can be closed."""

from __future__ import annotations

import re
import weakref

from ._calls import Handle, make_handle
from .ctype import Pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .binding import Binder
    from .ctype import Struct
    from .headers import Header

_ENDS = re.compile(r"(^|_)(free|destroy|close|delete|dispose|release|finish|fini|unref|drop|del)(_|$|[A-Z])")
_ENDS_CAPITAL = re.compile(r"[a-z0-9](Free|Destroy|Close|Delete|Dispose|Release)($|[A-Z])")


def closer_of(kind: Struct, header: Header, closes: dict[str, str]) -> str:
    """The name of the function that ends the life of an opaque object; "" if there is none.

    That is what the rules say, or the one function of the header that takes nothing but the object and has a
    name such as `thing_free` or `close_thing`; of several, the first.
    """
    for name in (kind.name, kind.tag):
        if name in closes:
            return closes[name]
    for name, function in header.functions.items():
        if len(function.params) == 1 and (_ENDS.search(name) or _ENDS_CAPITAL.search(name)):
            only = function.params[0].type
            if isinstance(only, Pointer) and only.target is kind:
                return name
    return ""


def make_handle_class(kind: Struct, binder: Binder) -> type[Handle]:
    """The class of the handles of an opaque type."""
    closer = closer_of(kind, binder.header, dict(binder.rules.closes)) if binder.header is not None else ""

    def end(address: int) -> None:
        known.pop(address, None)
        if closer:
            binder.raw_closer(closer)(address)

    known: weakref.WeakValueDictionary[int, Handle] = weakref.WeakValueDictionary()
    space: dict[str, Any] = {
        "__slots__": ("__weakref__",), "__doc__": kind.doc or f"The opaque C type {kind.spell()}.",
        "__module__": binder.name, "_end": staticmethod(end), "_known": known,
    }  # fmt: skip
    return type(kind.name or "handle", (Handle,), space)


def handle_at(cls: type[Handle], address: int, owner: object) -> Handle | None:
    """The handle of an address: the same object as long as it is alive; None for null."""
    if not address:
        return None
    known: weakref.WeakValueDictionary[int, Handle] = cls._known  # type: ignore[attr-defined]
    found = known.get(address)
    if found is None:
        found = known[address] = make_handle(cls, address, owner)
    return found
