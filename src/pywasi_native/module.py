"""Modules: compiled once, instantiated any number of times."""

from . import engine, sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .extern_types import ExportType, ImportType
    from .instance import Instance
    from .limits import Limits
    from .linking import Imports
    from .sources import Source
    from .wasi import Wasi


class Module:
    """A compiled module: immutable, thread-safe, picklable, shared by its instances. Made by `compile`."""

    __slots__ = ("__weakref__", "_exports", "_features", "_handle", "_imports")
    _handle: engine.native.ModuleHandle

    def __init__(
        self,
        source: "Source",
        *,
        features: "Iterable[str] | None" = None,
        tier: str = "auto",
        name: str | None = None,
    ) -> None:
        self._read(source, features, tier, name)

    def _read(
        self,
        source: "Source",
        features: "Iterable[str] | None" = None,
        tier: str = "auto",
        name: str | None = None,
        timeout: float | None = None,
    ) -> "Module":
        engine.check_tier(tier)
        data, file = sources.read(source)
        self._open(data, name or file, engine.feature_bits(features), timeout)
        return self

    def _open(self, data: bytes, file: str, features: int, timeout: float | None = None) -> None:
        self._imports: tuple[ImportType, ...] | None = None
        self._exports: tuple[ExportType, ...] | None = None
        self._features = features
        if engine.native.listening():
            from . import audit

            audit.compiling(file, len(data))
        try:
            self._handle = engine.native.ModuleHandle(data, file, features, timeout)
        except ValueError as error:
            advice = sources.explain_header(data)
            if advice is not None:
                error.args = (f"{error.args[0]}: {advice}",)
            error.__traceback__ = None
            raise

    @property
    def imports(self) -> "tuple[ImportType, ...]":
        """What it imports, in its own order."""
        if self._imports is None:
            from .extern_types import ImportType

            self._imports = tuple(ImportType(*item) for item in self._handle.imports())
        return self._imports

    @property
    def exports(self) -> "tuple[ExportType, ...]":
        """What it exports, in its own order."""
        if self._exports is None:
            from .extern_types import ExportType

            self._exports = tuple(ExportType(*item) for item in self._handle.exports())
        return self._exports

    @property
    def name(self) -> str:
        """Its name by the name section, else the name of its file."""
        return self._handle.name() or self._handle.file

    @property
    def features(self) -> tuple[str, ...]:
        """The WebAssembly features that it uses."""
        used = self._handle.features()
        return tuple(name for bit, name in enumerate(engine.features()) if used >> bit & 1)

    @property
    def custom_sections(self) -> tuple[tuple[str, bytes], ...]:
        """(name, content) of its custom sections, in their order; names may repeat."""
        return tuple(self._handle.custom_sections())

    def to_bytes(self) -> bytes:
        """The binary that it was made of."""
        return self._handle.data()

    def instantiate(
        self,
        imports: "Imports | None" = None,
        *,
        wasi: "Wasi | None" = None,
        limits: "Limits | None" = None,
        store: engine.Store | None = None,
    ) -> "Instance":
        """Joins the module with its imports, runs its start function, then ``_initialize`` if it exports one.

        Args:
            imports: module name -> mapping, `Instance`, or object with attributes; in it callables, `Func`,
                `Memory`, `Table`, `Global`. A callable takes the type that the module declares.
            wasi: what the module may do of WASI. Without it a module that imports WASI does not link.
            limits: of the store; only where this call makes the store.
            store: the store to live in; by default that of the imports, else a new one.

        Raises:
            LinkError: imports are missing or mistyped; it lists all of them.
            Trap: a start function trapped, or a segment does not fit.
            ValueError: the imports are of different stores.
        """
        from .instance import instantiate

        return instantiate(self, imports, wasi=wasi, limits=limits, store=store)

    def __reduce__(self) -> "tuple[Any, ...]":
        return _rebuild, (self._handle.data(), self._handle.file, self._features)

    def __repr__(self) -> str:
        return f"<wasm module {self.name!r}>"


def _rebuild(data: bytes, file: str, features: int) -> Module:
    made = Module.__new__(Module)
    made._open(data, file, features)
    return made


def compile(source: "Source", *, features: "Iterable[str] | None" = None, tier: str = "auto") -> Module:
    """Decodes and validates a module.

    Args:
        source: a path, a bytes-like object, an `importlib.resources` Traversable, or a binary file.
        features: names of the WebAssembly features that it may use, as `WASM_3_0 - {"gc"}`; by default
            `DEFAULT_FEATURES`.
        tier: which engine may run it: ``interpreter``, or ``auto`` (environment variable ``PYWASI_TIER``).

    Raises:
        MalformedError: the bytes are no module.
        ValidationError: the module is not valid.
    """
    return Module(source, features=features, tier=tier)


def load(
    source: "Source",
    imports: "Imports | None" = None,
    *,
    wasi: "Wasi | None" = None,
    limits: "Limits | None" = None,
    features: "Iterable[str] | None" = None,
    tier: str = "auto",
    store: engine.Store | None = None,
) -> "Instance":
    """Compiles and instantiates: `compile` and `Module.instantiate` in one call.

    The timeout of the limits counts for each of the two.
    """
    bounds = limits if store is None else store.limits
    timeout = bounds.timeout if bounds is not None else None
    module = Module.__new__(Module)._read(source, features, tier, timeout=timeout)
    return module.instantiate(imports, wasi=wasi, limits=limits, store=store)


def validate(source: "Source", *, features: "Iterable[str] | None" = None) -> None:
    """Checks that the bytes are a valid module.

    Raises:
        MalformedError: the bytes are no module.
        ValidationError: the module is not valid.
    """
    Module(source, features=features)
