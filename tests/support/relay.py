"""A way to the service that cuts a live stream twice: in the midst of an event, and after one."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

BUFFER = 65536
EVENT = b"event: "


class Cutting:
    """A relay on a port of its own; `cuts` is how often it has ended a connection that brought an event."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.cuts = 0
        self._target = (str(parts.hostname), int(parts.port or 80))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(BUFFER):
                if EVENT in data and self.cuts < 2:
                    self.cuts += 1
                    target.sendall(data[: data.index(EVENT) + len(EVENT)] if self.cuts % 2 else data)
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def cutting(url: str) -> Iterator[Cutting]:
    relay = Cutting(url)
    try:
        yield relay
    finally:
        relay.close()
