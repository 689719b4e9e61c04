"""Which tests run in one process under pytest-xdist: those that share what takes long to make.

In the order of the folders, since the first ones have the tests that take longest.
"""

from __future__ import annotations

import re

import pytest
from xdist.scheduler import LoadScopeScheduling

# Folders with fixtures of a session.
FOLDERS = re.compile(r"^tests/(unit/typed|unit/ffi)/")
# The builds of tests/gen/op_shell.py, of which each is compiled once.
BUILDS = re.compile(
    r"^tests/gen/test_op_(?:access|atomics|numerics|vectors)\.py::.*\[(cc-sanitized|[a-z0-9]+)(?:-\w+)?\]$"
)


class Scheduling(LoadScopeScheduling):
    """By file, but for what is said above; the scripts of the official suite one by one."""

    def __init__(self, config: pytest.Config, log: object = None) -> None:
        super().__init__(config, log)  # type: ignore[arg-type]
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/spec/"):
            return nodeid
        found = FOLDERS.match(nodeid) or BUILDS.match(nodeid)
        return found[1] if found else nodeid.split("::")[0]
