"""The bell: one query, a few times a second, wakes every live stream of this process whose merchant has news."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from app.db.async_driver import on_loop
from app.db.failures import AWAY
from app.db.work import SYSTEM, Actor, Work
from app.redaction import redacted
from app.services.events import stream

INTERVAL = 0.2  # seconds

log = logging.getLogger(__name__)


class Bell:
    """Wakes the waiting streams of a merchant who may have a new event. It queries the database only while someone waits."""

    def __init__(self) -> None:
        self._waiting: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._wanted = asyncio.Event()

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

    async def watch(self) -> None:
        """Query while someone waits, until cancelled; what happened during an outage of the database is found afterwards."""
        horizon = None
        while True:
            if not self._wanted.is_set():
                await self._wanted.wait()
                horizon = None
            asked = list(self._waiting)
            try:
                news = await on_loop(_news, asked, horizon)
            except AWAY as error:
                log.warning("live news: %s", redacted(error))
                horizon = None
            else:
                horizon = news.horizon
                self._ring(news.merchants)
                self._ring(self._waiting.keys() - set(asked))  # streams that began to wait meanwhile were not asked about
            await asyncio.sleep(INTERVAL)

    def _ring(self, merchants: Iterable[int]) -> None:
        for business_id in merchants:
            for rung in self._waiting.get(business_id, ()):
                rung.set()


def _news(merchants: list[int], horizon: int | None) -> stream.Since:
    with Work(Actor(SYSTEM), writes=False) as work:
        return stream.since(work, merchants, horizon)


bell = Bell()
