"""The idle connections of the event loop's pool, and the calls that wait for one."""

import asyncio
from collections import deque
from typing import Any

from sqlalchemy.util import await_only
from sqlalchemy.util.queue import Empty


class Turns:
    """The queue in which SQLAlchemy's pool keeps its idle connections: the one used last is handed out first.

    One that comes back goes to the call that has waited longest. From asyncio's queue, which SQLAlchemy would use, a call that
    has just come takes it, and those that wait may wait for ever.
    """

    def __init__(self, maxsize: int, use_lifo: bool) -> None:
        self.maxsize = maxsize
        self.use_lifo = use_lifo
        self._idle: list[Any] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()

    def qsize(self) -> int:
        return len(self._idle)

    def put(self, connection: Any, _block: bool) -> None:
        """Take a connection back, without waiting."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        self._idle.append(connection)

    def get(self, block: bool, timeout: float = 0) -> Any:
        """Hand out a connection; raises Empty where there is none, if `block` after `timeout` seconds."""
        if self._idle:
            return self._idle.pop()
        if not block:
            raise Empty
        return await_only(self._turn(timeout))

    async def _turn(self, timeout: float) -> Any:
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        timer = loop.call_later(timeout, _too_late, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:
                self.put(turn.result(), False)
            raise
        finally:
            timer.cancel()


def _too_late(turn: asyncio.Future[Any]) -> None:
    if not turn.done():
        turn.set_exception(Empty())
