"""The fixtures of the WASI tests, which those of tests/security use too."""

from __future__ import annotations

import sys

import locate

sys.path.append(str(locate.ROOT / "tests" / "unit"))

from wasi_fixtures import guest, make_guest, sandbox, trampoline_module

__all__ = ["guest", "make_guest", "sandbox", "trampoline_module"]
