"""A header bound to an instance: its functions, types and constants as attributes."""

from __future__ import annotations

from .binding import Binder
from .callbacks import Callback
from .ctype import Enum, Function, Pointer, Struct
from .headers import Header, parse_header
from .rules import NO_RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..instance import Instance
    from .rules import Rules


class Namespace:
    """The functions, structs, handles, enumerations and constants of a header, as attributes.

    Functions are made when they are first used. The instance is `__wasm__`, the header `__header__`.
    """

    def __init__(self, binder: Binder, header: Header) -> None:
        self.__wasm__, self.__header__, self._binder = binder.instance, header, binder
        self._types = _named_types(header)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._find(name)
        self.__dict__[name] = found
        return found

    def _find(self, name: str) -> Any:
        header, binder = self.__header__, self._binder
        if name in header.functions or name in binder.rules.functions:
            return self._function(name)
        if name in header.constants:
            return header.constants[name]
        kind = self._types.get(name)
        if isinstance(kind, Struct):
            return binder.handle_class(kind) if kind.opaque else binder.struct_class(kind)
        if isinstance(kind, Enum):
            return binder.enum_class(kind)
        from ..linking import closest

        known = [*header.functions, *header.constants, *self._types]
        raise AttributeError(f"{header.name} declares no {name!r}{closest(name, known)}", name=name, obj=self)

    def _function(self, name: str) -> Any:
        made = self._binder.function(name)
        prototype = self._binder.prototype(name)
        if len(prototype.params) == 1:
            only = prototype.params[0].type
            if isinstance(only, Pointer) and isinstance(only.target, Struct) and only.target.opaque:
                return self._maybe_closer(name, only.target, made)
        return made

    def _maybe_closer(self, name: str, kind: Struct, made: Any) -> Any:
        """The function that ends the life of a handle closes the Python object too."""
        from .handles import closer_of

        if closer_of(kind, self.__header__, dict(self._binder.rules.closes)) != name:
            return made
        cls = self._binder.handle_class(kind)

        def closer(handle: Any) -> None:
            if not isinstance(handle, cls):
                made(handle)  # None, or an error
            else:
                handle.close()

        closer.__name__ = closer.__qualname__ = name
        closer.__doc__, closer.__module__ = made.__doc__, self._binder.name
        return closer

    def callback(self, kind: str, target: Callable[..., Any]) -> Callback:
        """A Python callable that the module may keep after the call that it is given to.

        Args:
            kind: the name of a typedef of the header, or a short signature, as ``"i32(const char*, i32)"``.
            target: what is called.
        """
        found = self.__header__.typedefs.get(kind)
        if isinstance(found, Pointer):
            found = found.target
        if not isinstance(found, Function):
            from .signatures import parse_signature

            prototype = parse_signature("callback", kind, self.__header__.typedefs)
            found = Function(
                prototype.result,
                tuple(param.type for param in prototype.params),
                tuple(param.name for param in prototype.params),
            )
        return Callback(found, self._binder, target)

    def alloc(self, count: int) -> int:
        """The address of `count` bytes of the module's memory; give it to `free`."""
        return self._binder.space.allocate(count)

    def free(self, address: int) -> None:
        """Gives back what `alloc` gave, or the module's malloc."""
        self._binder.space.release(address.__index__())

    def __dir__(self) -> list[str]:
        header = self.__header__
        return sorted({*object.__dir__(self), *header.functions, *header.constants, *self._types})

    def __repr__(self) -> str:
        return f"<namespace of {self.__header__.name} over {self.__wasm__!r}>"


def _named_types(header: Header) -> dict[str, Struct | Enum]:
    found: dict[str, Struct | Enum] = {}
    for name, kind in header.typedefs.items():
        if isinstance(kind, Struct | Enum):
            found[name] = kind
    for struct in header.structs.values():
        found.setdefault(struct.name, struct)
    for enum in header.enums:
        if enum.name:
            found.setdefault(enum.name, enum)
    return found


def bind(
    instance: Instance, header: Header | str, rules: Rules | None = None, *, name: str = ""
) -> Namespace:
    """Binds the declarations of a C header to the exports of an instance.

    Args:
        instance: whose exports are called.
        header: from `parse_header`, or the text of one.
        rules: what the header does not say: error codes, what closes a handle, other signatures.
        name: of the module that classes say they belong to; by default the header's.

    Raises:
        HeaderError: the text cannot be read. What is wrong with one function is said when that is used.
    """
    if isinstance(header, str):
        header = parse_header(header)
    binder = Binder(instance, header, rules if rules is not None else NO_RULES, name or header.name)
    return Namespace(binder, header)
