"""A gate in front of a server: what comes through waits until it is opened, so that a test can look around meanwhile."""

import socket
import threading
from contextlib import suppress
from typing import Any, Self

from tests.support.waiting import eventually


class Gate:
    """Passes on TCP connections to a port of this machine, once it is open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open = threading.Event()
        self._waiting = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.open()
        self._listener.close()

    def open(self) -> None:
        self._open.set()

    def wait_for_someone(self) -> None:
        """Until somebody stands at the gate."""
        eventually(lambda: self._waiting)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        self._waiting += 1
        self._open.wait(60)
        server = socket.create_connection(("127.0.0.1", self._port))
        threading.Thread(target=_copy, args=(server, client), daemon=True).start()
        _copy(client, server)


def _copy(source: Any, target: Any) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
