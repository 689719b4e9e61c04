"""Running WASI programs, in the shape of `subprocess.run`."""

from __future__ import annotations

from time import perf_counter

from . import engine
from .errors import Trap, WasiExit
from .limits import Limits, check_timeout
from .module import Module
from .wasi import INHERIT, PIPE, Wasi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .audit import Denial
    from .instance import Instance
    from .sources import Source
    from .wasi import Grant


class CompletedRun:
    """How a program ended."""

    __slots__ = ("args", "denials", "fuel_used", "peak_memory", "returncode", "stderr", "stdout")
    args: tuple[str, ...]
    """Its argv."""
    returncode: int
    """Its exit code, the full unsigned 32 bits."""
    stdout: bytes | str | None
    """What it wrote, if that was collected."""
    stderr: bytes | str | None
    """Likewise."""
    fuel_used: int | None
    """Units of fuel that it used; None where none was counted."""
    peak_memory: int
    """The most bytes that its memories took."""
    denials: tuple[Denial, ...]
    """What it wanted of WASI and was not granted, the first hundred times and the last one."""

    def __init__(
        self,
        args: tuple[str, ...],
        returncode: int,
        stdout: bytes | str | None = None,
        stderr: bytes | str | None = None,
        *,
        peak_memory: int = 0,
        fuel_used: int | None = None,
        denials: tuple[Denial, ...] = (),
    ) -> None:
        self.args, self.returncode, self.stdout, self.stderr = args, returncode, stdout, stderr
        self.fuel_used, self.peak_memory, self.denials = fuel_used, peak_memory, denials

    @property
    def denied(self) -> str | None:
        """The last thing that it wanted and was not granted, and how to grant it; None if there was none."""
        return str(self.denials[-1]) if self.denials else None

    def check_returncode(self) -> None:
        """Raises `subprocess.CalledProcessError`, with the last refusal, if the program did not return 0."""
        if not self.returncode:
            return
        from subprocess import CalledProcessError

        from .refused_run import RefusedRun

        facts = (self.returncode, list(self.args), self.stdout, self.stderr)
        if not self.denials:
            raise CalledProcessError(*facts)
        error = RefusedRun(*facts)
        error.denied = self.denied
        raise error

    def __repr__(self) -> str:
        parts = [f"args={self.args!r}", f"returncode={self.returncode}"]
        parts += [
            f"{name}={getattr(self, name)!r}"
            for name in ("stdout", "stderr")
            if getattr(self, name) is not None
        ]
        return f"CompletedRun({', '.join(parts)})"


def run(
    source: Source | Module,
    args: Sequence[str] = (),
    *,
    input: bytes | str | None = None,
    capture_output: bool = False,
    text: bool = False,
    check: bool = False,
    env: Mapping[str, str] | None = None,
    dirs: Mapping[str, Grant] | None = None,
    timeout: float | None = None,
    fuel: int | None = None,
    wasi: Wasi | None = None,
    limits: Limits | None = None,
    imports: Mapping[str, Any] | None = None,
    name: str | None = None,
) -> CompletedRun:
    """Runs a WASI program to its end.

    Of this process the program gets stdout and stderr, unless they are captured or `wasi` says otherwise;
    nothing else.

    Args:
        source: the program: whatever `compile` takes, or a `Module`.
        args: its arguments, without the program's name.
        input: what it reads from stdin; a str with `text`.
        capture_output: collect stdout and stderr.
        text: collected output is decoded, `input` encoded, as UTF-8.
        check: raise `subprocess.CalledProcessError` if it does not return 0.
        env: its environment variables; by default none.
        dirs: guest path -> `ro(path)` or `rw(path)`.
        timeout: seconds after which it is ended by `Timeout`, those for compiling it among them.
        fuel: units of fuel after which it is interrupted by `OutOfFuel`: see `Limits`.
        wasi: grants in full; the arguments above replace what they name.
        limits: bounds; `timeout` and `fuel` replace theirs.
        imports: functions of the host beside WASI.
        name: ``argv[0]``; by default the name of the file.

    Raises:
        Trap: the program trapped, `Timeout` among them; what it had written is in ``stdout`` and ``stderr``.
        LinkError, MalformedError, ValidationError: it cannot be run.
        ValueError: it has no ``_start``: it is a library.
    """
    if isinstance(args, str):
        raise TypeError(f"args is a sequence of strings: [{args!r}], not {args!r}")
    limits = _limits(limits, timeout, fuel)
    clock = _Clock(limits)
    module = (
        source if isinstance(source, Module) else Module.__new__(Module)._read(source, timeout=clock.timeout)
    )
    base = wasi if wasi is not None else Wasi(stdout=INHERIT, stderr=INHERIT)
    changes = _changes(base, input, capture_output, text, env, dirs)
    if args or name is not None or not base.args:
        changes["args"] = (name or (base.args[0] if base.args else module._handle.file), *args)
    granted = base.replace(**changes)
    _flush(granted)
    store = engine.Store(limits)
    engine.native.set_timeout(store, clock.left())
    instance = module.instantiate(imports, wasi=granted, store=store)
    start = instance.exports.get("_start")
    if not isinstance(start, engine.Func):
        raise ValueError(f"{module.name} has no _start: it is a library; call its exports with wasm.load()")
    result = CompletedRun(granted.args, 0)
    engine.native.set_timeout(store, clock.left())
    try:
        start()
    except WasiExit as stop:
        result.returncode = stop.code
    except Trap as trap:
        trap.stdout, trap.stderr = (_collected(instance, granted, number, text) for number in (1, 2))
        if instance.denials:
            trap.add_note(str(instance.denials[-1]))
        raise
    finally:
        _flush_files(granted)
    result.stdout, result.stderr = (_collected(instance, granted, number, text) for number in (1, 2))
    result.peak_memory, result.denials = store.peak_memory, instance.denials
    if limits is not None and limits.fuel is not None and store.fuel is not None:
        result.fuel_used = limits.fuel - store.fuel
    if check:
        result.check_returncode()
    return result


class _Clock:
    """What is left of the timeout: compiling, instantiating and running have one together."""

    def __init__(self, limits: Limits | None) -> None:
        self.timeout = limits.timeout if limits is not None else None
        self._began = perf_counter()

    def left(self) -> float | None:
        return None if self.timeout is None else max(self.timeout - (perf_counter() - self._began), 0)


def _limits(limits: Limits | None, timeout: float | None, fuel: int | None) -> Limits | None:
    check_timeout(timeout)
    if timeout is None and fuel is None:
        return limits
    fields = {name: getattr(limits, name) for name in Limits._fields} if limits is not None else {}
    if timeout is not None:
        fields["timeout"] = timeout
    if fuel is not None:
        fields["fuel"] = fuel
    return Limits(**fields)


def _changes(
    base: Wasi,
    given: bytes | str | None,
    capture_output: bool,
    text: bool,
    env: Mapping[str, str] | None,
    dirs: Mapping[str, Grant] | None,
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if given is not None:
        if base.stdin is not None:
            raise ValueError("input= and stdin of wasi= exclude each other")
        if isinstance(given, str) and not text:
            raise TypeError("input must be bytes; a str needs text=True")
        changes["stdin"] = given.encode() if isinstance(given, str) else bytes(given)
    if capture_output:
        changes["stdout"] = changes["stderr"] = PIPE
    if env is not None:
        changes["env"] = env
    if dirs is not None:
        changes["dirs"] = dirs
    return changes


def _flush(wasi: Wasi) -> None:
    """What Python has buffered comes before what the program writes."""
    import sys

    for stream, ours in ((wasi.stdout, sys.stdout), (wasi.stderr, sys.stderr)):
        if stream == INHERIT and ours is not None:
            ours.flush()


def _flush_files(wasi: Wasi) -> None:
    """What the program has written to file objects is there once it has ended."""
    if any(hasattr(stream, "write") for stream in (wasi.stdout, wasi.stderr)):
        from .stdio_files import flush

        flush(wasi)


def _collected(instance: Instance, wasi: Wasi, number: int, text: bool) -> Any:
    if (wasi.stdout if number == 1 else wasi.stderr) != PIPE:
        return None
    data = instance._wasi.output(number)[0] if instance._wasi is not None else b""
    return data.decode().replace("\r\n", "\n") if text else data
