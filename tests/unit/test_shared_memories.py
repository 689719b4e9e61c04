"""Shared memories: what stores see of each other's growth, the Memory object, how waits end.

test_threads.py has the basics: counting together, locks, limits.

The deadlines are for a busy machine; nothing waits for them when all is well.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import Callable

import pytest

import pywasi_native as wasm
import wasm_bytes

PAGE = 65536
PATIENCE = 60.0  # seconds until a test gives up
FOREVER = "i64.const -1"


def build(*, own: bool = False, maximum: int = 16, data_at: int | None = None) -> wasm.Module:
    """A module over a shared memory, imported as "env" "memory", or its own."""
    m = wasm_bytes.Module()
    if own:
        m.memory(1, maximum, shared=True)
    else:
        m.import_memory("env", "memory", 1, maximum, shared=True)
        m.export("memory", 2, 0)
    add = "loop -; local.get 0; i32.const 1; i32.atomic.rmw.add 2 0; drop"
    m.func(f"{add}; local.get 1; i32.const 1; i32.sub; local.tee 1; br_if 0; end", "i32 i32", export="count")
    # Waits until the word at 0 is the turn, adds one, wakes the others; so many times.
    m.func(
        """
        loop -
          block -
            loop -
              i32.const 0; i32.atomic.load 2 0; local.tee 2; i32.const 2; i32.rem_u
              local.get 0; i32.eq; br_if 1
              i32.const 0; local.get 2; i64.const -1; memory.atomic.wait32 2 0; drop; br 0
            end
          end
          i32.const 0; i32.const 1; i32.atomic.rmw.add 2 0; drop
          i32.const 0; i32.const -1; memory.atomic.notify 2 0; drop
          local.get 1; i32.const 1; i32.sub; local.tee 1; br_if 0
        end
        """,
        "i32 i32", export="take_turns", locals_=["i32"],
    )  # fmt: skip
    m.func(
        "local.get 0; local.get 1; local.get 2; memory.atomic.wait32 2 0", "i32 i32 i64", "i32", export="wait"
    )
    m.func("local.get 0; local.get 1; memory.atomic.notify 2 0", "i32 i32", "i32", export="notify")
    m.func("local.get 0; i32.atomic.load 2 0", "i32", "i32", export="load")
    m.func("local.get 0; local.get 1; i32.atomic.store 2 0", "i32 i32", export="store")
    m.func("local.get 0; i32.load 2 0", "i32", "i32", export="peek")
    m.func("loop -; local.get 0; i32.atomic.load 2 0; i32.eqz; br_if 0; end", "i32", export="spin")
    work = "loop -; local.get 0; i32.const 1; i32.atomic.rmw.add 2 0; drop"
    m.func(f"{work}; i32.const 0; i32.atomic.load 2 0; i32.eqz; br_if 0; end", "i32", export="work_until")
    m.func("local.get 0; memory.grow 0", "i32", "i32", export="grow")
    m.func("memory.size 0", "", "i32", export="size")
    if data_at is not None:
        m.data(data_at, b"here")
    return wasm.compile(m.bytes())


MODULE = build()


def pair(maximum: int = 16) -> tuple[wasm.Memory, wasm.Instance, wasm.Instance]:
    """Two instances in two stores over one memory."""
    memory = wasm.Memory(1, maximum, shared=True)
    one, two = (build(maximum=maximum).instantiate(imports={"env": {"memory": memory}}) for _ in range(2))
    return memory, one, two


class Run:
    """A call in a thread of its own."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.value: object = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self.thread.start()

    def _run(self, call: Callable[[], object]) -> None:
        try:
            self.value = call()
        except BaseException as error:
            self.error = error

    def result(self) -> object:
        """What the call gave; raises what it raised."""
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the call does not end"
        if self.error is not None:
            raise self.error
        return self.value


def until(condition: Callable[[], object]) -> None:
    """Waits for something that another thread does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.001)


def word(memory: wasm.Memory, at: int = 0) -> int:
    return int.from_bytes(memory[at : at + 4], "little")


# ---- running at the same time ----


def test_both_work_while_python_keeps_the_gil() -> None:
    memory, one, two = pair()
    runs = [Run(lambda i=i, at=at: i.exports["work_until"](at)) for i, at in ((one, 8), (two, 12))]
    until(lambda: word(memory, 8) and word(memory, 12))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # nobody takes the GIL from this thread, it has to give it
    try:
        for at in (8, 12):
            end = time.monotonic() + PATIENCE
            moved = False
            while not moved and time.monotonic() < end:
                time.sleep(0.001)  # here it does: for their look at signals, every 50 ms
                before = word(memory, at)
                for _ in range(200_000):
                    pass
                moved = word(memory, at) != before
            assert moved
    finally:
        sys.setswitchinterval(interval)
        memory[0] = 1
    for run in runs:
        run.result()


def test_host_functions_of_stores_that_run_at_the_same_time() -> None:
    m = wasm_bytes.Module()
    m.import_memory("env", "memory", 1, 16, shared=True)
    host = m.import_func("env", "host", "i32", "i32")
    add = "i32.const 8; i32.const 1; i32.atomic.rmw.add 2 0; drop"
    again = "local.get 0; i32.const 1; i32.sub; local.tee 0; br_if 0"
    m.func(
        f"loop -; local.get 0; call {host}; local.get 1; i32.add; local.set 1; {add}; {again}; end; "
        "local.get 1",
        "i32", "i32", export="sum", locals_=["i32"],
    )  # fmt: skip
    module = wasm.compile(m.bytes())
    memory = wasm.Memory(1, 16, shared=True)
    seen: list[int] = []

    def make(factor: int) -> wasm.Instance:
        def host(n: int) -> int:
            seen.append(n)
            return n * factor

        return module.instantiate(imports={"env": {"memory": memory, "host": host}})

    instances = [make(factor) for factor in (1, 2, 3)]
    runs = [Run(lambda i=instance: i.exports["sum"](3000)) for instance in instances]
    total = 3000 * 3001 // 2
    assert [run.result() for run in runs] == [total, 2 * total, 3 * total]
    assert word(memory, 8) == len(seen) == 9000


def test_a_spinning_call_lets_python_run() -> None:
    memory, one, _ = pair()
    spinning = Run(lambda: one.exports["spin"](0))
    time.sleep(0.05)
    memory[0] = 1
    spinning.result()


def test_ping_pong() -> None:
    memory, one, two = pair()
    runs = [Run(lambda i=i, n=n: i.exports["take_turns"](n, 500)) for n, i in enumerate((one, two))]
    for run in runs:
        run.result()
    assert word(memory) == 1000


# ---- wait and notify ----


def test_waiting_frees_the_gil_and_notify_wakes_the_oldest() -> None:
    memory = wasm.Memory(1, 16, shared=True)
    waiters = [MODULE.instantiate(imports={"env": {"memory": memory}}) for _ in range(3)]
    waker = MODULE.instantiate(imports={"env": {"memory": memory}}).exports
    runs: list[Run] = []
    for waiter in waiters:
        runs.append(Run(lambda w=waiter: w.exports["wait"](16, 0, -1)))
        time.sleep(0.05)  # they come one after the other
    assert waker["notify"](16, 0) == 0
    assert waker["notify"](20, 5) == 0
    until(lambda: waker["notify"](16, 1) == 1)
    assert runs[0].result() == 0
    assert all(run.thread.is_alive() for run in runs[1:])
    assert waker["notify"](16, -1) == 2
    assert [run.result() for run in runs] == [0, 0, 0]


def test_cancel_ends_a_wait() -> None:
    memory = wasm.Memory(1, 16, shared=True)
    instance = MODULE.instantiate(imports={"env": {"memory": memory}})
    run = Run(lambda: instance.exports["wait"](0, 0, -1))
    time.sleep(0.05)
    instance.cancel()
    with pytest.raises(wasm.Cancelled) as caught:
        run.result()
    assert [frame.function for frame in caught.value.frames] == ["wait"]
    assert instance.exports["notify"](0, 1) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for oneself on Windows")
def test_an_interrupt_ends_a_wait() -> None:
    script = f"""
        import os, signal, threading
        import pywasi_native as wasm
        import wasm_bytes
        m = wasm_bytes.Module()
        m.memory(1, 1, shared=True)
        m.func("i32.const 0; i32.const 0; {FOREVER}; memory.atomic.wait32 2 0", "", "i32", export="wait")
        wait = wasm.load(m.bytes()).wait
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            wait()
        except KeyboardInterrupt:
            print("interrupted")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=PATIENCE,
        check=False, env=None, cwd=str(wasm_bytes.__file__).rpartition("wasm_bytes")[0] or None,
    )  # fmt: skip
    assert done.stdout == "interrupted\n", done.stderr


# ---- growth ----


def test_growth_in_the_middle_of_the_others_run() -> None:
    _, one, two = pair()
    spinning = Run(lambda: (one.exports["spin"](0), one.exports["peek"](2 * PAGE - 4)))
    assert two.exports["grow"](1) == 1
    two.exports["store"](2 * PAGE - 4, 77)
    two.exports["store"](0, 1)
    assert spinning.result() == (None, 77)


def test_threads_that_grow_at_the_same_time_get_different_pages() -> None:
    memory = wasm.Memory(1, 400, shared=True)
    module = build(maximum=400)
    instances = [module.instantiate(imports={"env": {"memory": memory}}) for _ in range(4)]
    runs = [Run(lambda i=i: [i.exports["grow"](1) for _ in range(99)]) for i in instances]
    found = [page for run in runs for page in run.result()]  # type: ignore[attr-defined]
    assert sorted(found) == list(range(1, 397))
    assert memory.pages == 397


def test_growth_does_not_wait_for_a_store_that_waits() -> None:
    memory, one, _ = pair()
    waiting = Run(lambda: one.exports["wait"](0, 0, -1))
    time.sleep(0.05)
    assert memory.grow(1) == 1
    assert memory.pages == 2
    other = MODULE.instantiate(imports={"env": {"memory": memory}}).exports
    until(lambda: other["notify"](0, 1))
    assert waiting.result() == 0


def test_data_segments_see_growth() -> None:
    memory = wasm.Memory(1, 16, shared=True)
    store = wasm.Store()
    MODULE.instantiate(imports={"env": {"memory": memory}}, store=store)
    memory.grow(1)
    build(data_at=PAGE + 8).instantiate(imports={"env": {"memory": memory}}, store=store)
    assert memory[PAGE + 8 : PAGE + 12] == b"here"


# ---- the Memory object ----


def test_one_object_is_the_memory_of_all_its_stores() -> None:
    memory, one, two = pair()
    assert one.memory is two.memory is memory
    assert repr(memory) == "<wasm memory (memory 1 16 shared)>"
    own = build(own=True).instantiate()
    other = MODULE.instantiate(imports={"env": {"memory": own.memory}})
    other.exports["store"](0, 0x01020304)
    assert own.exports["load"](0) == 0x01020304
    assert other.memory is own.memory


def test_a_view_keeps_its_length_and_its_bytes() -> None:
    memory, one, _ = pair()
    view = memoryview(memory)
    assert one.exports["grow"](3) == 1
    assert (len(view), len(memory)) == (PAGE, 4 * PAGE)
    one.exports["store"](4, 0x41424344)
    assert bytes(view[4:8]) == memory.read(4, 4) == b"DCBA"
    assert memory.text(4) == memory.text(4, 4) == "DCBA"
    view[4] = 0
    assert one.exports["load"](4) == 0x41424300
    del memory, one, _
    gc.collect()
    assert bytes(view[5:8]) == b"CBA"


def test_it_outlives_its_stores_and_they_outlive_it() -> None:
    memory, one, two = pair()
    one.exports["store"](0, 5)
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None
    assert two.exports["load"](0) == 5
    del memory
    gc.collect()
    assert two.exports["load"](0) == 5
    assert two.memory[0] == 5


def test_types_are_checked() -> None:
    with pytest.raises(ValueError, match="must have a maximum"):
        wasm.Memory(1, shared=True)
    with pytest.raises(TypeError, match="the MemoryType says"):
        wasm.Memory(wasm.MemoryType(1, 2), shared=True)
    with pytest.raises(ValueError, match="smaller than the minimum"):
        wasm.Memory(3, 2, shared=True)
    for wrong in (wasm.Memory(1, 16), wasm.Memory(1, 17, shared=True)):
        with pytest.raises(wasm.LinkError, match=r"env.memory must be \(memory 1 16 shared\)"):
            MODULE.instantiate(imports={"env": {"memory": wrong}})


def test_two_threads_may_use_a_new_memory_first() -> None:
    for _ in range(20):
        memory = wasm.Memory(1, 16, shared=True)
        start = threading.Barrier(2)

        def use(memory: wasm.Memory = memory, start: threading.Barrier = start) -> None:
            start.wait(PATIENCE)
            MODULE.instantiate(imports={"env": {"memory": memory}}).exports["count"](0, 100)

        runs = [Run(use), Run(use)]
        for run in runs:
            run.result()
        assert word(memory) == 200
