"""What has waited too long for the database: waits of threads are ended here, calls past their deadline are counted."""

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import psycopg2
from psycopg2 import extensions
from psycopg2.extras import NamedTupleCursor

from app.config import settings

MARGIN = 2.0  # seconds that the server's own timeout is ahead of ours
CALL_ENDS = 60.0  # seconds; a call that lasts longer hangs, for each of its waits ends long before
WHOLE_TABLE = 600  # seconds that an export may take the server
INTERVAL = 0.5  # seconds between looks at the waits of threads


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
        """How many have lasted longer than `CALL_ENDS`."""
        latest = time.monotonic() - CALL_ENDS
        return sum(1 for _ in itertools.takewhile(lambda begun: begun < latest, list(self._begun.values())))


class Watchdog:
    """Ends the waits of threads: shuts the socket of a server that does not answer, so that libpq reports it as lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: dict[object, tuple[float, extensions.connection]] = {}
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @contextmanager
    def ending(self, connection: extensions.connection, seconds: float) -> Iterator[None]:
        """What is done meanwhile ends `seconds` from now at the latest, with psycopg2's OperationalError."""
        wait = object()
        with self._lock:
            self._waits[wait] = time.monotonic() + seconds, connection
        try:
            yield
        finally:
            with self._lock:
                del self._waits[wait]

    def overdue(self) -> int:
        """How many waits should have ended a while ago and have not."""
        latest = time.monotonic() - MARGIN
        with self._lock:
            return sum(end < latest for end, _ in self._waits.values())

    def _watch(self) -> None:
        while True:
            time.sleep(INTERVAL)
            with self._lock:  # so that no connection is closed, and its descriptor used again, in between
                for end, connection in self._waits.values():
                    if end < time.monotonic():
                        _shut(connection)


class WatchedCursor(NamedTupleCursor):
    """A cursor whose statements end when the server is gone without a word."""

    def execute(self, query: Any, variables: Any = None) -> None:
        with watchdog().ending(self.connection, thread_ends()):
            super().execute(query, variables)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        with watchdog().ending(self.connection, WHOLE_TABLE + MARGIN):
            super().copy_expert(sql, file, size)


class StreamedCursor(extensions.cursor):
    """A cursor of the server's over a whole table, as plain tuples."""

    def execute(self, query: Any, variables: Any = None) -> None:
        with watchdog().ending(self.connection, WHOLE_TABLE + MARGIN):
            super().execute(query, variables)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while rows := self._fetched():
            yield from rows

    def _fetched(self) -> list[tuple[Any, ...]]:
        with watchdog().ending(self.connection, WHOLE_TABLE + MARGIN):
            return list(self.fetchmany(self.itersize))


class WatchedConnection(extensions.connection):
    """A connection of a thread, each of whose waits has an end."""

    def commit(self) -> None:
        with watchdog().ending(self, thread_ends()):
            super().commit()

    def rollback(self) -> None:
        with watchdog().ending(self, thread_ends()):
            super().rollback()


def request_ends() -> float:
    """Seconds after which a statement of a request ends, whatever has become of the server."""
    return settings.statement_seconds + MARGIN


def thread_seconds() -> int:
    """Seconds that the server gives a statement of a thread (an import, statistics, a sweep)."""
    return 3 * settings.statement_seconds


def thread_ends() -> float:
    """Seconds after which it ends, whatever has become of the server."""
    return thread_seconds() + MARGIN


@cache
def watchdog() -> Watchdog:
    """The watchdog of this process."""
    return Watchdog()


def _shut(connection: extensions.connection) -> None:
    with suppress(OSError, psycopg2.InterfaceError), socket.socket(fileno=os.dup(connection.fileno())) as seen:
        seen.shutdown(socket.SHUT_RDWR)
