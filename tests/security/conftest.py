"""The cases of the security tests use the guests and the writer of modules of the unit tests."""

from __future__ import annotations

import sys

import locate
import resolver_modes

for folder in ("tests/unit/wasi", "tests/unit"):
    if str(locate.ROOT / folder) not in sys.path:
        sys.path.append(str(locate.ROOT / folder))

from wasi_fixtures import guest, make_guest, sandbox, trampoline_module  # noqa: E402

__all__ = ["guest", "make_guest", "sandbox", "trampoline_module"]

resolver_modes.enter_from_environment()
