"""A pool of workers: threads that run functions of one module at once, without the GIL."""

from __future__ import annotations

import atexit
import os
import time
import weakref
from concurrent.futures import Executor

from .extern_types import FuncType
from .linking import check_grants
from .module import Module
from .pool_workers import Recipe, Task, Tasks, Workers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from typing import Any, Concatenate, NoReturn, ParamSpec, Self, TypeVar

    from .instance import Instance
    from .limits import Limits
    from .linking import Imports
    from .sources import Source
    from .wasi import Wasi

    P = ParamSpec("P")
    T = TypeVar("T")

_AT_EXIT = 1.0  # seconds that the end of the interpreter waits for workers that are in Python code


_all: weakref.WeakSet[Workers] = weakref.WeakSet()


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

    What is wrong with the imports, or with instantiation, is the exception of each task.

    Raises:
        ValueError: `workers` is less than one.
        RuntimeError: the system gives no more threads.
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
        check_grants(wasi, limits)
        self._module = module if isinstance(module, Module) else Module(module)
        self._workers = Workers(Recipe(self._module, imports, wasi, limits, fresh), count, name)
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
            TypeError: the export is no function, or `function` is neither a name nor callable.
            RuntimeError: the pool is shut down, or was made in the process that this one was forked from.
        """
        self._check(function)
        task = Task(function, args, kwargs)
        self._workers.add(task)
        return task.future

    # As above.
    def map(  # type: ignore[override]
        self,
        function: str | Callable[..., T],
        /,
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int | None = None,
        **options: Any,
    ) -> Iterator[T]:
        """The results of all tasks in order, an iterator; each task gets an item of each of the iterables.

        All of them are taken at once, and the tasks begin. The exception of a task comes out when its result
        is asked for; then, and when the iterator is closed, what has not begun is dropped.

        Args:
            function: as for `submit`.
            iterables: arguments; the shortest one says how many tasks there are.
            timeout: seconds from this call until a result has to be there.
            chunksize: how many tasks a worker takes at once. By default as many as take about a millisecond,
                and fewer towards the end.
            options: what else `concurrent.futures.Executor.map` of this Python knows: a `buffersize`.

        Raises:
            KeyError: no export has that name.
            TypeError: the export is no function, or `function` is neither a name nor callable.
            RuntimeError: the pool is shut down, or was made in the process that this one was forked from.
            TimeoutError: by the iterator.
        """
        if options:
            return super().map(function, *iterables, timeout=timeout, **options)  # type: ignore[arg-type]
        if chunksize is not None and chunksize < 1:
            raise ValueError(f"chunksize must be at least 1, not {chunksize}")
        end = None if timeout is None else timeout + time.monotonic()
        self._check(function)
        workers = len(self._workers.threads)
        tasks = Tasks(function, list(zip(*iterables, strict=False)), chunksize, workers)
        self._workers.add(tasks, min(workers, len(tasks.tasks)))
        return tasks.results(end)

    def _check(self, function: Any) -> None:
        if isinstance(function, str):
            exports = self._workers.recipe.types
            if function not in exports:
                from .linking import closest

                raise KeyError(f"no export is named {function!r}{closest(function, exports)}")
            if not isinstance(exports[function], FuncType):
                raise TypeError(f"the export {function!r} is no function: {exports[function]}")
        elif not callable(function):
            raise TypeError(f"a task is the name of an export or a callable, not {type(function).__name__}")

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
