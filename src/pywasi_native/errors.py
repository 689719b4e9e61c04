"""The errors of the package.

Every class says by its built-in base how it may be caught as well::

    WasmError(Exception)
    ├── MalformedError(ValueError)      the bytes are no module
    ├── ValidationError(ValueError)     well formed, but not valid
    ├── LinkError(ImportError)          imports are missing or of another type
    ├── Trap(RuntimeError)              running code did what it may not
    │   ├── StackExhausted
    │   ├── OutOfFuel
    │   ├── Timeout(TimeoutError)
    │   └── Cancelled
    ├── WasmException                   an exception of the module that nothing in it caught
    ├── WasiExit                        the program called proc_exit
    └── CapabilityError(PermissionError)
"""

from __future__ import annotations

from ._record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Sequence
    from typing import Any

    from ._native import ExnRef, Failure, Suspended, Tag
    from .trap_kinds import TrapKind
    from .typed._calls import StoppedCall


class Frame(Record):
    """One wasm function on the call stack of a trap."""

    __slots__ = _fields = ("function", "index", "offset", "file", "line")
    function: str
    """Its name by the name section, else its export, else ``func[12]``."""
    index: int
    """Its index in the function index space of its instance."""
    offset: int | None
    """Byte offset of the instruction in the module."""
    file: str | None
    """Source file, where the module carries DWARF line tables."""
    line: int | None
    """Source line, likewise."""

    def __init__(
        self, function: str, index: int, offset: int | None, file: str | None = None, line: int | None = None
    ) -> None:
        self._set(function, index, offset, file, line)

    def __str__(self) -> str:
        place = f" at {self.offset:#x}" if self.offset is not None else ""
        source = f" ({self.file}:{self.line})" if self.file else ""
        return f"{self.function}{place}{source}"


class WasmError(Exception):
    """The base of all errors that belong to WebAssembly."""


class MalformedError(WasmError, ValueError):
    """The bytes are no WebAssembly module."""

    offset: int | None
    """Byte in the module where reading failed."""

    def __init__(self, message: str, *, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


class ValidationError(WasmError, ValueError):
    """The module is well formed, but breaks a rule of validation."""

    offset: int | None
    """Byte in the module of what breaks the rule."""
    function: int | None
    """Index of the function in which it stands, None outside of functions."""

    def __init__(self, message: str, *, offset: int | None = None, function: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.function = function


class LinkError(WasmError, ImportError):
    """Imports are missing or mistyped; the message lists all of them."""

    problems: tuple[str, ...]
    """One line for each import that could not be satisfied."""

    def __init__(self, message: str, *, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class Trap(WasmError, RuntimeError):
    """Running code trapped. ``str()`` gives the specification's message."""

    frames: tuple[Frame, ...]
    """The wasm functions that were active, the outermost first."""
    frames_left_out: int
    """How many frames in the middle of a deep stack are not in `frames`."""
    stdout: bytes | str | None = None
    """What the program had written, where `run` captured it."""
    stderr: bytes | str | None = None
    """Likewise."""

    def __init__(
        self,
        message: str | None = None,
        *,
        kind: TrapKind | str = "host function trapped",
        frames: Sequence[Frame] = (),
        frames_left_out: int = 0,
    ) -> None:
        text = kind if isinstance(kind, str) else str(kind.value)
        super().__init__(text if message is None else message)
        self._kind = text
        self.frames = tuple(frames)
        self.frames_left_out = frames_left_out

    # A base with a __str__ of its own (OSError) must not change the message.
    __str__ = Exception.__str__

    @property
    def kind(self) -> TrapKind:
        """What happened."""
        from .trap_kinds import TrapKind  # enum is slow to import

        return TrapKind(self._kind)


class StackExhausted(Trap):
    """The call stack is full: recursion without end, or `Limits.stack` is too small."""


class OutOfFuel(Trap):
    """The fuel of `Limits.fuel` is used up."""

    _suspended: Suspended | StoppedCall | None = None

    def resume(self, fuel: int) -> Any:
        """Goes on with `fuel` more units and returns the results of the interrupted call, as that would have.

        Raises:
            OutOfFuel: these are used up too; the new exception can go on again.
            RuntimeError: it has gone on already, or cannot: a host function called the guest when it
                happened, or it was the start function of an instance.
        """
        return self._checked().refuel(_units(fuel))

    def resume_aio(self, fuel: int) -> Coroutine[Any, Any, Any]:
        """The same for a coroutine, ``await stop.resume_aio(1000)``, as `Func.aio` is a call for one.

        A call that was begun by ``await f.aio()`` may be resumed either way; by this one its host functions
        may be ``async def`` from here on.
        """
        from .aio import resume

        return resume(self._checked(), _units(fuel))

    def _checked(self) -> Suspended | StoppedCall:
        if self._suspended is None:
            raise RuntimeError(
                "this call cannot be resumed: a host function stands between it and the call from outside, "
                "or it ran a start function, or the exception comes from another process; "
                "begin anew with more fuel"
            )
        return self._suspended

    def __reduce__(self) -> tuple[Any, ...]:
        made: Any = super().__reduce__()
        state: dict[str, Any] = made[2] if len(made) > 2 else {}
        return (*made[:2], {name: value for name, value in state.items() if name != "_suspended"})


def _units(fuel: int) -> int:
    from .limits import fuel_units

    return fuel_units(fuel, 1)


class Timeout(Trap, TimeoutError):
    """The time of `Limits.timeout` or `run(timeout=)` is over."""

    # One of its own: else tblib, with which dask pickles exceptions, calls __new__ of the wrong base.
    def __reduce__(self) -> tuple[Any, ...]:
        return super().__reduce__()  # type: ignore[return-value]


class Cancelled(Trap):
    """`Instance.cancel` ended the call."""


class WasmException(WasmError):
    """An exception that no handler in the guest caught. A host function raises one to throw it in the guest.

    Args:
        tag: what kind of exception it is. Handlers in the guest that name the same tag catch it.
        args: its values, as many as ``tag.type.params`` and of these types.

    Raises:
        TypeError: `tag` is no `Tag`, or the values are too many or too few for it.
    """

    tag: Tag | None = None
    """What kind of exception it is. None after unpickling: a tag cannot leave its process."""
    args_: tuple[Any, ...] = ()
    """Its values (`args` is taken: Python's exceptions have one)."""
    _reference: ExnRef | None = None  # the exception in the guest, once there is one

    def __init__(self, tag: Tag, args: Iterable[Any] = ()) -> None:
        from .engine import Tag

        values = tuple(args)
        super().__init__(tag, values)
        if not isinstance(tag, Tag):
            raise TypeError(f"an exception needs a Tag, not {type(tag).__name__}")
        if len(values) != len(tag.type.params):
            wanted = len(tag.type.params)
            raise TypeError(f"an exception of {tag.type} has {wanted} values, not {len(values)}")
        self.tag, self.args_ = tag, values

    def __str__(self) -> str:
        values = ", ".join(map(repr, self.args_))
        return f"exception {self.tag.type if self.tag else '(tag)'}{': ' if values else ''}{values}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _without_tag, (type(self), self.args_)


def _without_tag(cls: type[WasmException], args: tuple[Any, ...]) -> WasmException:
    """What an exception is in another process."""
    made = cls.__new__(cls, None, args)
    made.args_ = args
    return made


class WasiExit(WasmError):
    """The program ended by ``proc_exit``. `run` turns it into ``returncode``."""

    code: int
    """The exit code, an unsigned 32-bit number."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        return f"exit code {self.code}"


class CapabilityError(WasmError, PermissionError):
    """Something was asked for that nobody granted: what, by which call, and how to grant it."""

    package: str | None
    """The package that wants it, where that is known."""
    capability: str | None
    """What it wants: a name as in `Wasi.without`, for directories with the access that is missing."""

    def __init__(
        self, message: str = "", *, package: str | None = None, capability: str | None = None
    ) -> None:
        super().__init__(message)
        self.package, self.capability = package, capability

    # OSError would read (1, "text") as errno and message and print them in its own way.
    __str__ = Exception.__str__


RESULT_MALFORMED, RESULT_INVALID, RESULT_UNLINKABLE, RESULT_TRAP = 1, 2, 3, 4
RESULT_EXIT, RESULT_HOST, RESULT_NO_MEMORY, RESULT_LIMIT, RESULT_ARGUMENT = 6, 7, 8, 9, 10


def _feature_advice(text: str) -> str:
    before, _, name = text.partition("needs the proposal ")
    name, _, rest = name.partition(",")
    if before or "switched off" not in rest:
        return ""
    return f'; features= has to name it: features=wasm.DEFAULT_FEATURES | {{"{name}"}}'


def from_failure(failure: Failure) -> BaseException:
    """The exception for a failure that the engine reports."""
    result, text = failure.result, failure.text
    if result == RESULT_TRAP:
        return _trap(failure)
    if result == RESULT_EXIT:
        return WasiExit(failure.exit_code)
    if result == RESULT_MALFORMED:
        return MalformedError(_at(text, failure.offset), offset=failure.offset)
    if result == RESULT_INVALID:
        message = _at(text, failure.offset, failure.func_index) + _feature_advice(text)
        return ValidationError(message, offset=failure.offset, function=failure.func_index)
    if result == RESULT_UNLINKABLE:
        return LinkError(text or "an import does not fit", problems=[text])
    if result == RESULT_NO_MEMORY:
        return MemoryError(_advised(text) or "the host has no memory left")
    if result == RESULT_ARGUMENT:
        return ValueError(text or "an argument does not fit")
    if result == RESULT_HOST:
        return WasmError(text or "a host function failed and did not say why")
    return WasmError(_advised(text) or "a limit of the store was reached")


def _advised(text: str) -> str:
    from .limit_advice import advised

    return advised(text)


_TRAPS = {"call stack exhausted": StackExhausted, "all fuel consumed": OutOfFuel}


def _trap(failure: Failure) -> Trap:
    kind = failure.trap
    frames = [Frame(*frame) for frame in failure.frames]
    message = failure.text or kind if kind == "host function trapped" else kind
    cls = _TRAPS.get(kind, Trap)
    made = cls(message, kind=kind, frames=frames, frames_left_out=failure.frames_left_out)
    if cls is StackExhausted:
        from .limit_advice import stack_note

        stack_note(made, failure.text)
    return made


def _at(text: str, offset: int | None, function: int | None = None) -> str:
    place = f"function {function}" if function is not None else ""
    if offset is not None:
        place += f"{' at ' if place else 'at '}byte {offset:#x}"
    return f"{text} ({place})" if place else text
