"""The cases use the guests of the unit tests, and the ways of resolving paths of the security tests."""

from __future__ import annotations

import sys

import locate

for folder in ("tests/security", "tests/unit/wasi"):
    if str(locate.ROOT / folder) not in sys.path:
        sys.path.append(str(locate.ROOT / folder))

from wasi_fixtures import make_guest, trampoline_module  # noqa: E402

import resolver_modes  # noqa: E402

__all__ = ["make_guest", "trampoline_module"]

resolver_modes.enter_from_environment()
