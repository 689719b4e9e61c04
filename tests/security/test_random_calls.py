"""What the cases do not think of: random calls with random pointers, in each way that paths are resolved.

PYWASI_RANDOM_SECONDS makes it run so long, with new seeds each time: `make random-calls`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import locate
from resolver_modes import MODES, VARIABLE, in_force

SCRIPT = locate.ROOT / "tests" / "security" / "random_calls.py"
CALLS = 6000  # so many that each function succeeds once and each pointer was wrong once
SECONDS = float(os.environ.get("PYWASI_RANDOM_SECONDS", "0"))
MIB = 1 << 20
LINUX = sys.platform.startswith("linux")


def run(seed: int, folder: Path, mode: str) -> dict[str, Any]:
    """A process of random calls and what it says of them."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(SCRIPT), str(seed), str(CALLS), str(folder)],
        env={**os.environ, VARIABLE: mode},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"seed {seed}, {mode}: {done.stdout[-2000:]} {done.stderr[-6000:]}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check(seed: int, mode: str, found: dict[str, Any]) -> None:
    """Nothing came of it but answers."""
    told = f"seed {seed}, {mode}: {found}"
    assert found["mode"] == mode, told
    assert found["calls"] == CALLS, told
    assert found["strange"] == [], told  # errors of the standard, and traps of the memory's bounds
    assert found["descriptors"] == 0, told
    assert found["addresses"] < 64 * MIB, told  # guests asked for up to 4 GiB, thousands of times
    assert found["outside"], told


@pytest.mark.parametrize("mode", MODES if LINUX else ["none"])
def test_random_calls(tmp_path: Path, mode: str) -> None:
    if mode == "openat2" and in_force() != "openat2":
        pytest.skip("this kernel, or its container, has no openat2: the other modes are what is used here")
    found = run(1, tmp_path / "first", mode)
    check(1, mode, found)
    assert found["never_succeeded"] == []  # it reaches behind the checks of each function
    assert found["never_trapped"] == []
    end = time.monotonic() + SECONDS / len(MODES)
    while time.monotonic() < end:
        seed = random.SystemRandom().randrange(1 << 32)
        check(seed, mode, run(seed, tmp_path / str(seed), mode))
