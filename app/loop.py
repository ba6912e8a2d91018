"""Work on the event loop: it waits for the database as a coroutine does, so that it holds no thread, and is handed to none.

Its connections are psycopg2's asynchronous ones behind the interface of the others, so that services are written once.
Whatever else may block (files, hashing, whole tables) is done in threads (see `app/threads.py`).
"""

import asyncio
import math
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg2
from greenlet import getcurrent
from psycopg2 import extensions
from psycopg2.extras import NamedTupleCursor
from sqlalchemy.util import await_only
from sqlalchemy.util._concurrency_py3k import _AsyncIoGreenlet

Result = TypeVar("Result")

_UNDER_WAY = {extensions.TRANSACTION_STATUS_ACTIVE, extensions.TRANSACTION_STATUS_UNKNOWN}
_GLANCE = 100  # milliseconds between looks at the time, while a host is waited for
_inside = 0


async def on_loop(act: Callable[..., Result], *arguments: Any) -> Result:
    """What `act` returns, called on the event loop; while it waits for the database, the loop does something else.

    As SQLAlchemy's `greenlet_spawn`, which leaves `act` hanging, and its connection with it, when the caller is cancelled.
    """
    global _inside
    _inside += 1
    work = _AsyncIoGreenlet(act, getcurrent())
    try:
        asked = work.switch(*arguments)
        while not work.dead:
            try:
                answer = await asked
            except BaseException as error:
                asked = work.throw(error)
            else:
                asked = work.switch(answer)
        return asked  # type: ignore[no-any-return]
    finally:
        del work.driver
        _inside -= 1


def inside() -> int:
    """How many calls are under way, each with a connection or waiting for one."""
    return _inside


@contextmanager
def aside() -> Iterator[None]:
    """While the call under way neither has a connection nor waits for one."""
    global _inside
    _inside -= 1
    try:
        yield
    finally:
        _inside += 1


def is_here() -> bool:
    """Whether this is the thread of a running event loop."""
    return asyncio._get_running_loop() is not None


class LoopCursor(NamedTupleCursor):
    """A cursor whose `execute` waits on the loop, and opens a transaction first where one is wanted."""

    def execute(self, query: Any, variables: Any = None) -> None:
        connection = self.connection
        if not connection.autocommit and connection.get_transaction_status() == extensions.TRANSACTION_STATUS_IDLE:
            connection.say("BEGIN")
        super().execute(query, variables)
        connection.wait()


class LoopConnection(extensions.connection):
    """A connection that is used inside `on_loop`. The loop that used it last goes on watching it, for that costs least."""

    autocommit = True
    _watcher: asyncio.AbstractEventLoop | None = None
    _descriptor = -1  # as it was watched: a broken connection has none any more
    _answer: asyncio.Future[None] | None = None

    def commit(self) -> None:
        self.say("COMMIT")

    def rollback(self) -> None:
        self.say("ROLLBACK")

    def close(self) -> None:
        self._watched_by(None)
        super().close()

    def say(self, command: str) -> None:
        """Run a command that returns nothing, outside any transaction that a cursor would open."""
        with self.cursor(cursor_factory=extensions.cursor) as cursor:
            cursor.execute(command)
            self.wait()

    def wait(self) -> None:
        """Until the server has answered. Who stops waiting loses the connection, for the answer would be the next one's."""
        try:
            while (state := self.poll()) != extensions.POLL_OK:
                await_only(self._readable() if state == extensions.POLL_READ else _writable(self.fileno()))
        except BaseException:
            if self.get_transaction_status() in _UNDER_WAY:
                self.close()
            raise
        finally:
            self._answer = None

    def _readable(self) -> asyncio.Future[None]:
        running = asyncio.get_running_loop()
        self._watched_by(running)
        self._answer = running.create_future()
        return self._answer

    def _on_readable(self) -> None:
        if self._answer is None:  # the server says something by itself, which the next to use this connection will read
            self._watched_by(None)
        elif not self._answer.done():
            self._answer.set_result(None)

    def _watched_by(self, watcher: asyncio.AbstractEventLoop | None) -> None:
        if self._watcher is watcher:
            return
        if self._watcher is not None and not self._watcher.is_closed():
            self._watcher.remove_reader(self._descriptor)
        if watcher is not None:
            self._descriptor = self.fileno()
            watcher.add_reader(self._descriptor, self._on_readable)
        self._watcher = watcher


def connected(hosts: list[dict[str, Any]]) -> LoopConnection:
    """A connection to the first of `hosts` that lets us in; each has its `connect_timeout` in seconds, 0 for no end.

    libpq looks at that time only where it blocks. Looking up a name blocks here too, so call it in a thread.
    """
    *others, last = hosts
    for host in others:
        with suppress(psycopg2.OperationalError):
            return _connected(host)
    return _connected(last)


def _connected(host: dict[str, Any]) -> LoopConnection:
    patience = int(host["connect_timeout"])
    deadline = time.monotonic() + patience if patience > 0 else math.inf
    made = psycopg2.connect(**host, async_=True, connection_factory=LoopConnection, cursor_factory=LoopCursor)
    try:
        while (state := made.poll()) != extensions.POLL_OK:
            waited = select.poll()
            waited.register(made.fileno(), select.POLLOUT if state == extensions.POLL_WRITE else select.POLLIN)
            if not waited.poll(_GLANCE) and time.monotonic() > deadline:
                raise psycopg2.OperationalError("connection to server failed: timeout expired")
    except BaseException:
        made.close()
        raise
    return made  # type: ignore[no-any-return]


async def _writable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(descriptor)
