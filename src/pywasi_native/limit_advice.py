"""What to do about a limit that was reached. Imported when one is.

Traps have the specification's message, and the rest as a note, which a traceback shows.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .errors import OutOfFuel, Timeout, Trap
    from .extern_types import MemoryType, TableType
    from .limits import Limits

# How the engine ends the number of a limit -> the argument of `Limits` that is meant.
_ARGUMENTS = {
    " bytes": "memory", " bytes of stack": "stack", " elements": "tables", " open files": "open_files",
}  # fmt: skip


def _more(argument: str) -> str:
    return f"limits=wasm.Limits({argument}=...) allows more"


def advised(text: str) -> str:
    """The engine's text about a limit, with what allows more."""
    if text.endswith(" instances, its limit"):
        return f"{text}; they live as long as it: take another store, or {_more('instances')}"
    limit = text.partition("would pass the limit of ")[2].partition(" (")[0]
    argument = _ARGUMENTS.get(limit.lstrip("0123456789"))
    return f"{text}; {_more(argument)}" if argument else text


def memory_growth(pages: object, type: MemoryType, limits: Limits | None) -> str:
    """Why a memory does not grow."""
    refused = f"the memory cannot grow by {pages} pages: {type}"
    if type.maximum is not None and isinstance(pages, int) and type.minimum + pages > type.maximum:
        return f"{refused} has at most {type.maximum}"
    bound = f"{limits.memory} bytes" if limits is not None else "4 GiB"
    return (
        f"{refused}; the limit is {bound}, all memories and objects of its store together: {_more('memory')}"
    )


def table_growth(elements: object, type: TableType, limits: Limits | None) -> str:
    """Why a table does not grow."""
    refused = f"the table cannot grow by {elements} elements: {type}"
    if type.maximum is not None and isinstance(elements, int) and type.minimum + elements > type.maximum:
        return f"{refused} has at most {type.maximum}"
    bound = limits.tables if limits is not None else 10_000_000
    return f"{refused}; the limit is {bound} elements of all tables of its store together: {_more('tables')}"


def stack_note(trap: Trap, text: str) -> None:
    """What there was too little of: of `text` what follows the specification's message."""
    reason = text.partition(": ")[2]
    if reason.endswith(" bytes"):
        size = reason.removeprefix("it has ")
        trap.add_note(f"the call stack has {size}; {_more('stack')}, if the recursion has an end")
    elif reason:
        trap.add_note(reason)


def fuel_note(stop: OutOfFuel, limits: Limits | None) -> None:
    """How a call goes on."""
    began = f"of the {limits.fuel} units that the store began with" if limits is not None else "that it had"
    more = "resume(units) of this exception goes on with the call"
    if stop._suspended is None:
        more = "limits=wasm.Limits(fuel=...) and fuel= of the instance allow more"
    stop.add_note(f"nothing is left {began}; {more}")


def timed_out(seconds: float, what: str = "the call") -> Timeout:
    """The error of a call that took too long."""
    from .errors import Timeout

    made = Timeout(kind="timed out")
    made.add_note(f"{what} took longer than {seconds:g} s; timeout= allows more, None as long as it takes")
    return made


def compile_timed_out(seconds: float, size: int) -> Timeout:
    """The same of a module."""
    return timed_out(seconds, f"to compile the module of {size} bytes")
