"""An endpoint of a merchant's, on loopback: a real HTTP server that keeps what it is sent and answers as it is told."""

import json
import ssl
from contextlib import suppress
from datetime import UTC, datetime

from standardwebhooks import Webhook

from tests.support.endpoint import Endpoint, Handler
from tests.support.waiting import eventually


class Received:
    """One request that came in."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path = path
        self.headers = headers
        self.body = body
        self.json = json.loads(body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def signed_by(self, secret: str) -> bool:
        """Whether one of its signatures is made with the secret, over what came in."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        return Webhook(secret).sign(self.id, at, self.body.decode()) in self.headers["webhook-signature"].split()


class Receiver(Endpoint):
    """The server. `answers` are (status, body) for the requests to come; when they are used up, 204.

    `hangs` makes it take requests and not answer them until it is closed.
    """

    def __init__(self, *, context: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.answers: list[tuple[int, bytes]] = []
        self.headers: dict[str, str] = {}
        self.hangs = False
        receiver = self

        class Sent(Handler):
            def answer(self) -> None:
                receiver.received.append(Received(*self.sent()))
                if receiver.hangs:
                    receiver.closing.wait(60)
                    return
                status, body = receiver.answers.pop(0) if receiver.answers else (204, b"")
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(body)

            def handle(self) -> None:
                with suppress(ConnectionError):  # the other side was killed
                    super().handle()

        super().__init__(Sent, context=context)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def wait_for(self, count: int, seconds: float = 20) -> list[Received]:
        """The first `count` requests, when they are there."""
        eventually(lambda: len(self.received) >= count, seconds, told=lambda: f"{len(self.received)} of {count} came")
        return self.received

    def types(self) -> list[str]:
        return [request.json["type"] for request in self.received]
