"""A way to a server that ends some connections instead of passing on all that comes."""

import socket
import threading
from contextlib import suppress
from typing import Self

BUFFER = 65536


class Relay:
    """A relay on a port of its own to `target`: a host and port, or the path of a socket."""

    def __init__(self, target: str | tuple[str, int]) -> None:
        self._target = target
        self._family = socket.AF_UNIX if isinstance(target, str) else socket.AF_INET
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def last_of(self, data: bytes, *, is_answer: bool) -> bytes | None:
        """What is the last of the connection in place of this data; None where the data is passed on."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(self._family, socket.SOCK_STREAM)
                server.connect(self._target)
                threading.Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(BUFFER):
                last = self.last_of(data, is_answer=is_answer)
                if last is not None:
                    target.sendall(last)
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
