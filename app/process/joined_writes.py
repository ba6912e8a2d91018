"""Writing to a connection once for what one turn of the event loop has to say."""

import asyncio
from typing import Any

MOST_HELD = 65_536  # bytes


class JoinedWrites:
    """A transport that sends the head and the body of an answer by one system call, in one packet, instead of two.

    What is written is held until the event loop's next turn, or until it is MOST_HELD. All else is the transport's own.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(data)
        self._size += len(data)
        if self._size >= MOST_HELD:
            self._send()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._held:
            held, self._held, self._size = self._held, [], 0
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))
