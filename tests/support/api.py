"""The API as a caller sees it, in this process; answers that differ from what /docs promises fail the test."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, Self

import httpx
import orjson
from anyio.from_thread import start_blocking_portal
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from standardwebhooks import Webhook

from app.config import settings
from app.main import app
from tests.support import promises
from tests.support.transport import Client

PREFIX = "/api/v1"


class Caller:
    """Someone at one of the doors: `caller.get("/orders")` asks `/api/v1/{audience}/orders` with their token."""

    def __init__(self, client: httpx.Client, audience: str, token: str | None = None, account: dict | None = None) -> None:
        self.client = client
        self.audience = audience
        self.token = token
        self.account = account or {}

    @property
    def id(self) -> int:
        return int(self.account["id"])

    def call(self, method: str, path: str, *, headers: dict | None = None, **options: Any) -> httpx.Response:
        headers = {"Accept-Language": "en", **(headers or {})}
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.request(method, f"{PREFIX}/{self.audience}{path}", headers=headers, **options)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return self.call("POST", path, json=body, **options)

    def patch(self, path: str, body: Any) -> httpx.Response:
        return self.call("PATCH", path, json=body)

    def put(self, path: str, body: Any) -> httpx.Response:
        return self.call("PUT", path, json=body)

    def delete(self, path: str) -> httpx.Response:
        return self.call("DELETE", path)


class Platform(Caller):
    """The platform, which signs what it sends as Standard Webhooks writes it."""

    secret: str | None = None  # of the service that is asked; None is that of this process

    def call(self, method: str, path: str, *, headers: dict | None = None, json: Any = None, **options: Any) -> httpx.Response:
        content = b"" if json is None else orjson.dumps(json)
        signed = {**signature(content, secret=self.secret), "Content-Type": "application/json", **(headers or {})}
        return super().call(method, path, headers=signed, content=content, **options)


class Api:
    """A client of the app in this process."""

    def __enter__(self) -> Self:
        self._loop = start_blocking_portal()
        self.client = Client(self._loop.__enter__())  # one event loop for all calls
        self.client.event_hooks = {"response": [_as_documented]}
        self.platform = Platform(self.client, "platform")
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()
        self._loop.__exit__(None, None, None)

    def stranger(self, audience: str) -> Caller:
        return Caller(self.client, audience)


def signature(content: bytes, *, secret: str | None = None, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    signed = Webhook(secret or str(settings.platform_secret)).sign("msg_1", at, content.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed}


def _as_documented(response: httpx.Response) -> None:
    """An answer has just the fields that its route documents, of the documented types; an error is a problem."""
    response.read()
    assert response.headers["x-request-id"]
    if response.request.method == "HEAD":
        return
    asked = f"{response.request.method} {response.request.url.path}"
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json", response.text
        problem = response.json()
        assert problem["status"] == response.status_code
        assert problem["detail"]
        assert promises.keeps(response), f"{asked}: {response.text} is not listed"
        assert promises.unlisted(response) == [], asked
        return
    assert promises.keeps(response), f"{asked}: {response.status_code} is not listed"
    assert promises.unlisted(response) == [], asked
    model = _model_of(response.request.method, response.request.url.path)
    if model is not None and response.status_code != 204:
        shown = model.validate_json(response.content, strict=True)
        assert orjson.loads(model.dump_json(shown)) == response.json()


@cache
def _model_of(method: str, path: str) -> TypeAdapter[Any] | None:
    for route in app.routes:
        if isinstance(route, APIRoute) and method in route.methods and route.path_regex.match(path):
            return TypeAdapter(route.response_model) if route.response_model else None
    return None
