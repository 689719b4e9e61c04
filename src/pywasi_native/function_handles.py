"""Exports of instances as values: pickled, they find the same export of an instance where they arrive.

What is sent is the module, the limits and the grants, not the state: the process that receives the function
makes an instance of its own, once for each instance that functions were sent of, and keeps the latest few.
Where the instance itself is, a function that comes back is what it was.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict

from .instance import Instance, Origin
from .linking import is_wasi
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .engine import Func
    from .limits import Limits
    from .typed import TypedFunction
    from .wasi import Wasi

_KEPT = 8
_lock = threading.RLock()
_origins: weakref.WeakValueDictionary[str, Origin] = weakref.WeakValueDictionary()
_kept: OrderedDict[str, Instance] = OrderedDict()


def reduce(function: Func, export: str | None, origin: Origin | None) -> tuple[Any, ...]:
    """How to pickle a function that is that export of an instance of that origin.

    Raises:
        TypeError: it is no export, or its instance imports what cannot be sent.
    """
    if export is None or origin is None:
        raise TypeError(f"cannot pickle the function {function.name}: it is no export of an instance")
    module = origin.module
    given = [f"{item.module}.{item.name}" for item in module.imports if not is_wasi(item.module)]
    if given:
        raise TypeError(
            f"cannot pickle the function {export}: its instance imports {', '.join(given[:5])} from this "
            "process; send the module, and instantiate it where it arrives"
        )
    return _arrive, (_token(origin), *module.__reduce__()[1], origin.granted, origin.limits, export)


def reduce_typed(signature: str, function: Func) -> tuple[Any, ...]:
    """How to pickle what `Instance.func` made of an export."""
    made: Any = function.__reduce__()
    return _arrive_typed, (signature, *made[1])


def _token(origin: Origin) -> str:
    with _lock:
        if origin.token is None:
            from uuid import uuid4

            origin.token = uuid4().hex
            _origins[origin.token] = origin
        return origin.token


def _arrive(*sent: Any) -> Func:
    found: Func = _instance(*sent)[sent[-1]]
    return found


def _arrive_typed(signature: str, *sent: Any) -> TypedFunction:
    return _instance(*sent).func(sent[-1], signature)


def _instance(
    token: str, data: bytes, file: str, features: int, wasi: Wasi | None, limits: Limits | None, _export: str
) -> Instance:
    with _lock:
        origin = _origins.get(token)
        instance = origin.instance() if origin is not None and origin.instance is not None else None
        if instance is None:
            module = Module.__new__(Module)
            module._open(data, file, features)
            instance = module.instantiate(wasi=wasi, limits=limits)
            instance._origin.token = token
            _origins[token] = instance._origin
            _kept[token] = instance
            while len(_kept) > _KEPT:
                _kept.popitem(last=False)
        elif token in _kept:
            _kept.move_to_end(token)
        return instance
