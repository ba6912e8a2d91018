"""Requests that come at a steady rate, whether or not those before were answered, over the open connections of a proxy."""

import asyncio
import threading
import time
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TURN = 0.01  # seconds between two looks at how many requests are due
CONNECTIONS = 1_000  # of the proxy; a request waits for one if all are in use
PATIENCE = 30  # seconds that a client waits for an answer

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter] | None  # None if it is to be opened yet


@dataclass
class Clients:
    """Clients of what is served at `url`; `make` gives the bytes of the next request, and its name.

    `statuses` counts the answers by status, with 0 for those that did not come, and `seconds` says how long after it was due
    each came. `done` are the names of what went well.
    """

    url: str
    make: Callable[[], tuple[str, bytes]]
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    done: set[str] = field(default_factory=set)
    _idle: asyncio.LifoQueue[Connection] = field(default_factory=asyncio.LifoQueue)

    def at_once(self, number: int, seconds: float) -> float:
        """So many clients ask again as soon as they are answered, for so long; the answers in a second."""
        before = len(self.seconds)
        asyncio.run(self._at_once(number, seconds))
        return (len(self.seconds) - before) / seconds

    def at_rate(self, rate: float, seconds: float) -> threading.Thread:
        """Ask so often in a second, for so long, on a thread that ends when the last is answered."""
        thread = threading.Thread(target=lambda: asyncio.run(self._at_rate(rate, seconds)), daemon=True)
        thread.start()
        return thread

    async def _at_once(self, number: int, seconds: float) -> None:
        self._open(number)
        end = time.monotonic() + seconds

        async def repeat() -> None:
            while time.monotonic() < end:
                await self._ask(time.monotonic())

        await asyncio.gather(*(repeat() for _ in range(number)))
        self._close()

    async def _at_rate(self, rate: float, seconds: float) -> None:
        self._open(CONNECTIONS)
        began, due = time.monotonic(), 0
        under_way: set[asyncio.Task[None]] = set()
        while (now := time.monotonic() - began) < seconds:
            for number in range(due, int(now * rate)):
                task = asyncio.create_task(self._ask(began + number / rate))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            due = int(now * rate)
            await asyncio.sleep(TURN)
        await asyncio.gather(*under_way)
        self._close()

    async def _ask(self, at: float) -> None:
        name, content = self.make()
        status = 0
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE):
                status = await self._answer(content)
            self.seconds.append(time.monotonic() - at)
        self.statuses[status] += 1
        if 200 <= status < 300:
            self.done.add(name)

    async def _answer(self, content: bytes) -> int:
        connection = await self._idle.get()
        try:
            reader, writer = connection or await asyncio.open_connection(urlsplit(self.url).hostname, urlsplit(self.url).port)
            connection = (reader, writer)
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if line)
            await reader.readexactly(int(fields[b"content-length"]))
        except BaseException:
            if connection is not None:
                connection[1].close()
            connection = None
            raise
        finally:
            self._idle.put_nowait(connection)
        return int(head.split()[1])

    def _open(self, number: int) -> None:
        self._idle = asyncio.LifoQueue()
        for _ in range(number):
            self._idle.put_nowait(None)

    def _close(self) -> None:
        while not self._idle.empty():
            connection = self._idle.get_nowait()
            if connection is not None:
                connection[1].close()
