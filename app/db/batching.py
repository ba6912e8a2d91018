"""Micro-batches: requests that arrive together are carried out together, for little more than the cost of one."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import psycopg2
from opentelemetry.trace import SpanContext
from sqlalchemy.util import await_only

from app.db.async_driver import not_counted_as_waiting, on_loop
from app.ops import tracing

MOST = 100  # requests in a batch
TURNS = 4  # turns of the event loop, in which requests that have already arrived can join
LIMIT = 20.0  # seconds that a batch may take, and that a request may wait for its result

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Request, Result]):
    """A request that waits for its result, and the span that it is a part of."""

    request: Request
    result: asyncio.Future[Result]
    span: SpanContext | None


class MicroBatches(Generic[Request, Result]):
    """Carries out requests in batches, one batch at a time; those that arrive meanwhile form the next one.

    A batch never waits to fill up. `act` carries out a batch on the event loop and returns one result per request, in order;
    its error goes to all of them. A batch that exceeds its limit fails with an OperationalError, and the next one begins;
    with `patience`, in seconds, the next one begins beside a batch that takes longer than that.
    """

    def __init__(
        self, act: Callable[[list[Request]], list[Result]], *, most: int = MOST, patience: float | None = None
    ) -> None:
        self._act, self._most, self._patience = act, most, patience
        self._waiting: deque[_Asked[Request, Result]] = deque()
        self._running: asyncio.Task[None] | None = None

    def do(self, request: Request) -> Result:
        """Carry out a request inside `on_loop`; a request cancelled before its batch starts is dropped."""
        with not_counted_as_waiting():
            return await_only(self._done(request))  # type: ignore[no-any-return]

    async def _done(self, request: Request) -> Result:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        self._waiting.append(_Asked(request, result, tracing.span_here()))
        if self._running is None or self._running.done():
            self._begin()
        timer = loop.call_later(LIMIT, lambda: _fail(result, _too_late()))
        try:
            return await result
        finally:
            timer.cancel()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._running = loop.create_task(self._run(), context=contextvars.Context())  # no single request's

    async def _run(self) -> None:
        while self._running is asyncio.current_task() and (batch := await self._gathered()):
            try:
                with tracing.job("batch", [asked.span for asked in batch], requests=len(batch)), self._hurry():
                    async with asyncio.timeout(LIMIT):
                        results = await on_loop(self._act, [asked.request for asked in batch])
            except Exception as error:
                reason = _too_late() if isinstance(error, TimeoutError) else error
                for asked in batch:
                    _fail(asked.result, reason)
            else:
                for asked, value in zip(batch, results, strict=True):
                    if not asked.result.done():
                        asked.result.set_result(value)

    @contextmanager
    def _hurry(self) -> Iterator[None]:
        """Begin the next batch if this one is not done in time."""
        if self._patience is None:
            yield
            return
        timer = asyncio.get_running_loop().call_later(self._patience, self._begin)
        try:
            yield
        finally:
            timer.cancel()

    async def _gathered(self) -> list[_Asked[Request, Result]]:
        for _ in range(TURNS):
            await asyncio.sleep(0)
        batch: list[_Asked[Request, Result]] = []
        while self._waiting and len(batch) < self._most:
            asked = self._waiting.popleft()
            if not asked.result.done():
                batch.append(asked)
        return batch


def _fail(result: asyncio.Future[Result], error: Exception) -> None:
    if not result.done():
        result.set_exception(error)


def _too_late() -> psycopg2.OperationalError:
    return psycopg2.OperationalError("the batch was not done in time")
