"""What a guest may use: memory, time, stack, output, files."""

from __future__ import annotations

from ._record import Record

_UNITS = {
    "": 1, "B": 1,
    "KB": 1000, "MB": 1000**2, "GB": 1000**3,
    "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30,
}  # fmt: skip
_WORD = (1 << 64) - 1


def parse_size(size: object, what: str = "size") -> int:
    """Bytes of a size: an int, or a string with a unit of ``KiB MiB GiB KB MB GB``.

    Raises:
        TypeError: neither int nor str.
        ValueError: no number, an unknown unit, negative, or beyond 64 bits.
    """
    if isinstance(size, bool) or not isinstance(size, int | str):
        raise TypeError(f"{what} must be an int (bytes) or a str such as '64MiB', not {type(size).__name__}")
    if isinstance(size, int):
        value: float = size
    else:
        text = size.strip().replace("_", "")
        number = text.rstrip("bBiIkKmMgG ")
        unit = text[len(number) :].strip().upper()
        if unit not in _UNITS:
            raise ValueError(f"{what}: {size!r} has no known unit; use B, KB, MB, GB, KiB, MiB or GiB")
        if not number or number.strip("0123456789") not in ("", "."):
            raise ValueError(f"{what}: {size!r} is no size; write it like '64MiB'")
        value = (float(number) if "." in number else int(number)) * _UNITS[unit]
    if not 0 <= value <= _WORD:
        raise ValueError(f"{what}: {size!r} is out of range (0 to 2**64 - 1 bytes)")
    return int(value)


def _count(value: object, what: str, maximum: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    if not 0 < value <= maximum:
        raise ValueError(f"{what} must be between 1 and {maximum}, not {value}")
    return value


def fuel_units(fuel: object, least: int) -> int:
    """Units of fuel, as a number that the engine takes.

    Raises:
        TypeError: no int.
        ValueError: less than `least`, or 2**63 and more.
    """
    if isinstance(fuel, bool) or not isinstance(fuel, int):
        raise TypeError(f"fuel must be an int, about the number of instructions, not {type(fuel).__name__}")
    if not least <= fuel < 1 << 63:
        raise ValueError(f"fuel must be between {least} and 2**63 - 1, not {fuel}")
    return fuel


class Limits(Record):
    """Bounds on what a store, and a program that `run` runs, may use. Immutable.

    Sizes are bytes as int, or strings with ``KiB MiB GiB KB MB GB``.

    Args:
        memory: bytes of all memories together. Growth beyond it fails as the specification says (-1), a
            module that starts with more does not instantiate.
        fuel: units of fuel that the store begins with: about one for each instruction of wasm, and one for
            each 64 bytes or 8 elements that a bulk instruction moves; the same on every platform. Beyond it:
            `OutOfFuel`, which can go on. `Instance.fuel` tells and sets what is left. None: nothing is
            counted.
        timeout: seconds that one call from outside may take, or that `load` takes for compiling and
            for instantiating; then it raises `Timeout`. None: no bound.
        stack: bytes of the call stack of wasm functions; beyond it: `StackExhausted`.
        output: bytes that a program may write to each of stdout and stderr, wherever they go; then it gets
            the error number for "no space left". None: 64 MiB where Python collects them, else no bound.
        open_files: descriptors that a program may hold at once.
        tables: elements of all tables together.
        instances: instances in one store.
    """

    __slots__ = _fields = (
        "memory", "fuel", "timeout", "stack", "output", "open_files", "tables", "instances",
    )  # fmt: skip
    memory: int
    fuel: int | None
    timeout: float | None
    stack: int
    output: int | None
    open_files: int
    tables: int
    instances: int

    def __init__(
        self,
        *,
        memory: int | str = "4GiB",
        fuel: int | None = None,
        timeout: float | None = None,
        stack: int | str = "1MiB",
        output: int | str | None = None,
        open_files: int = 256,
        tables: int = 10_000_000,
        instances: int = 1000,
    ) -> None:
        self._set(
            max(parse_size(memory, "memory"), 1),
            None if fuel is None else fuel_units(fuel, 0),
            check_timeout(timeout),
            max(parse_size(stack, "stack"), 1),
            None if output is None else parse_size(output, "output"),
            _count(open_files, "open_files", 1 << 20),
            _count(tables, "tables", (1 << 32) - 1),
            _count(instances, "instances", (1 << 32) - 1),
        )


def check_timeout(timeout: object) -> float | None:
    """Seconds as a float, or None.

    Raises:
        TypeError: no number.
        ValueError: negative, or not a number.
    """
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        raise TypeError(f"timeout must be a number of seconds or None, not {type(timeout).__name__}")
    if not timeout >= 0:
        raise ValueError(f"timeout must not be negative: {timeout}")
    return float(timeout)
