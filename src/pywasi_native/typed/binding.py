"""What makes Python of C: classes, readers of results, converters of arguments; one per namespace."""

from __future__ import annotations

from ._calls import Handle, Pointer, StructBase, TypedFunction, struct_at, struct_from_bytes
from .callbacks import Callback, CallbackPool
from .ctype import Array, CType, Enum, Function, Scalar, Struct, Void, is_text
from .ctype import Pointer as PointerType
from .handles import handle_at, make_handle_class
from .plans import Plan
from .rules import NO_RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import IntEnum
    from typing import Any

    from ..instance import Instance
    from .headers import Header
    from .prototypes import Prototype
    from .rules import Rules
    from .space import Space


class Binder:
    """Makes typed functions of one instance.

    Args:
        instance: whose exports they call.
        header: where functions are looked for by name, or None.
        rules: what the header does not say.
        name: of the module that the classes belong to.
    """

    def __init__(
        self, instance: Instance, header: Header | None = None, rules: Rules = NO_RULES, name: str = "wasm"
    ) -> None:
        self.instance, self.header, self.rules, self.name = instance, header, rules, name
        self.classes: dict[int, Any] = {}  # id of a C type -> class; the types live as long as `kept`
        self.kept: list[CType] = []
        self.made: dict[str, Any] = {}
        self._space: Space | None = None
        self._callbacks: CallbackPool | None = None

    @property
    def space(self) -> Space:
        """The memory of the instance, with its arena."""
        if self._space is None:
            from .space import space_of

            self._space = space_of(self.instance)
        return self._space

    @property
    def callbacks(self) -> CallbackPool:
        """The trampolines of the instance."""
        if self._callbacks is None:
            self._callbacks = CallbackPool(self.instance)
        return self._callbacks

    # Classes ----------------------------------------------------------------------------------------------

    def _class(self, kind: CType, make: Callable[..., Any]) -> Any:
        found = self.classes.get(id(kind))
        if found is None:
            self.kept.append(kind)
            found = self.classes[id(kind)] = make(kind, self)
        return found

    def struct_class(self, kind: CType) -> type[StructBase]:
        """The class of a complete struct."""
        from .structs import make_struct

        found: type[StructBase] = self._class(kind, make_struct)
        return found

    def handle_class(self, kind: CType) -> type[Handle]:
        """The class of an opaque type."""
        found: type[Handle] = self._class(kind, make_handle_class)
        return found

    def enum_class(self, kind: Enum) -> type[IntEnum]:
        """The class of an enumeration with a name."""
        found: type[IntEnum] = self._class(kind, _make_enum)
        return found

    # Results ----------------------------------------------------------------------------------------------

    def cell_reader(self, kind: CType) -> Callable[[Any], Any] | None:
        """What makes the Python value of a raw one (a number, or bytes); None: it is that already."""
        if isinstance(kind, Enum) and kind.name:
            return _enum_reader(self.enum_class(kind))
        if isinstance(kind, Struct):
            cls = self.struct_class(kind)
            return lambda data: struct_from_bytes(cls, data)
        if isinstance(kind, PointerType):
            return self._pointer_reader(kind)
        return None

    def _pointer_reader(self, kind: PointerType) -> Callable[[Any], Any] | None:
        target = kind.target
        if isinstance(target, Function):
            return None
        memory = self.space.memory
        if kind.const and is_text(target):
            return lambda address: memory.text(address) if address else None
        if isinstance(target, Struct):
            if target.opaque:
                handle, instance = self.handle_class(target), self.instance
                return lambda address: handle_at(handle, address, instance)
            struct = self.classes.get(id(target))
            if struct is None:
                struct = self.struct_class(target)
            return lambda address: struct_at(struct, memory, address) if address else None
        code = "B"
        if isinstance(target, Scalar):
            code = target.code
        elif not isinstance(target, Void | Array):
            code = "I"
        return lambda address: Pointer(memory, address, code) if address else None

    def pack_scalar(self, kind: CType, number: Any) -> bytes:
        """A number as its bytes in memory."""
        from struct import pack

        return pack(f"<{kind.code if isinstance(kind, Scalar) else 'I'}", number)

    # Arguments --------------------------------------------------------------------------------------------

    def converter(self, what: str, kind: CType) -> Callable[[Any, list[Any]], Any]:
        """What makes an int or a buffer of an argument; it may leave things to be called after the call."""
        if what == "callback":
            assert isinstance(kind, PointerType)
            assert isinstance(kind.target, Function)
            return self._callback_converter(kind.target)
        if what == "strings":
            return self._strings
        assert isinstance(kind, Struct)
        return self._copy_converter(kind)

    def _callback_converter(self, kind: Function) -> Callable[[Any, list[Any]], Any]:
        def convert(value: Any, pending: list[Any]) -> int:
            if value is None:
                return 0
            if isinstance(value, Callback):
                return value.__index__()
            if not callable(value):
                raise TypeError(f"must be callable, not {type(value).__name__} ({kind.spell('*')})")
            index, trampoline = self.callbacks.take(kind, self, value)
            pending.append(lambda: self.callbacks.give(kind, self, index, trampoline))
            return index

        return convert

    def _copy_converter(self, kind: Struct) -> Callable[[Any, list[Any]], Any]:
        cls, only = self.struct_class(kind), kind.only_scalar()

        def convert(value: Any, _pending: list[Any]) -> int | bytes:
            if not isinstance(value, cls):
                raise TypeError(f"must be {cls.__name__}, not {type(value).__name__} ({kind})")
            data = bytes(value)
            if only is None:
                return data
            signed = isinstance(only, Scalar) and only.kind in "ic"
            return int.from_bytes(data[: only.size], "little", signed=signed)

        return convert

    def _strings(self, value: Any, pending: list[Any]) -> int:
        """An array of texts with a null pointer at its end."""
        if value is None:
            return 0
        if isinstance(value, str | bytes):
            raise TypeError("must be a sequence of texts, not one text")
        texts = [(text.encode() if isinstance(text, str) else bytes(text)) + b"\0" for text in value]
        space, head = self.space, 4 * (len(texts) + 1)
        address = space.allocate(head + sum(map(len, texts)))
        pending.append(lambda: space.release(address))
        at, places = address + head, b""
        for text in texts:
            places += at.to_bytes(4, "little")
            at += len(text)
        space.memory.write(address, b"".join([places, b"\0\0\0\0", *texts]))
        return address

    # Functions --------------------------------------------------------------------------------------------

    def function(self, name: str) -> Any:
        """The function of the header with a name, made when it is first asked for."""
        found = self.made.get(name)
        if found is None:
            prototype = self.prototype(name)
            found = self.made[name] = self.make(prototype, by_convention=name not in self.rules.functions)
        return found

    def prototype(self, name: str) -> Prototype:
        """The declaration of a function, or what the rules say instead.

        Raises:
            AttributeError: there is none.
        """
        if name in self.rules.functions:
            from .signatures import parse_signature

            known = self.header.typedefs if self.header is not None else {}
            return parse_signature(name, self.rules.functions[name], known)
        if self.header is None or name not in self.header.functions:
            from ..linking import closest

            functions = self.header.functions if self.header is not None else {}
            where = self.header.name if self.header is not None else "no header"
            raise AttributeError(f"{name} is not declared in {where}{closest(name, functions)}")
        return self.header.functions[name]

    def make(self, prototype: Prototype, *, by_convention: bool) -> TypedFunction:
        """The typed function of a declaration.

        Raises:
            HeaderError: its types cannot be mapped.
            LinkError: the module has no such export, or one of another type.
        """
        from ..engine import Func
        from ..errors import LinkError
        from ..linking import closest

        export = self.instance.exports.get(prototype.name)
        if not isinstance(export, Func):
            near = closest(prototype.name, self.instance.exports)
            advice = near or f"; compile the module with -Wl,--export={prototype.name}"
            raise LinkError(
                f"{prototype.place}: {prototype.name} is declared, but the module does not export it{advice}"
            )
        plan = Plan(
            self,
            prototype,
            by_convention=by_convention,
            failure=self.rules.failure(prototype),
            rules=self.rules,
        )
        return plan.make(export)

    def raw_closer(self, name: str) -> Callable[[int], Any]:
        """The export that ends the life of a handle, by address."""
        from ..engine import Func

        export = self.instance.exports.get(name)
        if not isinstance(export, Func):
            raise AttributeError(f"{name}, which closes a handle, is no function that the module exports")
        return export


def _make_enum(kind: Enum, binder: Binder) -> type[IntEnum]:
    from enum import IntEnum

    make: Callable[..., Any] = IntEnum
    made: type[IntEnum] = make(kind.name, kind.members, module=binder.name)
    return made


def _enum_reader(cls: type[IntEnum]) -> Callable[[int], int]:
    members = {int(member): member for member in cls}

    def read(number: int) -> int:
        return members.get(number, number)

    return read
