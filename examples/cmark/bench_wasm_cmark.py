"""How many times as long as PyPI's cmarkgfm it takes: medians of interleaved rounds of CPU time."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import cmarkgfm  # type: ignore[import-untyped]
import wasm_cmark

Call = Callable[..., object]
SECTION = """
## A section with *stress* and `code`

Some text with a [link](https://example.org "title"), **strong words** and an ![image](a.png).
It goes on for a few lines, as text does; & an entity, &copy; and a \\* that is escaped.

* one
* two
  1. deeper
  2. and more

```python
print("hello")
```

| a | b |
|---|--:|
| 1 | 2 |
"""


def ratio(ours: Call, native: Call, rounds: int, *given: object) -> tuple[float, float]:
    """CPU time of ours through that of the native one, and milliseconds of ours."""
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


def main(rounds: int = 7) -> None:
    """Prints a table for the README."""
    print("| what | size | times native | ms |\n|---|---|---|---|")
    for count in (0, 1, 100):
        text = SECTION * count or "*word*"
        for name in ("markdown_to_html", "github_flavored_markdown_to_html"):
            ours, native = (getattr(module, name) for module in (wasm_cmark, cmarkgfm))
            times, ms = ratio(ours, native, rounds, text)
            print(f"| {name} | {len(text):,} | {times:.1f} | {ms:.3g} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
