"""A pool of workers: threads that run functions of one module at once, without the GIL."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from concurrent.futures import Executor, Future
from queue import SimpleQueue

from . import engine
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Concatenate, NoReturn, ParamSpec, Self, TypeVar

    from .instance import Instance
    from .limits import Limits
    from .linking import Imports
    from .snapshot import Snapshot
    from .sources import Source
    from .wasi import Wasi

    P = ParamSpec("P")
    T = TypeVar("T")

_AGAIN = 0.005  # seconds between two attempts to end calls that were not running yet
_AT_EXIT = 1.0  # seconds that the end of the interpreter waits for workers that are in Python code


class _Task:
    __slots__ = ("args", "function", "future", "kwargs")

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.future: Future[Any] = Future()
        self.function, self.args, self.kwargs = function, args, kwargs

    def run(self, instance: Instance) -> Any:
        if isinstance(self.function, str):
            return instance[self.function](*self.args, **self.kwargs)
        return self.function(instance, *self.args, **self.kwargs)


class _Recipe:
    """How an instance for the next task is come by."""

    def __init__(
        self, module: Module, imports: Any, wasi: Wasi | None, limits: Limits | None, fresh: bool
    ) -> None:
        self.module, self.imports, self.wasi, self.limits, self.fresh = module, imports, wasi, limits, fresh
        self.state: Snapshot | None = None
        # A function that gives the imports is called for each instance: it may give others each time.
        self.may_fork = fresh and not callable(imports)
        self.lock = threading.Lock()

    def reset(self, instance: Instance | None) -> Instance:
        """An instance in the state that instantiation leaves; `instance` is the one that the last task used.

        The only place that decides how: a fork of the first instance's state, in a new store. That one is not
        used again: whoever has kept a view of its memory keeps what it saw.
        """
        if instance is not None and not self.fresh:
            return instance
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

    def make(self) -> Instance:
        imports = self.imports() if callable(self.imports) else self.imports
        return self.module.instantiate(imports, wasi=self.wasi, store=self.store())

    def store(self) -> engine.Store:
        store = engine.Store(self.limits)
        engine.native.run_in_parallel(store)
        return store


class _Workers:
    """What the threads know: not the pool, so that a pool that nobody has any more can end them."""

    def __init__(self, recipe: _Recipe, count: int, name: str) -> None:
        self.recipe = recipe
        self.tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self.running: dict[int, Instance] = {}
        self.process = os.getpid()
        self.lock = threading.Lock()
        self.closed = False
        self.threads = [
            threading.Thread(target=self.work, name=f"{name}_{i}", daemon=True) for i in range(count)
        ]
        for thread in self.threads:
            thread.start()

    def work(self) -> None:
        instance: Instance | None = None
        while True:
            task = self.tasks.get()
            if task is None:
                self.tasks.put(None)  # for the next one
                return
            if not task.future.set_running_or_notify_cancel():
                continue
            me = threading.get_ident()
            try:
                instance = self.recipe.reset(instance)
                self.running[me] = instance
                result = task.run(instance)
            except BaseException as problem:
                task.future.set_exception(problem)
            else:
                task.future.set_result(result)
                del result
            finally:
                self.running.pop(me, None)
                if self.recipe.fresh:
                    instance = None
                del task

    def close(self) -> None:
        """Nothing more comes in."""
        if self.process != os.getpid():  # a fork: threads that are not here may hold the lock and the queue
            self.closed = True
            return
        with self.lock:
            if not self.closed:
                self.closed = True
                self.tasks.put(None)

    def drop_waiting(self) -> None:
        """Cancels what has not begun."""
        while not self.tasks.empty():
            task = self.tasks.get()
            if task is not None:
                task.future.cancel()
                task.future.set_running_or_notify_cancel()
        self.tasks.put(None)

    def terminate(self, patience: float | None = None) -> None:
        """Cancels what has not begun, ends the calls that run, and waits for the threads."""
        self.close()
        self.drop_waiting()
        end = None if patience is None else time.monotonic() + patience
        while any(thread.is_alive() for thread in self.threads):
            for instance in list(self.running.values()):
                instance.cancel()
            for thread in self.threads:
                thread.join(_AGAIN / len(self.threads))
            if end is not None and time.monotonic() > end:
                return


_all: weakref.WeakSet[_Workers] = weakref.WeakSet()


@atexit.register
def _at_exit() -> None:
    for workers in list(_all):
        if workers.process == os.getpid():
            workers.terminate(_AT_EXIT)


class Pool(Executor):
    """Threads that run functions of one module at once, each call in an instance of its own.

    It is a `concurrent.futures.Executor`: `submit` gives a future, `map` the results in order. The function
    is the name of an export, or a callable that gets the instance before its arguments and may do with it
    what it likes. Each task finds the instance as instantiation leaves it: nothing that another task wrote.
    Calls run in parallel: they give the GIL away after a tenth of a millisecond.

        with wasm.Pool("resize.wasm", 8) as pool:
            thumbnails = list(pool.map(resize, pictures))     # def resize(instance, picture): ...

    Args:
        module: a `Module`, or what `compile` takes.
        workers: how many; by default as many as there are processors for this process.
        imports: as for `Module.instantiate`: Python callables, which the workers call from their threads; or
            a function that gives such a mapping, called for each instance.
        wasi: what the module may do of WASI; opened anew for each task.
        limits: of each task; ``timeout`` bounds each of its calls.
        fresh: False lets the tasks of a worker share an instance, with all that they leave in it.
        name: begins the names of the threads.

    Raises:
        ValueError: `workers` is less than one.
    """

    def __init__(
        self,
        module: Module | Source,
        workers: int | None = None,
        *,
        imports: Imports | Callable[[], Imports] | None = None,
        wasi: Wasi | None = None,
        limits: Limits | None = None,
        fresh: bool = True,
        name: str = "wasm-pool",
    ) -> None:
        count = _processors() if workers is None else workers
        if isinstance(count, bool) or not isinstance(count, int):
            raise TypeError(f"workers must be an int, not {type(count).__name__}")
        if count < 1:
            raise ValueError(f"a pool needs at least one worker, not {count}")
        self._module = module if isinstance(module, Module) else Module(module)
        self._exports = frozenset(item.name for item in self._module.exports)
        self._workers = _Workers(_Recipe(self._module, imports, wasi, limits, fresh), count, name)
        _all.add(self._workers)
        weakref.finalize(self, self._workers.close).atexit = False

    @property
    def module(self) -> Module:
        """What its instances are made of."""
        return self._module

    # The base class has names before the slash only; here the function may be a name.
    def submit(  # type: ignore[override]
        self, function: str | Callable[Concatenate[Instance, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Runs ``instance[function](*args)``, or ``function(instance, *args)``, as soon as a worker is free.

        Raises:
            KeyError: no export has that name.
            RuntimeError: the pool is shut down, or was made in the process that this one was forked from.
        """
        if isinstance(function, str):
            if function not in self._exports:
                from .linking import closest

                raise KeyError(f"no export is named {function!r}{closest(function, self._exports)}")
        elif not callable(function):
            raise TypeError(f"a task is the name of an export or a callable, not {type(function).__name__}")
        task = _Task(function, args, kwargs)
        if self._workers.process != os.getpid():
            raise RuntimeError("the workers of this pool are in another process: make a pool after fork")
        with self._workers.lock:
            if self._workers.closed:
                raise RuntimeError("the pool is shut down")
            self._workers.tasks.put(task)
        return task.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more tasks; those that are there are done, or cancelled if they have not begun."""
        self._workers.close()
        if self._workers.process != os.getpid():
            return
        if cancel_futures:
            self._workers.drop_waiting()
        if wait:
            for thread in self._workers.threads:
                thread.join()

    def terminate(self) -> None:
        """Shuts down at once: what runs ends with `Cancelled`, what has not begun is cancelled."""
        if self._workers.process == os.getpid():
            self._workers.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.shutdown()
        else:  # Ctrl-C among others: nobody waits for the results
            self.terminate()

    def __repr__(self) -> str:
        state = " (shut down)" if self._workers.closed else ""
        return f"<pool of {len(self._workers.threads)} workers for {self._module!r}{state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle a Pool: send its module, and make a pool where it arrives")


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1
