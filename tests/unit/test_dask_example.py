"""The example with dask: a function of a module, mapped on the workers of a cluster."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

import locate


def test_a_function_is_mapped_on_a_local_cluster() -> None:
    if importlib.util.find_spec("distributed") is None:
        if sys.version_info >= (3, 14):
            pytest.skip("dask is no part of the test extra from Python 3.14 on")
        locate.missing("The example needs dask: pip install 'dask[distributed]'")
    run = subprocess.run(
        [sys.executable, str(locate.ROOT / "examples" / "cluster" / "map_on_dask.py")],
        capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    def steps(number: int) -> int:
        count = 0
        while number > 1:
            number, count = (number * 3 + 1 if number % 2 else number // 2), count + 1
        return count

    most = max((steps(n), n) for n in range(1, 16001))
    assert (run.returncode, run.stdout) == (0, f"{most[0]} steps from {most[1]}\n"), run.stderr
