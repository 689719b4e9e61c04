"""The threads of a pool, and what they work on: single tasks, and the many of a `map`."""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import CancelledError, Future
from queue import SimpleQueue
from weakref import WeakSet

from . import engine, snapshot
from .extern_types import FuncType, MemoryType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .instance import Instance
    from .limits import Limits
    from .module import Module
    from .snapshot import Snapshot
    from .wasi import Wasi

_AGAIN = 0.005  # seconds between two attempts to end calls that were not running yet
_SHORT, _LONG = 0.0005, 0.002  # seconds that the tasks take which a worker takes at once
_MOST = 4096  # and how many that may be
_USES = 256  # by callables, after which a store is dropped: who makes functions for it leaves them there
_NUMBERS = frozenset({"i32", "i64", "f32", "f64", "v128"})
_PENDING: Any = object()
# Without a GIL, Python spins before a wait sleeps; a Ctrl-C of just then does not wake it: look this often.
_LOOK = None if getattr(sys, "_is_gil_enabled", lambda: True)() else 0.02  # seconds


class Task:
    """What `submit` was given."""

    __slots__ = ("function", "future", "tasks")

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.future: Future[Any] = Future()
        # A call with names goes to a callable; that of an export says itself that it takes none.
        self.function: Any = _Named(function, kwargs) if kwargs else function
        self.tasks = [args]

    def run(self, worker: Worker) -> None:
        """Runs it, unless it was cancelled before."""
        if not self.future.set_running_or_notify_cancel():
            return
        (outcome,) = worker.outcomes(self.function, self.tasks, 0, 1)
        if type(outcome) is Failure:
            self.future.set_exception(outcome.problem)
        else:
            self.future.set_result(outcome)

    def drop(self) -> None:
        """It will not run."""
        self.future.cancel()
        self.future.set_running_or_notify_cancel()


class _Named:
    __slots__ = ("function", "kwargs")

    def __init__(self, function: Any, kwargs: dict[str, Any]) -> None:
        self.function, self.kwargs = function, kwargs

    def __call__(self, instance: Instance, *args: Any) -> Any:
        if isinstance(self.function, str):
            return instance[self.function](*args, **self.kwargs)
        return self.function(instance, *args, **self.kwargs)


class Failure:
    """What stands in the place of a result."""

    __slots__ = ("problem",)

    def __init__(self, problem: BaseException) -> None:
        self.problem = problem


class Tasks:
    """What `map` was given. Workers take some at once: a hand-over costs more than a short task."""

    def __init__(self, function: Any, tasks: list[tuple[Any, ...]], size: int | None, workers: int) -> None:
        self.function, self.tasks, self.size, self.workers = function, tasks, size, workers
        self.outcomes: list[Any] = [_PENDING] * len(tasks)
        self.changed = threading.Condition(threading.Lock())
        self.next = 0
        self.wanted = -1  # the one that the consumer waits for
        self.is_dropped = False

    def run(self, worker: Worker) -> None:
        """Works until none is left."""
        step = 1
        while span := self._take(self.size or step):
            start, stop = span
            while start < stop and not self.is_dropped:
                begun = time.perf_counter()
                outcomes = worker.outcomes(self.function, self.tasks, start, min(start + step, stop))
                took = time.perf_counter() - begun
                self._put(start, outcomes)
                start += len(outcomes)
                if took < _SHORT and len(outcomes) == step:
                    step = min(2 * step, _MOST)
                elif took > _LONG:
                    step = max(step // 2, 1)
            if start < stop:
                self._put(start, [Failure(CancelledError()) for _ in range(start, stop)])

    def drop(self) -> None:
        """Those that have not begun will not run."""
        with self.changed:
            if not self.is_dropped:
                self.is_dropped = True
                for i in range(self.next, len(self.tasks)):
                    self.outcomes[i] = Failure(CancelledError())
                self.next = len(self.tasks)
                self.changed.notify_all()

    def _take(self, size: int) -> tuple[int, int] | None:
        with self.changed:
            start, left = self.next, len(self.tasks) - self.next
            if left <= 0:
                return None
            if self.size is None:  # so many that all workers have something until the end
                size = min(size, left // (2 * self.workers) + 1)
            self.next = min(start + size, len(self.tasks))
            return start, self.next

    def _put(self, start: int, outcomes: list[Any]) -> None:
        stop = start + len(outcomes)
        self.outcomes[start:stop] = outcomes
        self.tasks[start:stop] = [()] * len(outcomes)
        with self.changed:
            if start <= self.wanted < stop:
                self.changed.notify_all()

    def results(self, end: float | None) -> Iterator[Any]:
        """In order. Who does not want the rest any more drops it."""
        try:
            for i in range(len(self.outcomes)):
                if self.outcomes[i] is _PENDING:
                    self._wait(i, end)
                outcome = self.outcomes[i]
                self.outcomes[i] = None
                if type(outcome) is Failure:
                    try:
                        raise outcome.problem
                    finally:
                        del outcome
                yield outcome
        finally:
            self.drop()

    def _wait(self, index: int, end: float | None) -> None:
        with self.changed:
            self.wanted = index
            while self.outcomes[index] is _PENDING:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError
                self.changed.wait(_LOOK if left is None else min(left, _LOOK or left))
            self.wanted = -1


class Recipe:
    """How an instance for the next task is come by."""

    def __init__(
        self, module: Module, imports: Any, wasi: Wasi | None, limits: Limits | None, fresh: bool
    ) -> None:
        self.module, self.imports, self.wasi, self.limits, self.fresh = module, imports, wasi, limits, fresh
        self.state: Snapshot | None = None
        # A function that gives the imports is called for each instance: it may give others each time.
        self.may_fork = fresh and not callable(imports)
        self.lock = threading.Lock()
        self.types = {item.name: item.type for item in module.exports}
        self.shows_nothing = all(
            isinstance(item.type, MemoryType) or _is_plain(item.type) for item in module.imports
        )

    def new(self) -> Instance:
        """An instance as instantiation leaves it, in a store of its own: a fork of the first one's state."""
        if not self.may_fork:
            return self.make()
        with self.lock:
            if self.state is None:
                made = self.make()
                try:
                    self.state = made.snapshot()
                except (ValueError, MemoryError):  # its state refers to the host's, or is too large to keep
                    self.may_fork = False
                return made
        return self.state.instantiate(store=self.store())

    def is_plain(self, function: Any) -> bool:
        """Whether the call of that function gives nobody anything of the instance in hand."""
        return isinstance(function, str) and self.shows_nothing and _is_plain(self.types[function])

    def make(self) -> Instance:
        """An instance by instantiation."""
        imports = self.imports() if callable(self.imports) else self.imports
        return self.module.instantiate(imports, wasi=self.wasi, store=self.store())

    def store(self) -> engine.Store:
        """A store for one instance."""
        store = engine.Store(self.limits)
        engine.native.run_in_parallel(store)
        return store


def _is_plain(kind: Any) -> bool:
    return isinstance(kind, FuncType) and _NUMBERS.issuperset((*kind.params, *kind.results))


class Worker:
    """One thread, and the instance that it has.

    For the next task it is put back to the first state, if nobody else has anything of it. Who has may still
    look at it, and has to see what it was: that one is not used again.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.running: Instance | None = None  # for `terminate`
        self._instance: Instance | None = None
        self._is_new = False  # as instantiation leaves it
        self._counts: list[int] = []  # of references, before anybody else had it
        self._uses = 0  # by callables, which may have left something in its store

    def outcomes(self, function: Any, tasks: list[tuple[Any, ...]], start: int, stop: int) -> list[Any]:
        """Results of the first of ``tasks[start:stop]``, at least of one; the last may be a Failure."""
        found: list[Any] = []
        is_plain = self.recipe.is_plain(function)
        try:
            if is_plain:
                self._run_many(function, tasks, start, stop, found)
            else:
                found.append(self._run_one(function, tasks[start]))
        except BaseException as problem:
            found.append(Failure(problem))
            self._forget()
        finally:
            self.running = None
        if not is_plain and self._is_shared():
            self._forget()
        return found

    def _run_many(self, function: str, tasks: Any, start: int, stop: int, found: list[Any]) -> None:
        instance = self._get()
        if self.recipe.fresh and (self.recipe.state is None or instance._wasi is not None):
            stop, instance = start + 1, self._get_new()
        self.running = instance
        state = self.recipe.state if self.recipe.fresh else None
        is_new, self._is_new = self._is_new, False
        handle = state._handle if state is not None else None
        engine.native.run_batch(
            instance[function], instance._handle, handle, is_new, tasks, start, stop, found
        )
        # Objects of Python that it got from its imports are let go with it.
        if state is None or engine.native.holds_objects(instance._store):
            self._forget()

    def _run_one(self, function: Any, args: tuple[Any, ...]) -> Any:
        instance = self.running = self._get_new() if self.recipe.fresh else self._get()
        self._is_new = False
        if isinstance(function, str):
            return instance[function](*args)
        return function(instance, *args)

    def _get(self) -> Instance:
        if self._instance is None:
            self._instance, self._is_new, self._uses = self.recipe.new(), True, 0
            self._counts = _references(self._instance)
        return self._instance

    def _get_new(self) -> Instance:
        """The instance as instantiation leaves it; another one if it cannot be put back."""
        self._put_back()
        return self._get()

    def _is_shared(self) -> bool:
        """Whether the task may have kept something of the instance, or left in it what a reset leaves."""
        if self._instance is None or not self.recipe.fresh:
            return False
        self._uses += 1
        return (
            self._uses >= _USES
            or self.recipe.state is None
            or not self.recipe.shows_nothing
            or _references(self._instance) != self._counts
            or engine.native.holds_objects(self._instance._store)
            or self._instance._store.flights is not None
            or getattr(self._instance, "_space", None) is not None
        )

    def _forget(self) -> None:
        if self.recipe.fresh:
            self._instance = None

    def rest(self) -> None:
        """There is nothing to do: what the last task left is gone, and files are closed."""
        if self._instance is not None and self._instance._wasi is not None:
            self._forget()
        self._put_back()

    def _put_back(self) -> None:
        """Gives the instance the first state; what cannot be put back is not used again."""
        instance, state = self._instance, self.recipe.state
        if instance is None or self._is_new or not self.recipe.fresh:
            return
        if state is None:
            self._instance = None
            return
        try:
            snapshot.restore(instance, state)
            if self.recipe.limits is not None and self.recipe.limits.fuel is not None:
                instance._store.fuel = self.recipe.limits.fuel
            self._is_new = True
        except Exception:  # of the system, that cannot open a grant again: a new instance says so
            self._instance = None


def _references(instance: Instance) -> list[int]:
    """How many references there are to an instance and its parts; all else that it gives has its store."""
    own, exports = vars(instance), instance._exports
    parts = instance, instance._store, instance._handle, own, exports, *own.values(), *exports.values()
    return [len(own), *map(sys.getrefcount, parts)]


class Workers:
    """What the threads know: not the pool, so that a pool that nobody has any more can end them."""

    def __init__(self, recipe: Recipe, count: int, name: str) -> None:
        self.recipe = recipe
        self.queue: SimpleQueue[Task | Tasks | None] = SimpleQueue()
        self.maps: WeakSet[Tasks] = WeakSet()
        self.workers = [Worker(recipe) for _ in range(count)]
        self.process = os.getpid()
        self.lock = threading.Lock()
        self.closed = False
        self.threads = [
            threading.Thread(target=self.work, args=(worker,), name=f"{name}_{i}", daemon=True)
            for i, worker in enumerate(self.workers)
        ]
        try:
            for thread in self.threads:
                thread.start()
        except BaseException:  # the system gives no more of them: those that run are to end
            self.close()
            raise

    def work(self, worker: Worker) -> None:
        """What a thread does."""
        while True:
            task = self.queue.get()
            if task is None:
                self.queue.put(None)  # for the next one
                return
            task.run(worker)
            del task
            if self.queue.empty():
                worker.rest()

    def add(self, task: Task | Tasks, times: int = 1) -> None:
        """Puts it into the queue, for so many of the workers.

        Raises:
            RuntimeError: they are closed, or in another process.
        """
        if self.process != os.getpid():
            raise RuntimeError("the workers of this pool are in another process: make a pool after fork")
        with self.lock:
            if self.closed:
                raise RuntimeError("the pool is shut down")
            if isinstance(task, Tasks):
                self.maps.add(task)
            for _ in range(times):
                self.queue.put(task)

    def close(self) -> None:
        """Nothing more comes in."""
        if self.process != os.getpid():  # a fork: threads that are not here may hold the lock and the queue
            self.closed = True
            return
        with self.lock:
            if not self.closed:
                self.closed = True
                self.queue.put(None)

    def drop_waiting(self) -> None:
        """Cancels what has not begun."""
        with self.lock:
            maps = list(self.maps)
        for tasks in maps:
            tasks.drop()
        while not self.queue.empty():
            task = self.queue.get()
            if task is not None:
                task.drop()
        self.queue.put(None)

    def terminate(self, patience: float | None = None) -> None:
        """Cancels what has not begun, ends the calls that run, and waits for the threads."""
        self.close()
        self.drop_waiting()
        end = None if patience is None else time.monotonic() + patience
        while any(thread.is_alive() for thread in self.threads):
            for worker in self.workers:
                instance = worker.running
                if instance is not None:
                    instance.cancel()
            for thread in self.threads:
                thread.join(_AGAIN / len(self.threads))
            if end is not None and time.monotonic() > end:
                return
