"""What the benchmarks of the examples share: CPU time of one call through that of another."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Call = Callable[..., object]


def ratio(ours: Call, native: Call, rounds: int, *given: object) -> tuple[float, float]:
    """CPU time of ours through that of the native one, and milliseconds of ours; medians of rounds."""
    calls = ours, native
    loops = [max(1, int(0.05 / max(spent(call, 2, *given), 1e-7))) for call in calls]
    found = [
        [spent(call, many, *given) for call, many in zip(calls, loops, strict=True)] for _ in range(rounds)
    ]
    return statistics.median(a / b for a, b in found), 1e3 * statistics.median(a for a, _ in found)


def spent(call: Call, loops: int, *given: object) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    for _ in range(loops):
        call(*given)
    return (time.process_time() - start) / loops
