"""What typed functions keep alive, and what they load."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest

import pywasi_native as wasm
from pywasi_native import typed


def classes_die() -> bool:
    """Not so in a free-threaded Python 3.13 that once had a second thread: python/cpython issue 117783."""
    kind = type("Kind", (), {})
    found = weakref.ref(kind)
    del kind
    gc.collect()
    return found() is None


@pytest.mark.parametrize("use", ["signature", "struct", "handle", "callback", "kept callback"])
def test_an_instance_that_nobody_uses_is_gone(
    forms_module: wasm.Module, forms_header: typed.Header, use: str
) -> None:
    if use in ("struct", "handle") and not classes_die():
        pytest.skip("a library has classes for its structs and handles, and this Python keeps all classes")

    def once() -> list[weakref.ref[object]]:
        instance = forms_module.instantiate()
        lib = typed.bind(instance, forms_header)
        if use == "signature":
            instance.func("sum_f64", "f64(const f64*, size)")([1.0])
        elif use == "struct":
            lib.shape_shared()
        elif use == "handle":
            lib.counter_new("x")
        elif use == "callback":
            lib.apply(lambda x: x, 1)
        else:
            lib.set_hook(lib.callback("visitor", lambda user, name, value: len(lib.kind)))
            lib.call_hook(1)
        return [weakref.ref(instance), weakref.ref(lib)]

    kept = once()
    gc.collect()
    assert [one() for one in kept] == [None, None]


def test_the_stores_of_callbacks_are_gone(forms_module: wasm.Module, forms_header: typed.Header) -> None:
    """A callable in the table of a module whose callable holds the module: both go."""

    class Marker:
        pass

    def once() -> weakref.ref[Marker]:
        marker = Marker()
        lib = typed.bind(forms_module.instantiate(), forms_header)
        lib.set_hook(lib.callback("visitor", lambda user, name, value: int(marker is lib)))
        return weakref.ref(marker)

    found = once()
    gc.collect()
    assert found() is None


def test_nothing_of_it_is_loaded_before_it_is_used() -> None:
    code = (
        "import sys, pywasi_native\n"
        "assert not [name for name in sys.modules if name.startswith('pywasi_native.typed')]\n"
        "from pywasi_native import typed\n"
        "assert 'pywasi_native.typed._calls' not in sys.modules\n"
        "assert 'numpy' not in sys.modules\n"
        "typed.StructBase\n"
        "assert 'pywasi_native.typed._calls' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
