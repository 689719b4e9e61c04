"""How many times as long as PyPI's cmarkgfm it takes: medians of interleaved rounds of CPU time."""

from __future__ import annotations

import sys
from pathlib import Path

import cmarkgfm  # type: ignore[import-untyped]
import wasm_cmark

sys.path.append(str(Path(__file__).parents[1]))
from example_times import ratio

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
