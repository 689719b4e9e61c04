"""Instances: a module joined with its imports."""

from __future__ import annotations

from _weakref import ref
from sys import intern

from . import engine, linking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

    from .audit import Denial
    from .errors import OutOfFuel
    from .limits import Limits
    from .linking import Imports
    from .module import Module
    from .snapshot import Snapshot
    from .typed import TypedFunction
    from .typed.space import Space
    from .wasi import Wasi

Extern = engine.Func | engine.Memory | engine.Table | engine.Global | engine.Tag
"""What an export may be."""


class Exports(dict[str, "Extern"]):
    """The exports of an instance by name, in the module's order. Read only."""

    __slots__ = ()

    def _refuse(self, *_args: object, **_named: object) -> NoReturn:
        raise TypeError("the exports of an instance cannot be changed")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse


class Origin:
    """What an instance was made of, for functions that are sent elsewhere (function_handles.py)."""

    __slots__ = ("__weakref__", "granted", "instance", "limits", "module", "token")
    instance: ref[Instance] | None
    token: str | None

    def __init__(self, module: Module, granted: Wasi | None, limits: Limits | None) -> None:
        self.module, self.granted, self.limits = module, granted, limits
        self.instance = self.token = None


class Instance:
    """An instance of a module. Its exports are attributes, items, and the mapping `exports`.

    An export whose name is that of a method or property of this class is reached by item.
    """

    __slots__ = (
        "__dict__", "__weakref__", "_exports", "_handle", "_made_of", "_module", "_origin", "_space",
        "_stopped", "_store", "_wasi",
    )  # fmt: skip
    _exports: Exports
    _handle: engine.native.InstanceHandle
    _module: Module
    _origin: Origin
    _stopped: list[OutOfFuel]  # what snapshots have brought; made by the first one
    _store: engine.Store
    _wasi: engine.native.WasiState | None
    _made_of: tuple[list[Any], Wasi | None, str]  # imports in the module's order, WASI, label
    _space: Space  # of typed functions; there is none before the first

    def __init__(self) -> None:
        raise TypeError("instances are made by wasm.load() or Module.instantiate()")

    if TYPE_CHECKING:
        # Exports are entries of __dict__: nothing is called to find them.
        def __getattr__(self, name: str) -> Any: ...

    @property
    def exports(self) -> Exports:
        """All exports by name."""
        return self._exports

    @property
    def module(self) -> Module:
        """What it is an instance of."""
        return self._module

    @property
    def store(self) -> engine.Store:
        """The store that it shares with what it imports."""
        return self._store

    @property
    def stdout(self) -> bytes | None:
        """What it has written to stdout so far, where its `Wasi` has `PIPE` there."""
        return self._output(1)

    @property
    def stderr(self) -> bytes | None:
        """What it has written to stderr so far, where its `Wasi` has `PIPE` there."""
        return self._output(2)

    @property
    def denials(self) -> tuple[Denial, ...]:
        """What it wanted of WASI and was not granted, the first hundred times and the last one."""
        return self._wasi.refusals() if self._wasi is not None else ()

    def _output(self, stream: int) -> bytes | None:
        return self._wasi.output(stream)[0] if self._wasi is not None and self._wasi.keeps(stream) else None

    @property
    def fuel(self) -> int | None:
        """Units of fuel that its store has left; None where none is counted (`Limits.fuel`). May be set."""
        return self._store.fuel

    @fuel.setter
    def fuel(self, units: int) -> None:
        self._store.fuel = units

    @property
    def suspended(self) -> tuple[OutOfFuel, ...]:
        """The calls that came with its snapshot, stopped by fuel: what they would have raised, oldest first.

        ``resume(fuel)`` goes on with one, which is in here no longer then. Calls that were stopped in this
        instance itself are not here: the exceptions that they raised are all there is.
        """
        calls = getattr(self, "_stopped", ())
        return tuple(call for call in calls if call._suspended is not None and call._suspended.ready)

    def cancel(self) -> None:
        """Ends the call that runs in its store with `Cancelled`; from any thread. No call: no effect."""
        self._store.cancel()

    def snapshot(self) -> Snapshot:
        """Its state: memories, globals, tables, segments and the objects that they refer to.

        Calls that fuel has stopped are a part of it, as long as somebody has their `OutOfFuel`; what is made
        of it has them in `suspended`. The WASI of what is made of it begins anew: streams, clocks, random
        numbers, granted directories.

        Raises:
            ValueError: something in the state cannot be saved, and the message names it: Python objects that
                the guest refers to, functions that are neither its own nor imported by it, imported or shared
                memories, imported tables and mutable globals, open files, stopped calls that pass through
                other instances. Or a call runs, or waits for a coroutine.
        """
        from .snapshot import take

        return take(self)

    def reset(self, snapshot: Snapshot) -> None:
        """Goes back to a state of this instance or of another one of the same module.

        Exports stay the same objects. Views of a memory stay valid and keep their length, where what was
        grown since is zero. What Python refers to of the heap (`Struct`, `Array`) lives on beside the new
        state. Its WASI begins anew: files are closed, kept output is dropped. What typed functions and `ffi`
        have put into its memory since is gone: handles, `ffi` objects and callbacks of before must not be
        used any more. Calls that fuel has stopped end; those of the snapshot are `suspended`.

        Raises:
            ValueError: the snapshot is of another module, or has stopped calls where no fuel is counted; or a
                call runs, or waits for a coroutine. Nothing has changed then.
            WasmError: the limits do not allow as much; nothing has changed then.
            OSError: what is granted cannot be opened again; files are closed then.
        """
        from .snapshot import restore

        restore(self, snapshot)

    def func(self, name: str, signature: str) -> TypedFunction:
        """An export as a function with Python types: buffers, texts and results instead of addresses.

        ``m.func("sum_f64", "f64(const f64*, size)")`` takes any buffer of doubles and gives a float. The
        short notation is described in `pywasi_native.typed.signatures`. It pickles as the export does.

        Args:
            name: of the export.
            signature: its C types.

        Raises:
            HeaderError: the signature cannot be read or mapped.
            LinkError: the export is not there, or has another type.
        """
        from functools import partial

        from .function_handles import reduce_typed
        from .typed.binding import Binder
        from .typed.signatures import parse_signature

        made = Binder(self).make(parse_signature(name, signature), by_convention=False)
        made.pickled_by(partial(reduce_typed, signature))
        return made

    def __getitem__(self, name: str) -> Any:
        try:
            return self._exports[name]
        except KeyError:
            raise KeyError(f"no export is named {name!r}{linking.closest(name, self._exports)}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._exports

    def __iter__(self) -> Iterator[str]:
        return iter(self._exports)

    def __len__(self) -> int:
        return len(self._exports)

    def __bool__(self) -> bool:
        return True

    def __dir__(self) -> list[str]:
        return sorted(name for name in object.__dir__(self) if name.isidentifier())

    def __repr__(self) -> str:
        return f"<wasm instance of {self._module.name!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "cannot pickle an Instance: pickle its module and instantiate it again, or pickle its snapshot()"
        )


_TAKEN = frozenset(dir(Instance))


def instantiate(
    module: Module,
    imports: Imports | None,
    *,
    wasi: Wasi | None = None,
    limits: Limits | None = None,
    store: engine.Store | None = None,
    label: str | None = None,
    snapshot: Snapshot | None = None,
) -> Instance:
    """See `Module.instantiate` and `Snapshot.instantiate`.

    `label` is its name in the audit log, by default the module's.
    """
    if snapshot is not None:
        wasi, label = wasi if wasi is not None else snapshot._wasi, label or snapshot._label
    plan = linking.Plan(module, imports, wasi, limits, store, label, snapshot)
    if engine.native.listening():
        from . import audit

        audit.instantiating(plan.label, module, wasi)
    externs, origin = plan.externs(), Origin(module, wasi, plan.store.limits)
    state = snapshot._handle if snapshot is not None else None
    handle, found = module._handle.instantiate(plan.store, externs, origin, state)
    exports = Exports(found)
    made = Instance.__new__(Instance)
    made._exports, made._module, made._store, made._wasi = exports, module, plan.store, plan.wasi_state
    made._handle, made._made_of = handle, (plan.values, wasi, plan.label)
    made._origin, origin.instance = origin, ref(made)
    if snapshot is not None:
        made._stopped = handle.suspended()
    # A dict of its own with interned keys: what the interpreter's inline caches work best with.
    made.__dict__ = {intern(name): value for name, value in exports.items() if name not in _TAKEN}
    initialize = exports.get("_initialize")
    if snapshot is None and isinstance(initialize, engine.Func):
        initialize()
    return made
