"""A TCP line to the tests' PostgreSQL that can be cut, reset, half-closed or frozen, also in the middle of an answer."""

import contextlib
import select
import socket
import struct
import threading
from typing import Self
from urllib.parse import parse_qs, urlsplit

ALL_OF_IT = 1 << 40


class Wire:
    """Passes on what comes in on its port to the server behind `uri`, and back, until a fault is made."""

    def __init__(self, uri: str) -> None:
        self._database = urlsplit(uri).path
        self._socket = parse_qs(urlsplit(uri).query)["host"][0] + "/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[_Line] = []
        self.frozen = False
        self.left = ALL_OF_IT
        """Bytes of answers that are still passed on before `fault` is made."""
        self.fault = self.reset

    @property
    def uri(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._listener.getsockname()[1]}{self._database}?sslmode=disable"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.reset()

    def reset(self) -> None:
        """Reset what is connected, as a machine does that has forgotten it."""
        lines, self._lines = self._lines, []
        for line in lines:
            line.over.set()
        for line in lines:
            if line is not threading.current_thread():
                line.join()

    def half_close(self) -> None:
        """Send nothing any more on what is connected, and go on reading."""
        for line in self._lines:
            line.client.shutdown(socket.SHUT_WR)

    def freeze(self) -> None:
        """Pass on nothing, and accept what comes, as a server does that is stopped."""
        self.frozen = True

    def heal(self) -> None:
        """Pass on everything; what was frozen is lost."""
        self.left = ALL_OF_IT
        self.reset()
        self.frozen = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._lines.append(_Line(self, client, self._socket))
                self._lines[-1].start()


class _Line(threading.Thread):
    """One connection."""

    def __init__(self, wire: Wire, client: socket.socket, server: str) -> None:
        super().__init__(daemon=True)
        self.wire, self.client, self.server, self.over = wire, client, server, threading.Event()

    def run(self) -> None:
        with self.client, socket.socket(socket.AF_UNIX) as server:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a close is a reset
            server.connect(self.server)
            with contextlib.suppress(OSError):
                while not self.over.is_set():
                    if self.wire.frozen:
                        self.over.wait(0.01)
                    elif not self._pass_on(server):
                        return

    def _pass_on(self, server: socket.socket) -> bool:
        readable, _, _ = select.select([self.client, server], [], [], 0.01)
        for side in readable:
            data = side.recv(1 << 16)
            if side is server:
                data = data[: self.wire.left]
                self.wire.left -= len(data)
            (self.client if side is server else server).sendall(data)
            if self.wire.left == 0:
                self.wire.left = ALL_OF_IT
                self.wire.fault()
            if not data:
                return False
        return True
