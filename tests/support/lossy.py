"""A way to the database that loses answers: what was asked for arrives and is done, and nobody hears of it."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, unquote, urlsplit

BUFFER = 65536


class Lossy:
    """A relay on a port of its own; while `chance` is not 0, it ends a connection instead of passing on some of the answers."""

    def __init__(self, uri: str, dice: random.Random) -> None:
        self.chance = 0.0
        self.lost = 0
        self._dice = dice
        parts = urlsplit(uri)
        self._database, self._user = parts.path, parts.username
        self._target = _address(uri)
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def uri(self) -> str:
        """The URI of the database by this way."""
        return f"postgresql://{self._user}@127.0.0.1:{self._listener.getsockname()[1]}{self._database}"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                family = socket.AF_UNIX if isinstance(self._target, str) else socket.AF_INET
                server = socket.socket(family, socket.SOCK_STREAM)
                server.connect(self._target)
                threading.Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(BUFFER):
                if is_answer and self._dice.random() < self.chance:
                    self.lost += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def lossy(uri: str, dice: random.Random) -> Iterator[Lossy]:
    relay = Lossy(uri, dice)
    try:
        yield relay
    finally:
        relay.close()


def _address(uri: str) -> str | tuple[str, int]:
    """Where the server listens: the path of its socket, or host and port."""
    parts = urlsplit(uri)
    folder = parse_qs(parts.query).get("host", [unquote(parts.hostname or "")])[0]
    port = parts.port or 5432
    return f"{folder}/.s.PGSQL.{port}" if folder.startswith("/") else (folder, port)
