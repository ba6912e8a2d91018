"""The driver of threads: psycopg2's blocking connections, each of whose waits has an end."""

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

from app.db import limits

INTERVAL = 0.5  # seconds between looks at the waits


class Watchdog:
    """Shuts the socket of a connection whose server does not answer in time, so that libpq reports it as lost.

    libpq itself waits without end for a server that is stopped, and psycopg2 offers no timeout for a blocking call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: dict[object, tuple[float, extensions.connection]] = {}
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @contextmanager
    def ending(self, connection: extensions.connection, seconds: float) -> Iterator[None]:
        """End what is done inside after `seconds` at the latest, with an OperationalError."""
        wait = object()
        with self._lock:
            self._waits[wait] = time.monotonic() + seconds, connection
        try:
            yield
        finally:
            with self._lock:
                del self._waits[wait]

    def overdue(self) -> int:
        """The number of waits that should have ended a while ago and have not."""
        latest = time.monotonic() - limits.MARGIN
        with self._lock:
            return sum(end < latest for end, _ in self._waits.values())

    def _watch(self) -> None:
        while True:
            time.sleep(INTERVAL)
            with self._lock:  # a connection must not be closed, and its descriptor reused, between the look and the shutdown
                for end, connection in self._waits.values():
                    if end < time.monotonic():
                        _shut(connection)


class WatchedCursor(NamedTupleCursor):
    """A cursor whose statements end in time even when the server has gone silent."""

    def execute(self, query: Any, variables: Any = None) -> None:
        with watchdog().ending(self.connection, limits.thread_ends()):
            super().execute(query, variables)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        with watchdog().ending(self.connection, limits.WHOLE_TABLE + limits.MARGIN):
            super().copy_expert(sql, file, size)


class StreamedCursor(extensions.cursor):
    """A server-side cursor over a whole table; its rows are plain tuples."""

    def execute(self, query: Any, variables: Any = None) -> None:
        with watchdog().ending(self.connection, limits.WHOLE_TABLE + limits.MARGIN):
            super().execute(query, variables)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while rows := self._fetched():
            yield from rows

    def _fetched(self) -> list[tuple[Any, ...]]:
        with watchdog().ending(self.connection, limits.WHOLE_TABLE + limits.MARGIN):
            return list(self.fetchmany(self.itersize))


class WatchedConnection(extensions.connection):
    """A connection whose commit and rollback end in time too."""

    def commit(self) -> None:
        with watchdog().ending(self, limits.thread_ends()):
            super().commit()

    def rollback(self) -> None:
        with watchdog().ending(self, limits.thread_ends()):
            super().rollback()


@cache
def watchdog() -> Watchdog:
    """The watchdog of this process."""
    return Watchdog()


def _shut(connection: extensions.connection) -> None:
    with suppress(OSError, psycopg2.InterfaceError), socket.socket(fileno=os.dup(connection.fileno())) as seen:
        seen.shutdown(socket.SHUT_RDWR)
