"""The cases of the security tests use the guests and the writer of modules of the unit tests."""

from __future__ import annotations

import sys

import locate

for folder in ("tests/unit/wasi", "tests/unit"):
    if str(locate.ROOT / folder) not in sys.path:
        sys.path.append(str(locate.ROOT / folder))
