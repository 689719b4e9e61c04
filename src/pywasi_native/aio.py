"""Calls from coroutines, ``await f.aio(...)``: the wasm stack is set aside while others run.

A C program keeps its own stack in the memory of its module, so calls into one store go on in the reverse
order of their beginning, as calls of functions do: they take turns, and a call goes on when those made inside
of it have ended.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from weakref import ref

from . import engine
from .errors import Cancelled
from .limit_advice import timed_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from .typed._calls import StoppedCall

Suspended = engine.native.Suspended


class Turns:
    """A lock that is given in the order of asking. It belongs to an event loop only while somebody has it."""

    __slots__ = ("_era", "_loop", "_waiting")

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._era = 0  # counts the event loops that were closed while somebody had it

    async def take(self) -> int:
        """Waits until it is ours, and gives what `give` wants.

        Raises:
            RuntimeError: it is taken on another event loop.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop.is_closed():
            self._loop, self._waiting = None, deque()
            self._era += 1
        era = self._era
        if self._loop is None:
            self._loop = loop
            return era
        if self._loop is not loop:
            raise RuntimeError(
                "calls into this store are in flight on another event loop: use an instance for each"
            )
        turn = loop.create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give(era)
            elif era == self._era:
                self._waiting.remove(turn)
            raise
        return era

    def give(self, era: int) -> None:
        """To the next one who waits, unless the event loop of that time is gone."""
        if era != self._era:
            return
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._loop = None


class Flights:
    """The calls that are in flight in a store."""

    __slots__ = ("active", "turns")

    def __init__(self) -> None:
        self.active: set[Flight] = set()
        self.turns = Turns()

    def cancel(self) -> None:
        """Ends them with `Cancelled`; from any thread."""
        for flight in tuple(self.active):
            flight.end(Cancelled(kind="cancelled"))


class Flight:
    """A call from a coroutine."""

    __slots__ = ("children", "done", "error", "flights", "loop", "outer", "task")

    def __init__(self, flights: Flights, outer: Flight | None) -> None:
        self.flights, self.outer = flights, outer
        self.children = Turns()
        self.loop, task = asyncio.get_running_loop(), asyncio.current_task()
        self.task = ref(task) if task is not None else None  # one that nobody has any more is to go
        self.error: BaseException | None = None
        self.done = False

    def end(self, error: BaseException) -> None:
        """Makes it raise that, from any thread."""
        try:
            self.loop.call_soon_threadsafe(self._end, error)
        except RuntimeError:
            if not self.loop.is_closed():
                raise

    def _end(self, error: BaseException) -> None:
        task = self.task() if self.task is not None else None
        if not self.done and self.error is None and task is not None:
            self.error = error
            task.cancel()

    def parent(self, flights: Flights) -> Flight | None:
        """The call in that store in whose host function we are."""
        flight: Flight | None = self
        while flight is not None and (flight.flights is not flights or flight.done):
            flight = flight.outer
        return flight


_current: ContextVar[Flight | None] = ContextVar("pywasi_native.flight", default=None)


class _Thread(threading.local):
    """Calls that have given way and go on when it is their turn, on the event loop of this thread."""

    ready = 0


_thread = _Thread()


def _slice() -> int:
    """Nanoseconds after which a call gives way: ten of them together keep others waiting as long as one."""
    return max(_SLICE // max(_thread.ready, 1), _LEAST_SLICE)


_SLICE, _LEAST_SLICE = 5_000_000, 500_000


def call(function: engine.Func, args: tuple[Any, ...]) -> Coroutine[Any, Any, Any]:
    """See `Func.aio`."""
    return _named(_call(function, args), f"{function.__name__}.aio")


def resume(suspended: engine.native.Suspended | StoppedCall, units: int) -> Coroutine[Any, Any, Any]:
    """See `OutOfFuel.resume_aio`."""
    return _named(_call(suspended, (units,)), "OutOfFuel.resume_aio")


def _named(made: Any, name: str) -> Coroutine[Any, Any, Any]:
    made.__qualname__ = name  # for warnings, and for whoever looks at tasks
    return made  # type: ignore[no-any-return]


async def _call(what: engine.Func | engine.native.Suspended | StoppedCall, args: tuple[Any, ...]) -> Any:
    store = engine.native.bound_store(what) if isinstance(what, engine.Func) else what.store
    flights, outer = store.in_flight(Flights), _current.get()
    parent = outer.parent(flights) if outer is not None else None
    turns = parent.children if parent is not None else flights.turns
    turn = await turns.take()
    try:
        return await _fly(Flight(flights, outer), store, what, args)
    finally:
        turns.give(turn)


async def _fly(
    flight: Flight,
    store: engine.Store,
    what: engine.Func | engine.native.Suspended | StoppedCall,
    args: tuple[Any, ...],
) -> Any:
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    timeout = store.limits.timeout if store.limits is not None else None
    timer = None
    if timeout is not None:
        timer = flight.loop.call_later(timeout, flight._end, timed_out(timeout))
    token = _current.set(flight)
    flight.flights.active.add(flight)
    try:
        if isinstance(what, engine.Func):
            return await _land(flight, engine.native.begin_call(what, args, _slice()))
        return await _land(flight, what.refuel(args[0], _slice()))
    except asyncio.CancelledError as stop:
        if flight.error is None or task is None or task.uncancel() > before:
            raise
        raise flight.error from stop.__cause__
    finally:
        flight.done = True
        flight.flights.active.discard(flight)
        with suppress(ValueError):  # dropped with its task: this is another context
            _current.reset(token)
        if timer is not None:
            timer.cancel()


async def _land(flight: Flight, outcome: Any) -> Any:
    """Goes on with a call until it has its results."""
    while isinstance(outcome, Suspended):
        reply: tuple[bool, Any] = True, None
        if outcome.awaited is None:
            await _give_way()  # what is thrown in here is not for the guest
        else:
            try:
                reply = True, await outcome.awaited
            except Exception as problem:
                reply = False, problem
        if flight.error is not None:  # a host function would not hear of it
            raise asyncio.CancelledError from reply[1] if not reply[0] else None
        turn = await flight.children.take()
        try:
            outcome = outcome.reply(reply, _slice())
        finally:
            flight.children.give(turn)
    return outcome


async def _give_way() -> None:
    _thread.ready += 1
    try:
        await asyncio.sleep(0)
    finally:
        _thread.ready -= 1
