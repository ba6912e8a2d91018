"""Where lines are written: a descriptor whose reader is never waited for."""

import asyncio
import os
import select
import threading
from collections import deque
from collections.abc import Callable

MOST = 10_000  # pieces kept while nobody reads
GATHERED = 0.02  # seconds that lines may wait for others to be written with


class NonblockingWriter:
    """Writes lines in order. While a pipe is full they are kept, up to a number, and then lost and counted.

    A piece of at most PIPE_BUF bytes never blocks on a descriptor that polls as writable, so nothing here waits: neither
    the event loop, nor a thread that holds the lock. Setting O_NONBLOCK instead would set it for all who share the pipe.
    """

    def __init__(self, descriptor: int, notice: Callable[[int], bytes]) -> None:
        self.lost = 0
        self._told = 0
        self._descriptor = descriptor
        self._notice = notice
        self._kept: deque[bytes] = deque()
        self._gathered: list[bytes] = []
        self._lock = threading.Lock()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def gather(self, line: bytes) -> None:
        """Write a line soon, together with those that come meanwhile: each write lets other threads take over. On a loop."""
        with self._lock:
            self._gathered.append(line)
            first = len(self._gathered) == 1
        if first:
            asyncio.get_running_loop().call_later(GATHERED, self.flush)

    def write(self, line: bytes) -> None:
        """Write a line now, after those that are gathered."""
        with self._lock:
            self._write_gathered()
            self._write(line)

    def flush(self) -> None:
        """Write what is gathered and what is kept, as far as it is taken."""
        if self._gathered or self._kept:
            with self._lock:
                self._write_gathered()
                self._drain()

    def _write_gathered(self) -> None:
        lines, self._gathered = self._gathered, []
        piece = b""
        for line in lines:
            if piece and len(piece) + len(line) > select.PIPE_BUF:
                self._write(piece)
                piece = b""
            piece += line
        if piece:
            self._write(piece)

    def _write(self, line: bytes) -> None:
        if not self._kept and len(line) <= select.PIPE_BUF and self._poll.poll(0):
            self._send(line)
        elif len(self._kept) < MOST:
            self._kept.extend(line[start : start + select.PIPE_BUF] for start in range(0, len(line), select.PIPE_BUF))
            self._drain()
        else:
            self.lost += line.count(b"\n")
            self._drain()

    def _drain(self) -> None:
        while self._kept and self._poll.poll(0):
            self._send(self._kept.popleft())
        if self.lost > self._told and not self._kept and self._poll.poll(0):
            self._send(self._notice(self.lost - self._told))
            self._told = self.lost

    def _send(self, piece: bytes) -> None:
        try:
            os.write(self._descriptor, piece)
        except OSError:  # closed: nobody will ever read it
            self.lost += piece.count(b"\n")
