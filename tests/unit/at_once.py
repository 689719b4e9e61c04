"""Several threads that begin at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial


def together(*work: Callable[[], object]) -> None:
    """Runs each in a thread, all of them at once; raises what one of them raised."""
    problems: list[BaseException] = []
    gate = threading.Barrier(len(work))

    def run(one: Callable[[], object]) -> None:
        try:
            gate.wait(30)
            one()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(one,), daemon=True) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if problems:
        raise problems[0]


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Runs `work(0)`, `work(1)`, ... the same way."""
    together(*(partial(work, index) for index in range(count)))
