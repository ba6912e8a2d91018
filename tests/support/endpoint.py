"""A real HTTP server on loopback, on a thread of its own, for what a test is sent."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Handler(BaseHTTPRequestHandler):
    """Has each request answered by `answer`, over connections that stay open, and writes no log."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        raise NotImplementedError

    def do_POST(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def log_message(self, *_: Any) -> None:
        pass

    def sent(self) -> tuple[str, dict[str, str], bytes]:
        """The request's path, headers and body."""
        body = self.rfile.read(int(self.headers["content-length"]))
        return self.path, dict(self.headers.items()), body


class Endpoint:
    """The server, which serves while it is entered. `closing` is set at its end, for handlers that hang until then."""

    def __init__(self, handler: type[Handler], *, context: ssl.SSLContext | None = None) -> None:
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
