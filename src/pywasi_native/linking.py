"""From `imports=` and `wasi=` to what the engine links; what is wrong with them, all at once."""

from __future__ import annotations

from . import engine
from .errors import LinkError
from .extern_types import FuncType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .extern_types import ImportType
    from .limits import Limits
    from .module import Module
    from .snapshot import Snapshot
    from .wasi import Wasi

    Imports = Mapping[str, Any]

_EXTERNS = (engine.Func, engine.Memory, engine.Table, engine.Global, engine.Tag)
MISSING = object()
"""Stands for an import that nobody gave; WASI's are found later."""

_SHOWN = 20
_LABEL = 100

# What to do about well known imports: (module, name or None for all) -> advice.
_ADVICE: dict[tuple[str, str | None], str] = {
    (
        "wasi_snapshot_preview1",
        None,
    ): "the module uses WASI: pass wasi=wasm.Wasi(...), which grants nothing by itself",
    (
        "wasi_unstable",
        None,
    ): "the module uses an old WASI: pass wasi=wasm.Wasi(...), which grants nothing by itself",
    (
        "__wbindgen_placeholder__",
        None,
    ): "the module was built for wasm-bindgen and needs its JavaScript; build it for wasm32-wasip1 instead",
    (
        "wbg",
        None,
    ): "the module was built for wasm-bindgen and needs its JavaScript; build it for wasm32-wasip1 instead",
    (
        "env",
        "abort",
    ): "AssemblyScript: pass imports={'env': {'abort': f}} with f(message, file, line, column)",
    ("env", "emscripten_resize_heap"): "the module was built by Emscripten; link it with -sSTANDALONE_WASM",
    ("go", None): "the module was built by Go for JavaScript; build it with GOOS=wasip1",
    ("gojs", None): "the module was built by Go for JavaScript; build it with GOOS=wasip1",
    (
        "wasi",
        "thread-spawn",
    ): "wasi-threads is withdrawn: run instances that share a memory in threads of Python",
}


def is_wasi(module: str) -> bool:
    """Whether imports from this module are WASI's."""
    return module in ("wasi_snapshot_preview1", "wasi_unstable")


def closest(name: str, names: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` with the closest name on offer, or nothing."""
    from difflib import get_close_matches

    found = get_close_matches(name, list(names)[:10_000], n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _printable(name: str) -> str:
    """The name that a module gives itself, fit for a line of a log."""
    if name.isprintable() and len(name) <= _LABEL:
        return name
    return "".join(char if char.isprintable() else "?" for char in name[:_LABEL])


def check_grants(wasi: object, limits: object) -> None:
    """What people mix up.

    Raises:
        TypeError: these are no `Wasi` and no `Limits`.
    """
    if limits is not None:
        from .limits import Limits

        if not isinstance(limits, Limits):
            given = type(limits).__name__
            raise TypeError(f"limits must be a Limits, as in wasm.Limits(timeout=1), not {given}")
    if wasi is not None:
        from .wasi import Wasi

        if not isinstance(wasi, Wasi):
            raise TypeError(f"wasi must be a Wasi, as in wasm.Wasi(), not {type(wasi).__name__}")


class Plan:
    """How one instantiation finds its imports and its store."""

    def __init__(
        self,
        module: Module,
        imports: Imports | None,
        wasi: Wasi | None,
        limits: Limits | None,
        store: engine.Store | None,
        label: str | None = None,
        saved: Snapshot | None = None,
    ) -> None:
        if imports is not None and not hasattr(imports, "__getitem__"):
            raise TypeError(f"imports must be a mapping of module names, not {type(imports).__name__}")
        self.module = module
        self.label = label or _printable(module.name)
        self.imports = imports if imports is not None else {}
        self.wasi = wasi
        check_grants(wasi, limits)
        self.wasi_state: engine.native.WasiState | None = None
        self.values = [self._find(item) for item in module.imports]
        if saved is not None:
            given = zip(self.values, saved._values, strict=True)
            self.values = [old if value is MISSING else value for value, old in given]
        self.store = self._choose_store(store, limits, saved)
        self.problems: list[str] = []

    def _find(self, item: ImportType) -> Any:
        try:
            space = self.imports[item.module]
        except KeyError:
            return MISSING
        if hasattr(type(space), "__getitem__"):
            try:
                return space[item.name]
            except KeyError:
                return MISSING
        return getattr(space, item.name, MISSING)

    def _choose_store(
        self, store: engine.Store | None, limits: Limits | None, saved: Snapshot | None
    ) -> engine.Store:
        joined = store
        for value in self.values:
            theirs = engine.native.store_of(value)
            if theirs is None:
                continue
            if joined is not None and theirs is not joined:
                raise ValueError(
                    "the imports belong to different stores: make both with the same store=wasm.Store(), or "
                    "let one instance import from the other"
                )
            joined = theirs
        if joined is None:
            if limits is not None or saved is None:
                return engine.Store(limits)
            made = engine.Store(saved._limits)
            calls, fuel = saved._handle.calls()
            if calls and made.fuel is not None:
                made.fuel = fuel
            return made
        if limits is not None and limits != joined.limits:
            raise ValueError("limits belong to the store: pass them where it is made, wasm.Store(limits)")
        return joined

    def externs(self) -> list[Any]:
        """One thing of the store for each import.

        Raises:
            LinkError: for all that are missing or of another type.
        """
        if self.wasi is not None and any(is_wasi(item.module) for item in self.module.imports):
            self.wasi_state = self.wasi.open(self.store, self.label)
        found = [self._extern(i, item) for i, item in enumerate(self.module.imports)]
        if self.problems:
            raise LinkError(self._message(), problems=self.problems)
        return found

    def _extern(self, index: int, item: ImportType) -> Any:
        value = self.values[index]
        if value is MISSING and self.wasi_state is not None and is_wasi(item.module):
            value = self.wasi_state.function(self.store, item.module, item.name)
            if value is None:
                value = MISSING
        if value is MISSING:
            self._missing(item)
            return None
        if isinstance(value, _EXTERNS):
            value = engine.native.bind(value, self.store)
        elif callable(value) and isinstance(item.type, FuncType):
            return self.module._handle.host_function(self.store, index, value)
        else:
            self._mistyped(item, f"a Python {type(value).__name__}")
            return None
        if not self.module._handle.matches(self.store, index, value):
            self._mistyped(item, str(value.type))
        return value

    def _missing(self, item: ImportType) -> None:
        text = f"{item.module}.{item.name} {item.type} is missing"
        advice = _ADVICE.get((item.module, item.name)) or _ADVICE.get((item.module, None), "")
        if advice and not (is_wasi(item.module) and self.wasi is not None):
            text += f": {advice}"
        elif is_wasi(item.module):
            text += ": WASI has no function of this name"
        elif len(self.problems) >= _SHOWN:
            pass  # a search takes long, and a module may have a million imports
        elif item.module not in self.imports:
            text += closest(item.module, self.imports)
        else:
            space = self.imports[item.module]
            text += closest(item.name, space if hasattr(type(space), "__iter__") else dir(space))
        self.problems.append(text)

    def _mistyped(self, item: ImportType, given: str) -> None:
        self.problems.append(f"{item.module}.{item.name} must be {item.type}, not {given}")

    def _message(self) -> str:
        # One advice for a whole module says enough once.
        seen: set[str] = set()
        lines = []
        for problem in self.problems[:_SHOWN]:
            head, colon, advice = problem.partition(" is missing: ")
            lines.append(problem if not colon or advice not in seen else f"{head} is missing")
            seen.add(advice)
        if len(self.problems) == 1:
            return f"{self.module.name}: {lines[0]}"
        more = len(self.problems) - len(lines)
        if more:
            lines.append(f"and {more} more")
        return f"{self.module.name}: {len(self.problems)} imports do not fit:\n  " + "\n  ".join(lines)
