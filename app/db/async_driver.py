"""The driver of the event loop: plain functions run in greenlets, and wait for the database without holding a thread.

Its connections are psycopg2's asynchronous ones behind the interface of the blocking ones, so services are written once.
Whatever else may block (files, hashing, whole tables) runs in threads, see `threads.py`.
"""

import asyncio
import contextvars
import itertools
import math
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg2
from greenlet import GreenletExit, getcurrent
from psycopg2 import extensions
from psycopg2.extras import NamedTupleCursor
from sqlalchemy.util import await_only
from sqlalchemy.util._concurrency_py3k import _AsyncIoGreenlet

from app.db import limits

Result = TypeVar("Result")

_AT_WORK = {extensions.TRANSACTION_STATUS_ACTIVE, extensions.TRANSACTION_STATUS_UNKNOWN}
_MOST_IDLE = 100  # greenlets that are kept for the next calls of a thread
_GLANCE = 100  # milliseconds between looks at the clock while connecting
_not_counted = 0


class Calls:
    """The calls under way, the oldest first."""

    def __init__(self) -> None:
        self._begun: dict[object, float] = {}

    def __len__(self) -> int:
        return len(self._begun)

    def begin(self, call: object) -> None:
        self._begun[call] = time.monotonic()

    def end(self, call: object) -> None:
        del self._begun[call]

    def overdue(self) -> int:
        """The number of calls that have taken longer than `limits.CALL`."""
        latest = time.monotonic() - limits.CALL
        return sum(1 for _ in itertools.takewhile(lambda begun: begun < latest, list(self._begun.values())))


calls = Calls()


class _Worker(_AsyncIoGreenlet):
    """A greenlet that runs one call after another: a new one for each would cost as much as sending a statement.

    Nothing on its stack names it or what it has done, so it ends when nobody has it any more.
    """

    outcome: tuple[Any, BaseException | None] | None = None

    def __init__(self) -> None:
        super().__init__(_run_calls, getcurrent())

    def take_up(self, act: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Begin a call: what it waits for, unless it has an `outcome`."""
        self.gr_context = contextvars.copy_context()
        return self.switch(act, arguments)


def _run_calls(act: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    while True:
        _run_call(act, arguments)
        del act, arguments
        act, arguments = getcurrent().driver.switch()


def _run_call(act: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        result = act(*arguments)
    except GreenletExit:  # the thread ends
        raise
    except BaseException as error:
        getcurrent().outcome = None, error
    else:
        getcurrent().outcome = result, None


class _Idle(threading.local):
    """The workers of a thread that have nothing to do."""

    def __init__(self) -> None:
        self.workers: list[_Worker] = []


_idle = _Idle()


async def on_loop(act: Callable[..., Result], *arguments: Any) -> Result:
    """Run `act` on the event loop, which does other work while `act` waits for the database; returns what `act` returns.

    SQLAlchemy's own `greenlet_spawn` leaves `act` and its connection hanging when the caller is cancelled; this one does not.
    """
    work = _idle.workers.pop() if _idle.workers else _Worker()
    calls.begin(work)
    try:
        asked = work.take_up(act, arguments)
        while work.outcome is None:
            try:
                answer = await asked
            except BaseException as error:
                asked = work.throw(error)
            else:
                asked = work.switch(answer)
    finally:
        calls.end(work)
    (result, failure), work.outcome = work.outcome, None
    if len(_idle.workers) < _MOST_IDLE:
        _idle.workers.append(work)
    if failure is None:
        return result  # type: ignore[no-any-return]
    try:
        raise failure
    finally:
        del failure, work  # the traceback has this frame


def is_alone() -> bool:
    """Whether no other call is under way."""
    return len(calls) == 1


def inside() -> int:
    """The number of calls that have a connection or wait for one."""
    return len(calls) - _not_counted


@contextmanager
def not_counted_as_waiting() -> Iterator[None]:
    """For a call that neither has a connection nor waits for one while it is inside."""
    global _not_counted
    _not_counted += 1
    try:
        yield
    finally:
        _not_counted -= 1


def is_here() -> bool:
    """Whether this is the thread of a running event loop."""
    return asyncio._get_running_loop() is not None


class LoopCursor(NamedTupleCursor):
    """A cursor whose `execute` waits on the loop, and first opens the transaction if the connection is not in autocommit."""

    def execute(self, query: Any, variables: Any = None) -> None:
        connection = self.connection
        if not connection.autocommit and connection.get_transaction_status() == extensions.TRANSACTION_STATUS_IDLE:
            connection.say("BEGIN")
        super().execute(query, variables)
        connection.wait()


class LoopConnection(extensions.connection):
    """A connection for use inside `on_loop`; each of its waits ends, whatever becomes of the server."""

    autocommit = True

    def commit(self) -> None:
        self.say("COMMIT")

    def rollback(self) -> None:
        self.say("ROLLBACK")

    def say(self, command: str) -> None:
        """Run a command that returns no rows, without opening a transaction first."""
        with self.cursor(cursor_factory=extensions.cursor) as cursor:
            cursor.execute(command)
            self.wait()

    def wait(self) -> None:
        """Wait for the server's answer.

        A cancelled or overlong wait closes the connection: its late reply would reach the next user.
        """
        end = time.monotonic() + limits.request_ends()
        try:
            while (state := self.poll()) != extensions.POLL_OK:
                await_only(_ready(self.fileno(), state, end))
        except BaseException:
            if self.get_transaction_status() in _AT_WORK:
                self.close()
            raise


def connected(hosts: list[dict[str, Any]]) -> LoopConnection:
    """Connect to the first of `hosts` that accepts; each has its `connect_timeout` in seconds, 0 for none.

    libpq obeys that timeout only when it blocks. Resolving a name blocks here too, so call this in a thread.
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
    """Wait until the socket can be read or written; raises OperationalError at `end`, a time of time.monotonic().

    The socket is watched anew for each wait: after a reset, uvloop calls back once and never again.
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
