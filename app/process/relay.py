"""Copies new lines of log files to stdout: `python -m app.process.relay FILE…` (supervisor program `relay`)."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

INTERVAL = 0.2  # seconds between two reads


class Followed:
    """A log file that is rotated by renaming. It is followed from its end: an earlier relay has copied the rest."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rest = b""
        self._file = self._opened()
        if self._file is not None:
            self._file.seek(0, os.SEEK_END)

    def new_lines(self) -> bytes:
        """The complete lines written since the last call."""
        written = self._rest + self._read()
        if self._rotated():
            written += self._read()
            if self._file is not None:
                self._file.close()
            self._file = self._opened()
            written += self._read()
        whole, newline, self._rest = written.rpartition(b"\n")
        return whole + newline

    def _read(self) -> bytes:
        return b"" if self._file is None else self._file.read()

    def _rotated(self) -> bool:
        """Whether another file has the name now. supervisord writes to it only after the last line in the old one."""
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        return self._file is None or not os.path.samestat(named, os.fstat(self._file.fileno()))

    def _opened(self) -> BinaryIO | None:
        try:
            return self._path.open("rb", buffering=0)
        except FileNotFoundError:
            return None


def main() -> None:
    """Relay until SIGTERM, the last line included."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    files = [Followed(Path(name)) for name in sys.argv[1:]]
    while True:
        last = stop.is_set()
        for file in files:
            sys.stdout.buffer.write(file.new_lines())
        sys.stdout.buffer.flush()
        if last:
            return
        stop.wait(INTERVAL)


if __name__ == "__main__":
    main()
