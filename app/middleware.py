"""Pure ASGI middleware: what every request goes through before any route."""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware, RequestBodyLimitResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READING = {"GET", "HEAD"}
_REQUEST_ID = re.compile(r"[0-9A-Za-z._\-]{1,64}")


class RequestId:
    """Gives every request an id, the caller's own when it sends a decent one, and says it in the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)


class BodyLimit(RequestBodyLimitMiddleware):
    """Refuses to read a body that is too large; a route's own `max_body_size` stands in for the app's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READING:  # these have no body that anyone reads
            await self.app(scope, receive, send)
            return
        await _Refusal(self.app, self.max_body_size)(scope, receive, send)


class _Refusal(RequestBodyLimitResponder):
    """Starlette's, but the app words the answer: a problem like every other."""

    async def send_with_limit(self, message: Message) -> None:
        self.response_started = self.response_started or message["type"] == "http.response.start"
        await self.send(message)
