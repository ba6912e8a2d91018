"""The bell: one connection per process that hears PostgreSQL announce events, and wakes the streams that wait for them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from anyio import to_thread

from app import database
from app.redaction import told

RETRY = 1.0  # seconds until a lost connection is tried again

log = logging.getLogger(__name__)


class Bell:
    """Rings the waiting streams of a merchant when an event of theirs is committed; all of them when it was deaf.

    It listens only while someone waits: every process that listens is woken by every event.
    """

    def __init__(self) -> None:
        self._waiting: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._wanted = asyncio.Event()
        self._over = asyncio.Event()

    @contextmanager
    def heard_by(self, business_id: int) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be news for the merchant."""
        rung = asyncio.Event()
        self._waiting[business_id].add(rung)
        self._wanted.set()
        try:
            yield rung
        finally:
            self._waiting[business_id].discard(rung)
            if not self._waiting[business_id]:
                del self._waiting[business_id]
            if not self._waiting:
                self._wanted.clear()
                self._over.set()

    async def listen(self) -> None:
        """Listen while someone waits, until cancelled; a lost connection is made again."""
        while True:
            await self._wanted.wait()
            try:
                connection = await to_thread.run_sync(_listening)
            except database.AWAY as error:
                log.warning("not listening: %s", told(error))
                await asyncio.sleep(RETRY)
            else:
                await self._hear(connection)

    async def _hear(self, connection: Any) -> None:
        loop, descriptor = asyncio.get_running_loop(), connection.fileno()
        self._over.clear()
        self._ring_all()
        loop.add_reader(descriptor, self._read, connection)
        try:
            await self._over.wait()
        finally:
            loop.remove_reader(descriptor)
            connection.close()

    def _read(self, connection: Any) -> None:
        try:
            connection.poll()
        except database.AWAY:
            self._over.set()
            return
        for business_id in {int(notice.payload) for notice in connection.notifies}:
            for rung in self._waiting.get(business_id, ()):
                rung.set()
        connection.notifies.clear()

    def _ring_all(self) -> None:
        for streams in self._waiting.values():
            for rung in streams:
                rung.set()


def _listening() -> Any:
    connection = database.connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("LISTEN event")
    return connection


bell = Bell()
