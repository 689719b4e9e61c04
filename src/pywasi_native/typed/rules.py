"""Rules for what a header does not say: which results are errors, and which function ends a handle."""

from __future__ import annotations

from .._record import Record
from ..errors import WasmError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from .binding import Binder
    from .prototypes import Prototype

_WHEN = ("negative", "nonzero", "null")


class CallError(WasmError):
    """A C function reported an error.

    Attributes:
        function: its name.
        code: what it returned; None for a null pointer.
    """

    def __init__(self, function: str, code: int | None, message: str = "") -> None:
        said = f"{function}() failed with {code}" if code is not None else f"{function}() gave a null pointer"
        super().__init__(f"{said}: {message}" if message else said)
        self.function, self.code, self.message = function, code, message

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.function, self.code, self.message)


class Failure(Record):
    """When the result of a function is an error, and what is raised then.

    Args:
        when: ``negative``, ``nonzero`` (the result is left out: it says only that all is well), or ``null``.
        exception: called with the function's name, the code and a message.
        message: the name of a C function that gives the text of a code, or "".
    """

    __slots__ = _fields = ("when", "exception", "message")
    when: str
    exception: type[BaseException]
    message: str

    def __init__(self, when: str, exception: type[BaseException] = CallError, message: str = "") -> None:
        if when not in _WHEN:
            raise ValueError(f"a result is an error when it is {', '.join(_WHEN)}, not {when!r}")
        self._set(when, exception, message)

    def raiser(self, name: str, binder: Binder) -> Callable[[Any], object]:
        """What is called with the result when it is an error."""

        def fail(code: Any) -> object:
            text = ""
            if self.message:
                text = binder.function(self.message)(code) or ""
            raise self.exception(name, None if self.when == "null" else code, text)

        return fail


class Rules(Record):
    """What a header does not say of its functions.

    Args:
        errors: which results are errors: the name of a function, a pattern such as ``"db_*"``, or the name of
            a result type as ``"db_status"``, to ``"negative"``, ``"nonzero"``, ``"null"`` or a `Failure`.
        message: the name of the C function that gives the text of a code, for those that are no `Failure`.
        exception: the class of the errors, for those that are no `Failure`.
        closes: the name of an opaque type to that of the function that ends its life, if names do not tell.
        functions: short signatures (see `signatures`) that replace the header's declarations, by name.
        out: parameters that come back, as ``"function.parameter"``.
        plain: parameters that look like lengths or results and are not, as ``"function.parameter"``.
    """

    __slots__ = _fields = ("errors", "message", "exception", "closes", "functions", "out", "plain")
    errors: Mapping[str, str | Failure]
    message: str
    exception: type[BaseException]
    closes: Mapping[str, str]
    functions: Mapping[str, str]
    out: frozenset[str]
    plain: frozenset[str]

    def __init__(
        self,
        errors: Mapping[str, str | Failure] | None = None,
        *,
        message: str = "",
        exception: type[BaseException] = CallError,
        closes: Mapping[str, str] | None = None,
        functions: Mapping[str, str] | None = None,
        out: Collection[str] = (),
        plain: Collection[str] = (),
    ) -> None:
        made = {
            key: how if isinstance(how, Failure) else Failure(how, exception, message)
            for key, how in (errors or {}).items()
        }
        self._set(
            made,
            message,
            exception,
            dict(closes or {}),
            dict(functions or {}),
            frozenset(out),
            frozenset(plain),
        )

    def failure(self, prototype: Prototype) -> Failure | None:
        """The rule for a function: by its name, by a pattern, by its result type."""
        from fnmatch import fnmatchcase

        if prototype.name == self.message:
            return None
        found = self.errors.get(prototype.name)
        if found is None:
            by_type = self.errors.get(prototype.result.spell())
            patterns = (how for key, how in self.errors.items() if fnmatchcase(prototype.name, key))
            found = next(patterns, by_type)
        if not isinstance(found, Failure):
            return None
        return found if _fits(found.when, prototype) else None


def _fits(when: str, prototype: Prototype) -> bool:
    """Whether the result can be such an error; a pattern may take in functions that return something else."""
    from .ctype import Enum, Pointer, is_integer

    if when == "null":
        return isinstance(prototype.result, Pointer)
    return is_integer(prototype.result) or isinstance(prototype.result, Enum)


NO_RULES = Rules()
