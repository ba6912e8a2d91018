"""What the days of the Python client share: what they are given, refusals, and an endpoint for webhooks."""

import json
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypedDict

from meta_be_client import BadSignature, Delivered, ProblemError, verify_webhook


class Given(TypedDict):
    url: str
    relay: str  # the same by a way that cuts streams
    name: str
    password: str
    merchant_token: str
    secret: str  # the platform's
    other_secret: str
    picture: str  # in hexadecimal
    told: list[str]
    number: str
    order_number: str
    merchant_id: int
    customer_id: int
    product_id: int
    sku_id: int
    orders: list[int]
    tickets: list[int]


GIVEN: Given = json.loads(sys.argv[1])
"""What tests/clients/test_days.py made for the day: addresses, accounts, rows."""


def refused(call: Callable[[], object]) -> ProblemError:
    """The error of a call that must be refused."""
    try:
        call()
    except ProblemError as error:
        return error
    raise AssertionError("it was not refused")


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it does not come true"
        time.sleep(0.05)


class Endpoint:
    """A receiver of webhooks on loopback, which takes what is signed with one of its secrets and answers 401 to the rest."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.taken: list[Delivered] = []
        self.raw: list[tuple[bytes, dict[str, str]]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body, headers = self.rfile.read(int(self.headers["Content-Length"])), dict(self.headers.items())
                try:
                    endpoint.taken.append(verify_webhook(endpoint.secrets, body, headers))
                except BadSignature:
                    self.send_response(401)
                else:
                    endpoint.raw.append((body, headers))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/hook"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def types(self) -> list[str]:
        return [delivered.type for delivered in self.taken]

    def check(self, secret: str, other: str) -> None:
        """A delivery holds with its secret and while that is rotated, and not with another secret, body or time."""
        body, headers = self.raw[0]
        for secrets in (secret, [other, secret]):
            assert verify_webhook(secrets, body, headers) == self.taken[0]
        for secrets, changed, now in ((other, body, None), (secret, body + b" ", None), (secret, body, time.time() + 3600)):
            try:
                verify_webhook(secrets, changed, headers, now=now)
            except BadSignature:
                continue
            raise AssertionError("a delivery that is not right was taken")
