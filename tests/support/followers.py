"""Hundreds of clients that follow a merchant's live news, on one thread; each comes back with its Last-Event-ID."""

import asyncio
import threading
from collections import Counter
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from tests.support.api import PREFIX

PAUSE = 0.2  # seconds before one comes back


class Follower:
    """A client of one merchant's stream: the ids of the events that it was told, in their order."""

    def __init__(self, merchant_id: int, token: str) -> None:
        self.merchant_id = merchant_id
        self.token = token
        self.last_event_id = ""
        self.told: list[int] = []


class Followers:
    """All of them, following what is served at `url`, which may change. `ends` counts how their streams ended."""

    def __init__(self, url: str, merchants: dict[int, str], number: int) -> None:
        self.url = url
        each = list(merchants.items())
        self.all = [Follower(*each[place % len(each)]) for place in range(number)]
        self.ends: Counter[str] = Counter()
        self.open = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._everyone.cancel)
        self._thread.join(20)

    def _run(self) -> None:
        self._everyone = self._loop.create_task(self._follow_all())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._everyone)

    async def _follow_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for follower in self.all:
                group.create_task(self._follow(follower))

    async def _follow(self, follower: Follower) -> None:
        while True:
            with suppress(OSError):
                await self._read(follower)
            await asyncio.sleep(PAUSE)

    async def _read(self, follower: Follower) -> None:
        reader, writer = await asyncio.open_connection(urlsplit(self.url).hostname, urlsplit(self.url).port)
        try:
            seen = f"Last-Event-ID: {follower.last_event_id}\r\n" if follower.last_event_id else ""
            head = f"GET {PREFIX}/merchant/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {follower.token}\r\n{seen}\r\n"
            writer.write(head.encode())
            status = (await reader.readline()).split()[1:2]
            if status != [b"200"]:
                self.ends[f"refused {status}"] += 1
                return
            self.open += 1
            try:
                self.ends[await self._lines(follower, reader)] += 1
            finally:
                self.open -= 1
        finally:
            writer.close()

    async def _lines(self, follower: Follower, reader: asyncio.StreamReader) -> str:
        """Keep what is told until the stream ends: cleanly if its last chunk came."""
        last = place = event = b""
        while line := await reader.readline():
            name, _, value = line.rstrip(b"\r\n").partition(b": ")
            if name == b"id":
                place = value
            elif name == b"event":
                event = value
            elif line == b"\r\n" and place:  # the end of an event, or of a chunk that had none
                follower.last_event_id = place.decode()
                if event:
                    follower.told.append(int(place.partition(b"-")[2]))
                place = event = b""
            last = line if line != b"\r\n" else last
        return "cleanly" if last == b"0\r\n" else "broken off"
