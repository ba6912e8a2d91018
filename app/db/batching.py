"""Micro-batches: what is asked for at the same time is done together, for little more than one of it costs."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import psycopg2
from sqlalchemy.util import await_only

from app.db.async_driver import aside, on_loop
from app.db.failures import SPOILED
from app.db.work import Actor, Work

MOST = 100  # in a batch
TURNS = 4  # of the event loop, in which requests that have arrived come to ask
ENDS = 20.0  # seconds that a batch may take, and that a request may wait for its batch to be done

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class MicroBatches(Generic[Asked, Told]):
    """Does what is asked for in batches, one at a time: what comes while one is under way is the next. None waits to fill.

    `act` does a batch on the event loop (see `async_driver.py`) and tells each what became of it, in their order; its error
    is told to all. A batch that is not done in time is broken off, which is an OperationalError, and the next one begins.
    """

    def __init__(self, act: Callable[[list[Asked]], list[Told]]) -> None:
        self._act = act
        self._waiting: deque[tuple[Asked, asyncio.Future[Told]]] = deque()
        self._running: asyncio.Task[None] | None = None

    def do(self, asked: Asked) -> Told:
        """What became of it, for a call on the event loop. A request cancelled before its batch starts is dropped."""
        with aside():
            return await_only(self._done(asked))  # type: ignore[no-any-return]

    async def _done(self, asked: Asked) -> Told:
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Told] = loop.create_future()
        self._waiting.append((asked, told))
        if self._running is None or self._running.done():
            self._running = loop.create_task(self._run())
        timer = loop.call_later(ENDS, lambda: _tell(told, _too_late()))
        try:
            return await told
        finally:
            timer.cancel()

    async def _run(self) -> None:
        while batch := await self._gathered():
            try:
                async with asyncio.timeout(ENDS):
                    results = await on_loop(self._act, [asked for asked, _ in batch])
            except Exception as error:
                said = _too_late() if isinstance(error, TimeoutError) else error
                for _, told in batch:
                    _tell(told, said)
            else:
                for (_, told), result in zip(batch, results, strict=True):
                    if not told.done():
                        told.set_result(result)

    async def _gathered(self) -> list[tuple[Asked, asyncio.Future[Told]]]:
        for _ in range(TURNS):
            await asyncio.sleep(0)
        batch: list[tuple[Asked, asyncio.Future[Told]]] = []
        while self._waiting and len(batch) < MOST:
            asked, told = self._waiting.popleft()
            if not told.done():
                batch.append((asked, told))
        return batch


def _tell(told: asyncio.Future[Told], error: Exception) -> None:
    if not told.done():
        told.set_exception(error)


def _too_late() -> psycopg2.OperationalError:
    return psycopg2.OperationalError("the batch is not done in time")


def batches(kind: str, act: Callable[[Work, list[Asked]], list[Told]], *, spoiled: Told) -> MicroBatches[Asked, Told]:
    """Micro-batches of what actors of this kind ask for; `spoiled` is told to all where one of a batch spoils it for them."""

    def carry_out(asked: list[Asked]) -> list[Told]:
        work = Work(Actor(kind), writes=True)
        try:
            return work.perform(lambda: act(work, asked))
        except SPOILED:
            return [spoiled] * len(asked)

    return MicroBatches(carry_out)
