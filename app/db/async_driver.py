"""Work on the event loop: it waits for the database as a coroutine does, so that it holds no thread, and is handed to none.

Its connections are psycopg2's asynchronous ones behind the interface of the others, so that services are written once.
Whatever else may block (files, hashing, whole tables) is done in threads (see `app/db/threads.py`).
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

from app.db import overdue

Result = TypeVar("Result")

calls = overdue.Calls()
"""What is under way on the event loop."""

_UNDER_WAY = {extensions.TRANSACTION_STATUS_ACTIVE, extensions.TRANSACTION_STATUS_UNKNOWN}
_GLANCE = 100  # milliseconds between looks at the time, while a host is waited for
_aside = 0


async def on_loop(act: Callable[..., Result], *arguments: Any) -> Result:
    """What `act` returns, called on the event loop; while it waits for the database, the loop does something else.

    As SQLAlchemy's `greenlet_spawn`, which leaves `act` hanging, and its connection with it, when the caller is cancelled.
    """
    work = _AsyncIoGreenlet(act, getcurrent())
    calls.begin(work)
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
        calls.end(work)


def inside() -> int:
    """How many calls under way have a connection or wait for one."""
    return len(calls) - _aside


@contextmanager
def aside() -> Iterator[None]:
    """While the call under way neither has a connection nor waits for one."""
    global _aside
    _aside += 1
    try:
        yield
    finally:
        _aside -= 1


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
    """A connection that is used inside `on_loop`; each of its waits has an end, whatever becomes of the server."""

    autocommit = True

    def commit(self) -> None:
        self.say("COMMIT")

    def rollback(self) -> None:
        self.say("ROLLBACK")

    def say(self, command: str) -> None:
        """Run a command that returns nothing, outside any transaction that a cursor would open."""
        with self.cursor(cursor_factory=extensions.cursor) as cursor:
            cursor.execute(command)
            self.wait()

    def wait(self) -> None:
        """Until the server has answered.

        A wait that is cancelled or lasts too long closes the connection: its late answer would reach the next user.
        """
        end = time.monotonic() + overdue.request_ends()
        try:
            while (state := self.poll()) != extensions.POLL_OK:
                await_only(_ready(self.fileno(), state, end))
        except BaseException:
            if self.get_transaction_status() in _UNDER_WAY:
                self.close()
            raise


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


async def _ready(descriptor: int, state: int, end: float) -> None:
    """Wait until the socket can be read, or written; raises OperationalError at `end`, as time.monotonic() counts.

    It is watched anew for each wait: uvloop calls back once for a socket that was reset, and never again.
    """
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    reads = state == extensions.POLL_READ
    watch, leave = (loop.add_reader, loop.remove_reader) if reads else (loop.add_writer, loop.remove_writer)
    timer = loop.call_later(end - time.monotonic(), _too_late, ready)
    watch(descriptor, _arrived, ready)
    try:
        await ready
    finally:
        leave(descriptor)
        timer.cancel()


def _arrived(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _too_late(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_exception(psycopg2.OperationalError("the server does not answer"))
