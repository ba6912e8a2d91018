"""Writes log lines to a file descriptor without ever waiting for its reader."""

import asyncio
import os
import select
import threading
from collections import deque
from collections.abc import Callable

MOST = 10_000  # pieces kept while nobody reads
GATHERED = 0.02  # seconds that a line may wait to be written together with others


class NonblockingWriter:
    """Writes lines in order. While the pipe is full it keeps up to MOST pieces; further lines are lost and counted in `lost`.

    A write of at most PIPE_BUF bytes does not block on a descriptor that polls as writable (POSIX, pipe(7)), so neither the
    event loop nor a thread that holds the lock waits. O_NONBLOCK would affect every process that shares the pipe.
    `notice` makes the line that says how many lines were lost.
    """

    def __init__(self, descriptor: int, notice: Callable[[int], bytes]) -> None:
        self.lost = 0
        self._reported = 0  # of the lost lines
        self._descriptor = descriptor
        self._notice = notice
        self._kept: deque[bytes] = deque()
        self._gathered: list[bytes] = []
        self._lock = threading.Lock()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def gather(self, line: bytes) -> None:
        """Write a line within GATHERED seconds, together with others: each write may switch threads. Needs an event loop."""
        with self._lock:
            self._gathered.append(line)
            first = len(self._gathered) == 1
        if first:
            asyncio.get_running_loop().call_later(GATHERED, self.flush)

    def write(self, line: bytes) -> None:
        """Write the gathered lines and then this one, now."""
        with self._lock:
            self._write_gathered()
            self._write(line)

    def flush(self) -> None:
        """Write the gathered and the kept lines, as far as the pipe takes them."""
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
        if self.lost > self._reported and not self._kept and self._poll.poll(0):
            self._send(self._notice(self.lost - self._reported))
            self._reported = self.lost

    def _send(self, piece: bytes) -> None:
        try:
            os.write(self._descriptor, piece)
        except OSError:  # the reader has closed the pipe
            self.lost += piece.count(b"\n")
