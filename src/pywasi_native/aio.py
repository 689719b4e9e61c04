"""Calls from coroutines, ``await f.aio(...)``: the wasm stack is set aside while others run.

A C program keeps its own stack in the memory of its module, so calls into one store go on in the reverse
order of their beginning, as calls of functions do: they take turns, and a call goes on when those made inside
of it have ended.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import ContextVar

from . import engine
from .errors import Cancelled, Timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Suspended = engine.native.Suspended


class Turns:
    """A lock that is given in the order of asking. It belongs to an event loop only while somebody has it."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Waits until it is ours.

        Raises:
            RuntimeError: it is taken on another event loop.
        """
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
            return
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
                self.give()
            else:
                self._waiting.remove(turn)
            raise

    def give(self) -> None:
        """To the next one who waits."""
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
        self.loop, self.task = asyncio.get_running_loop(), asyncio.current_task()
        self.error: BaseException | None = None
        self.done = False

    def end(self, error: BaseException) -> None:
        """Makes it raise that, from any thread."""
        self.loop.call_soon_threadsafe(self._end, error)

    def _end(self, error: BaseException) -> None:
        if not self.done and self.error is None and self.task is not None:
            self.error = error
            self.task.cancel()

    def parent(self, flights: Flights) -> Flight | None:
        """The call in that store in whose host function we are."""
        flight: Flight | None = self
        while flight is not None and (flight.flights is not flights or flight.done):
            flight = flight.outer
        return flight


_current: ContextVar[Flight | None] = ContextVar("pywasi_native.flight", default=None)


async def call(function: engine.Func, args: tuple[Any, ...]) -> Any:
    """See `Func.aio`."""
    store = engine.native.bound_store(function)
    if store.flights is None:
        store.flights = Flights()
    flights, outer = store.flights, _current.get()
    parent = outer.parent(flights) if outer is not None else None
    turns = parent.children if parent is not None else flights.turns
    await turns.take()
    try:
        return await _fly(Flight(flights, outer), store, function, args)
    finally:
        turns.give()


async def _fly(flight: Flight, store: engine.Store, function: engine.Func, args: tuple[Any, ...]) -> Any:
    task = flight.task
    before = task.cancelling() if task is not None else 0
    timeout = store.limits.timeout if store.limits is not None else None
    timer = None
    if timeout is not None:
        timer = flight.loop.call_later(timeout, flight._end, Timeout(kind="timed out"))
    token = _current.set(flight)
    flight.flights.active.add(flight)
    try:
        return await _land(flight, engine.native.begin_call(function, args))
    except asyncio.CancelledError:
        if flight.error is None or task is None or task.uncancel() > before:
            raise
        raise flight.error from None
    finally:
        flight.done = True
        flight.flights.active.discard(flight)
        _current.reset(token)
        if timer is not None:
            timer.cancel()


async def _land(flight: Flight, outcome: Any) -> Any:
    """Goes on with a call until it has its results."""
    while isinstance(outcome, Suspended):
        reply: tuple[bool, Any] = True, None
        try:
            if outcome.awaited is None:
                await asyncio.sleep(0)
            else:
                reply = True, await outcome.awaited
        except Exception as problem:
            reply = False, problem
        await flight.children.take()
        try:
            outcome = outcome.reply(reply)
        finally:
            flight.children.give()
    return outcome
