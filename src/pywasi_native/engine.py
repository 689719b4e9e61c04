"""The compiled module, connected with the Python parts that it asks for, and facts about the engine."""

import os
import sys

from . import _native
from ._native import Func, Global, Memory, Store, Table, Tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from inspect import Signature
    from typing import Any

    from .extern_types import FuncType

__all__ = [
    "Func",
    "Global",
    "Memory",
    "Store",
    "Table",
    "Tag",
    "check_tier",
    "features",
    "native",
    "set_origin",
    "shell",
]

native = _native
set_origin = _native.set_origin
TIERS = ("auto", "interpreter")


def _join_frames(exception: BaseException, frames: "list[tuple[str, int, int | None]]") -> None:
    """Puts the frames of the outer call in front of those of a trap that passes through a host function."""
    from .errors import Frame, Trap

    if isinstance(exception, Trap):
        outer: list[Frame] = [Frame(*frame) for frame in frames]
        exception.frames = (*outer, *exception.frames)


def _cancelled() -> BaseException:
    from .errors import Cancelled

    return Cancelled(kind="cancelled")


def _awaitable_refused(name: str, why: str) -> None:
    raise TypeError(
        {
            "not_awaited": f"{name}() is async: call the function of the module with await f.aio(...)",
            "not_nested": f"{name}() is async and cannot be awaited here: a call inside of another call is "
            "not suspended",
            "not_twice": f"{name}() must not return an awaitable of an awaitable",
        }[why]
    )


def _signature(type: "FuncType") -> "Signature":
    from inspect import Parameter, Signature

    kinds = {"i32": int, "i64": int, "f32": float, "f64": float, "v128": bytes}
    params = [
        Parameter(f"p{i}", Parameter.POSITIONAL_ONLY, annotation=kinds.get(text, object))
        for i, text in enumerate(type.params)
    ]
    results = [kinds.get(text, object) for text in type.results]
    answer: Any = None if not results else results[0] if len(results) == 1 else tuple[tuple(results)]  # type: ignore[misc]
    return Signature(params, return_annotation=answer)


def _support(name: str) -> "Any":
    here = {
        "join_frames": _join_frames, "cancelled": _cancelled, "signature": _signature,
        "awaitable_refused": _awaitable_refused,
    }  # fmt: skip
    if name in here:
        return here[name]
    if name.startswith("audit_"):
        from . import audit

        return getattr(audit, name.removeprefix("audit_"))
    if name.startswith("limit_"):
        from . import limit_advice

        return getattr(limit_advice, name.removeprefix("limit_"))
    if name.startswith("aio_"):
        from . import aio

        return getattr(aio, name.removeprefix("aio_"))
    if name == "CoroutineType":
        from types import CoroutineType

        return CoroutineType
    if name == "fuel_units":
        from .limits import fuel_units

        return fuel_units
    if name == "tree_error":
        from .virtual_files import tree_error

        return tree_error
    if name == "reduce_function":
        from .function_handles import reduce

        return reduce
    from . import errors, extern_types

    return getattr(errors if hasattr(errors, name) else extern_types, name)


def _before_fork() -> None:
    """Lets other threads finish what they import of this package: the child would wait for them."""
    from contextlib import suppress

    locks: dict[str, object] = getattr(sys.modules.get("_frozen_importlib"), "_module_locks", {})
    for name in tuple(locks):
        if name.partition(".")[0] == __package__:
            with suppress(ImportError):
                __import__(name)


_native.set_support(_support)
_native.start(os.environ.get("PYWASI_SHELL", ""))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_native.after_fork)


def shell() -> str:
    """The dispatch shell of the interpreter: ``goto``, ``switch`` or ``tail``.

    The environment variable ``PYWASI_SHELL`` chooses another one, where the build has it.
    """
    return _native.shell()


def features() -> dict[str, bool]:
    """The WebAssembly features by name, and whether this build supports them."""
    return {name: level > 0 for name, level, _ in _native.features()}


def feature_bits(names: "Iterable[str] | None") -> int:
    """The set of features as bits; 0 for None, which means `DEFAULT_FEATURES`.

    Raises:
        ValueError: a name is unknown, or this build does not have the feature.
    """
    if names is None:
        return 0
    if isinstance(names, str):
        raise TypeError(f"features is a collection of names: [{names!r}]")
    table = _native.features()
    places = {name: bit for bit, (name, _, _) in enumerate(table)}
    bits = 0
    for name in names:
        if name not in places:
            from .linking import closest

            known = closest(str(name), places) or f"; there are {', '.join(places)}"
            raise ValueError(f"{name!r} is no WebAssembly feature{known}")
        if not table[places[name]][1]:
            raise ValueError(f"this version does not support the feature {name!r}")
        bits |= 1 << places[name]
    # An empty set must not mean "all": the first feature is part of every engine since 1.0.
    return bits or 1


def check_tier(tier: str) -> str:
    """The tier that runs: the argument, or for ``auto`` the environment variable ``PYWASI_TIER``.

    Raises:
        ValueError: there is no such tier.
    """
    chosen = os.environ.get("PYWASI_TIER", "auto") if tier == "auto" else tier
    if chosen not in TIERS:
        raise ValueError(f"{chosen!r} is no tier of this version; there are {' and '.join(TIERS)}")
    return "interpreter"
