"""Calls from coroutines."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from typing import Any

import pytest
import wasmtime

import pywasi_native as wasm

TEXT = """(module
  (import "m" "f" (func $f (param i32) (result i32)))
  (import "m" "none" (func $none))
  (import "m" "ref" (func $ref (param externref) (result externref)))
  (func (export "g") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1)))
  (func (export "twice") (param i32) (result i32) (i32.add (call $f (local.get 0)) (call $f (i32.const 100))))
  (func (export "void") (call $none))
  (func (export "refs") (param externref) (result externref) (call $ref (local.get 0)))
  (func (export "tail") (param i32) (result i32) (return_call $f (local.get 0)))
  (global $sp (mut i32) (i32.const 0))
  (func (export "depth") (param i32) (result i32) (local i32)
    (global.set $sp (i32.add (global.get $sp) (i32.const 1)))
    (local.set 1 (global.get $sp))
    (drop (call $f (local.get 0)))
    (if (i32.ne (local.get 1) (global.get $sp)) (then unreachable))
    (global.set $sp (i32.sub (global.get $sp) (i32.const 1)))
    (local.get 1))
  (func (export "spin") (param i32) (result i32) (local i32)
    (loop (local.set 1 (i32.add (local.get 1) (i32.const 3)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 1)))"""

MODULE = wasm.compile(bytes(wasmtime.wat2wasm(TEXT)))


def load(
    limits: wasm.Limits | None = None, store: wasm.Store | None = None, **functions: Any
) -> wasm.Instance:
    functions = {"f": lambda x: x, "none": lambda: None, "ref": lambda x: x, **functions}
    return MODULE.instantiate({"m": functions}, limits=limits, store=store)


async def double(x: int) -> int:
    await asyncio.sleep(0)
    return 2 * x


def test_host_functions_may_be_async() -> None:
    instance = load(f=double)
    assert asyncio.run(instance.g.aio(20)) == 41
    assert asyncio.run(instance.twice.aio(20)) == 240
    assert asyncio.run(instance.tail.aio(4)) == 8


def test_plain_host_functions_too() -> None:
    assert asyncio.run(load().g.aio(20)) == 21


def test_without_results_and_with_references() -> None:
    seen = []

    async def none() -> None:
        await asyncio.sleep(0)
        seen.append(1)

    async def ref(x: Any) -> Any:
        await asyncio.sleep(0)
        return [x]

    instance = load(none=none, ref=ref)
    assert asyncio.run(instance.void.aio()) is None
    assert seen == [1]
    thing = object()
    assert asyncio.run(instance.refs.aio(thing)) == [thing]


@pytest.mark.parametrize(("name", "args"), [("g", (1,)), ("void", ()), ("refs", (None,))])
def test_outside_of_aio_they_are_refused_with_advice(name: str, args: tuple[Any, ...]) -> None:
    async def none(*_args: Any) -> None:
        raise AssertionError

    instance = load(f=none, none=none, ref=none)
    with pytest.raises(TypeError, match=r"await f\.aio\(\.\.\.\)"):
        instance[name](*args)


def test_nested_calls_cannot_wait() -> None:
    inner = load(f=double)
    outer = load(f=lambda x: inner.g(x), store=inner.store)
    with pytest.raises(TypeError, match="is async"):
        asyncio.run(outer.g.aio(1))


def test_wrong_results_and_arguments() -> None:
    async def text(_x: int) -> str:
        return "x"

    async def more(_x: int) -> Any:
        return double(1)

    with pytest.raises(TypeError, match=r"f\(\) result must be int"):
        asyncio.run(load(f=text).g.aio(1))
    with pytest.raises(TypeError, match="awaitable of an awaitable"):
        asyncio.run(load(f=more).g.aio(1))
    with pytest.raises(TypeError, match="1 argument"):
        asyncio.run(load().g.aio())
    with pytest.raises(TypeError, match="argument 1"):
        asyncio.run(load().g.aio("x"))


def test_exceptions_come_through_with_the_frames_of_wasm() -> None:
    async def fails(_x: int) -> int:
        await asyncio.sleep(0)
        raise LookupError("not there")

    instance = load(f=fails)
    with pytest.raises(LookupError, match="not there") as caught:
        asyncio.run(instance.g.aio(1))
    names = []
    trace = caught.value.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert "g" in names
    with pytest.raises(LookupError):
        asyncio.run(instance.g.aio(1))


def test_the_guest_catches_what_they_throw() -> None:
    tag = wasm.Tag(wasm.FuncType(["i32"], []))
    text = """(module (import "m" "t" (tag $t (param i32))) (import "m" "f" (func $f))
      (func (export "g") (result i32)
        (block $h (result i32) (try_table (catch $t $h) (call $f)) (i32.const -1))))"""

    async def throw() -> None:
        await asyncio.sleep(0)
        raise wasm.WasmException(tag, [42])

    module = wasm.compile(bytes(wasmtime.wat2wasm(text)))
    instance = module.instantiate({"m": {"t": tag, "f": throw}})
    assert asyncio.run(instance.g.aio()) == 42


def test_thousands_in_flight_in_one_thread() -> None:
    gate: asyncio.Event

    async def wait(x: int) -> int:
        await gate.wait()
        return x

    async def main() -> list[int]:
        nonlocal gate
        gate = asyncio.Event()
        calls = [asyncio.create_task(load(f=wait).g.aio(i)) for i in range(10_000)]
        await asyncio.sleep(0)
        threads = threading.active_count()
        gate.set()
        results = await asyncio.gather(*calls)
        assert threads == threading.active_count()
        return results

    assert asyncio.run(main()) == [i + 1 for i in range(10_000)]


def test_long_runs_give_way() -> None:
    async def main() -> tuple[int, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        other = asyncio.create_task(tick())
        result = await load().spin.aio(30_000_000)
        other.cancel()
        return result, ticks

    result, ticks = asyncio.run(main())
    assert result == 90_000_000
    assert ticks > 2


def test_calls_of_one_store_take_turns() -> None:
    async def main() -> list[int]:
        instance = load(f=double)
        return await asyncio.gather(*[instance.depth.aio(i) for i in range(50)])

    assert asyncio.run(main()) == [1] * 50


def test_calls_inside_of_calls_come_first() -> None:
    async def nest(n: int) -> int:
        if n == 0:
            return 0
        deeper = [asyncio.create_task(instance.depth.aio(n - 1)) for _ in range(2)]
        return max(await asyncio.gather(*deeper))

    instance = load(f=nest)

    async def main() -> list[int]:
        return await asyncio.gather(*[instance.depth.aio(4) for _ in range(3)])

    assert asyncio.run(main()) == [1, 1, 1]


def test_two_stores_that_call_each_other() -> None:
    async def to_b(n: int) -> int:
        return int(await b.g.aio(n - 1)) if n > 0 else 0

    async def to_a(n: int) -> int:
        return int(await a.g.aio(n - 1)) if n > 0 else 0

    a, b = load(f=to_b), load(f=to_a)
    assert asyncio.run(asyncio.wait_for(a.g.aio(6), 20)) == 7


def test_plain_calls_while_another_waits() -> None:
    async def main() -> tuple[int, int]:
        gate = asyncio.Event()

        async def wait(x: int) -> int:
            await gate.wait()
            return x

        instance = load(f=wait)
        call = asyncio.create_task(instance.g.aio(1))
        await asyncio.sleep(0)
        spun = instance.spin(1000)
        gate.set()
        return spun, await call

    assert asyncio.run(main()) == (3000, 2)


def test_cancelling_the_task_ends_the_call() -> None:
    async def main() -> None:
        instance = load(f=lambda _x: asyncio.sleep(100))
        for call in (instance.g.aio(1), instance.spin.aio(0)):
            task = asyncio.create_task(call)
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert instance.spin(10) == 30

    asyncio.run(asyncio.wait_for(main(), 30))


def test_cancel_of_the_instance() -> None:
    async def main() -> None:
        instance = load(f=lambda _x: asyncio.sleep(100))
        for name in ("g", "spin"):
            task = asyncio.create_task(instance[name].aio(0))
            await asyncio.sleep(0.02)
            threading.Thread(target=instance.cancel).start()
            with pytest.raises(wasm.Cancelled):
                await task
        assert instance.spin(10) == 30

    asyncio.run(asyncio.wait_for(main(), 30))


@pytest.mark.parametrize("name", ["g", "spin"])
def test_timeouts(name: str) -> None:
    instance = load(f=lambda _x: asyncio.sleep(100), limits=wasm.Limits(timeout=0.1))
    begin = time.monotonic()
    with pytest.raises(wasm.Timeout):
        asyncio.run(instance[name].aio(0))
    assert time.monotonic() - begin < 20
    assert instance.spin(10) == 30


def test_another_event_loop_is_refused_while_calls_are_in_flight() -> None:
    async def main() -> None:
        instance = load(f=lambda _x: asyncio.sleep(100))
        task = asyncio.create_task(instance.g.aio(1))
        await asyncio.sleep(0)
        errors: list[BaseException] = []

        def other() -> None:
            try:
                asyncio.run(instance.g.aio(1))
            except RuntimeError as error:
                errors.append(error)

        await asyncio.to_thread(other)
        assert "another event loop" in str(errors[0])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(main(), 30))


def test_calls_that_nobody_finishes_go_with_their_tasks() -> None:
    async def main() -> None:
        instance = load(f=lambda _x: asyncio.sleep(100))
        asyncio.get_running_loop().create_task(instance.g.aio(1))
        await asyncio.sleep(0)

    for _ in range(20):
        asyncio.run(main())


def test_references_live_while_a_call_waits() -> None:
    text = """(module (type $box (struct (field i32))) (import "m" "f" (func $f))
      (func (export "keep") (result i32) (local (ref null $box))
        (local.set 0 (struct.new $box (i32.const 9))) (call $f) (struct.get $box 0 (local.get 0)))
      (func (export "litter") (param i32)
        (loop (drop (struct.new $box (i32.const 1)))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"""

    async def litter() -> None:
        await asyncio.sleep(0)
        instance.litter(300_000)

    instance = wasm.compile(bytes(wasmtime.wat2wasm(text))).instantiate({"m": {"f": litter}})
    assert asyncio.run(instance.keep.aio()) == 9


def test_a_host_function_that_would_not_be_cancelled() -> None:
    async def stubborn(_x: int) -> int:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            return 7
        return 8

    async def main(instance: wasm.Instance, kind: type[wasm.Trap]) -> None:
        task = asyncio.current_task()
        assert task is not None
        with pytest.raises(kind):
            await instance.twice.aio(1)
        assert task.cancelling() == 0  # what comes next in this task is not affected
        async with asyncio.timeout(10):
            await asyncio.sleep(0)

    asyncio.run(main(load(wasm.Limits(timeout=0.02), f=stubborn), wasm.Timeout))
    instance = load(f=stubborn)

    async def cancelled() -> None:
        asyncio.get_running_loop().call_later(0.02, instance.cancel)
        await main(instance, wasm.Cancelled)

    asyncio.run(cancelled())


def test_what_a_host_function_raises_instead_is_the_cause() -> None:
    async def fails(_x: int) -> int:
        try:
            await asyncio.sleep(100)
        finally:
            raise LookupError("on the way out")

    with pytest.raises(wasm.Timeout) as caught:
        asyncio.run(load(wasm.Limits(timeout=0.02), f=fails).g.aio(1))
    assert isinstance(caught.value.__cause__, LookupError)


def test_a_store_is_free_when_the_event_loop_of_its_calls_was_closed() -> None:
    instance = load(f=lambda x: asyncio.sleep(100 if x == 1 else 0, x))
    loop = asyncio.new_event_loop()

    async def begin() -> asyncio.Task[Any]:
        task = asyncio.create_task(instance.g.aio(1))
        asyncio.create_task(instance.g.aio(1)).cancel()
        await asyncio.sleep(0)
        return task

    task = loop.run_until_complete(begin())
    loop.set_exception_handler(lambda *_: None)  # it would tell of tasks that are dropped while they wait
    loop.close()
    instance.cancel()  # nobody is there to hear it
    assert asyncio.run(instance.g.aio(2)) == 3

    async def other() -> None:
        nonlocal task
        waits = asyncio.create_task(instance.g.aio(2))
        await asyncio.sleep(0)
        del task
        gc.collect()  # what is dropped now takes nobody's turn
        assert await asyncio.gather(waits, instance.g.aio(3)) == [3, 4]

    asyncio.run(other())
    assert len(instance.store.flights.active) == 0
    instance.snapshot()  # nothing stands still any more


def test_calls_that_were_suspended_are_collected_with_their_store() -> None:
    def make() -> None:
        try:
            load(wasm.Limits(fuel=50)).spin(1000)
        except wasm.OutOfFuel as stop:
            cycle: list[Any] = [stop._suspended]
            cycle.append(cycle)

    for _ in range(20):
        make()
    gc.collect()


def test_warnings_and_tasks_name_the_function() -> None:
    call = load().g.aio(1)
    assert call.__qualname__ == "g.aio"
    with pytest.warns(RuntimeWarning, match=r"coroutine 'g\.aio' was never awaited"):
        del call


def test_many_long_runs_share_the_loop() -> None:
    async def main() -> tuple[float, float]:
        tasks = [asyncio.create_task(load().spin.aio(1 << 31)) for _ in range(20)]
        await asyncio.sleep(0.05)
        before, cpu = time.perf_counter(), time.thread_time()
        for _ in range(3):
            await asyncio.sleep(0)
        took = time.perf_counter() - before, time.thread_time() - cpu
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return took

    # Three rounds of twenty slices of half a millisecond, not of five milliseconds.
    assert min(asyncio.run(main())[1] for _ in range(3)) < 0.2


def test_runs_give_way_after_wasi_has_waited() -> None:
    text = """(module (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "run") (param i64) (result i64)
        (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 1000000))
        (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)) (then unreachable))
        (loop (br_if 0 (i64.ne (i64.const 0) (local.tee 0 (i64.sub (local.get 0) (i64.const 1))))))
        (local.get 0)))"""
    module = wasm.compile(bytes(wasmtime.wat2wasm(text)))

    async def main() -> int:
        task = asyncio.create_task(module.instantiate(wasi=wasm.Wasi()).run.aio(1 << 60))
        ticks = 0
        while ticks < 5 and not task.done():
            await asyncio.sleep(0)
            ticks += 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return ticks

    assert asyncio.run(asyncio.wait_for(main(), 30)) == 5


def test_out_of_fuel_goes_on_in_a_coroutine() -> None:
    async def main() -> None:
        instance = load(wasm.Limits(fuel=2, timeout=30), f=double)
        with pytest.raises(wasm.OutOfFuel) as caught:
            await instance.twice.aio(20)
        with pytest.raises(wasm.OutOfFuel) as again:
            await caught.value.resume_aio(1)
        assert await again.value.resume_aio(1000) == 240
        with pytest.raises(RuntimeError, match="has gone on already"):
            await again.value.resume_aio(1000)
        with pytest.raises(ValueError, match="fuel must be"):
            again.value.resume_aio(0)
        instance.fuel = 10
        with pytest.raises(wasm.OutOfFuel) as caught:
            instance.spin(1 << 30)  # a plain one can go on so too, and gives way
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(caught.value.resume_aio(1 << 60), 0.05)

    asyncio.run(main())


def test_what_is_thrown_into_a_run_that_gives_way_ends_it() -> None:
    async def main() -> None:
        instance = load()
        call = instance.spin.aio(1 << 31)
        call.send(None)
        with pytest.raises(LookupError):
            call.throw(LookupError("thrown"))
        call = instance.spin.aio(1 << 31)
        call.send(None)
        call.close()
        assert await instance.spin.aio(10) == 30
        instance.snapshot()  # nothing stands still

    asyncio.run(main())
