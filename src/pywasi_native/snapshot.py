"""Snapshots: the state of an instance, to go back to, to fork from, to send to another process."""

from __future__ import annotations

from . import engine, linking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .instance import Instance
    from .limits import Limits
    from .linking import Imports
    from .module import Module
    from .wasi import Wasi


class Snapshot:
    """The state of an instance: memories, globals, tables, segments, the objects that they refer to.

    Made by `Instance.snapshot`. It does not change, any thread may use it, and on Linux what is made of it
    shares its memory until it writes there. Calls that fuel has stopped are a part of it and can go on in
    another process, of the same version of this package. It pickles with its module and those imports that
    pickle; WASI is left out, so that `instantiate` needs `wasi=` where it arrives. What a guest has in its
    memory goes along, secrets too.
    """

    __slots__ = ("__weakref__", "_handle", "_label", "_limits", "_module", "_values", "_wasi")
    _handle: engine.native.SnapshotHandle
    _module: Module
    _values: list[Any]
    _wasi: Wasi | None
    _limits: Limits | None
    _label: str

    def __init__(self) -> None:
        raise TypeError("snapshots are made by Instance.snapshot()")

    @property
    def module(self) -> Module:
        """What it was an instance of."""
        return self._module

    @property
    def size(self) -> int:
        """Bytes of the memories."""
        return self._handle.sizes()[0]

    @property
    def calls(self) -> int:
        """How many calls stand in it that fuel has stopped: `Instance.suspended` of what is made of it."""
        return self._handle.calls()[0]

    @property
    def kept(self) -> int:
        """Bytes of the memories that are kept: pages of zeros are not."""
        return self._handle.sizes()[1]

    def instantiate(
        self,
        imports: Imports | None = None,
        *,
        wasi: Wasi | None = None,
        limits: Limits | None = None,
        store: engine.Store | None = None,
    ) -> Instance:
        """Makes an instance that has the state. No start function and no ``_initialize`` runs again.

        Args:
            imports: what takes the place of the original's imports; those that it does not name stay.
            wasi: by default that of the original; its descriptors and streams begin anew.
            limits: by default those of the original, and with stopped calls the fuel that it had left; only
                where this call makes the store.
            store: the store to live in; by default that of the imports, else a new one.

        Raises:
            LinkError: imports are missing or mistyped.
            WasmError: the limits do not allow as much.
            ValueError: it has a call that fuel has stopped, and the store does not count fuel.
        """
        from .instance import instantiate

        return instantiate(self._module, imports, wasi=wasi, limits=limits, store=store, snapshot=self)

    def __repr__(self) -> str:
        size, kept = self._handle.sizes()
        return f"<snapshot of {self._module.name!r}: {kept} of {size} bytes kept>"

    def __reduce__(self) -> tuple[Any, ...]:
        import zlib

        packer, packed, size = zlib.compressobj(1), [], 0

        def take(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            packed.append(packer.compress(piece))

        self._handle.pieces(take)
        packed.append(packer.flush())
        values = {i: value for i, value in enumerate(self._values) if _pickles(value)}
        return _rebuild, (self._module, size, b"".join(packed), values, self._limits, self._label)


def _pickles(value: Any) -> bool:
    from pickle import dumps

    if value is linking.MISSING:
        return False
    try:
        dumps(value)
    except Exception:
        return False
    return True


def _rebuild(
    module: Module, size: int, packed: bytes, values: dict[int, Any], limits: Limits | None, label: str
) -> Snapshot:
    import zlib

    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, size + 1)
    except zlib.error as error:
        raise ValueError(f"the pickled snapshot is damaged: {error}") from None
    if len(data) != size or not unpacker.eof:
        raise ValueError("the pickled snapshot is damaged: it has another size than it says")
    made = Snapshot.__new__(Snapshot)
    made._handle = engine.native.SnapshotHandle(module._handle, data)
    made._module, made._wasi, made._limits, made._label = module, None, limits, label
    made._values = [values.get(i, linking.MISSING) for i in range(len(module.imports))]
    return made


def take(instance: Instance) -> Snapshot:
    """See `Instance.snapshot`."""
    state = instance._wasi
    changed = state.changed() if state is not None else []
    problems = [f"descriptor {number} is {'open' if is_open else 'closed'}" for number, is_open in changed]
    made = Snapshot.__new__(Snapshot)
    try:
        made._handle = instance._handle.snapshot()
    except ValueError as error:
        if not problems:
            raise
        problems.append(str(error).removeprefix(_REFUSED))
    if problems:
        raise ValueError(_REFUSED + "; ".join(problems[:_SHOWN]))
    made._module, made._limits = instance._module, instance._store.limits
    made._values, made._wasi, made._label = instance._made_of
    return made


_REFUSED = "the instance cannot be saved: "
_SHOWN = 10


def restore(instance: Instance, snapshot: Snapshot) -> None:
    """See `Instance.reset`."""
    if not isinstance(snapshot, Snapshot):
        raise TypeError(f"an instance is reset to a Snapshot, not to a {type(snapshot).__name__}")
    instance._handle.restore(snapshot._handle)
    instance._stopped = instance._handle.suspended()
    space = getattr(instance, "_space", None)
    if space is not None:
        space.forget()
    wasi = instance._made_of[1]
    if instance._wasi is not None and wasi is not None:
        wasi.reopen(instance._wasi, instance._store, instance._wasi.name)
