"""Pure ASGI middleware: what every request goes through before any route."""

import itertools
import logging
import re
import secrets
import sys
from time import perf_counter

from starlette.middleware.body_limit import RequestBodyLimitMiddleware, RequestBodyLimitResponder
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import HeadersTooLarge
from app.ops import logs, metrics
from app.web import forwarded, problems

MAX_HEAD = 32_768  # bytes of a request's target and headers; as much as nginx takes
READING = {"GET", "HEAD"}
NOWHERE = "unmatched"  # the route of a request that no route is for
_REQUEST_ID = re.compile(rb"[0-9A-Za-z._\-]{1,64}")
_PROCESS = secrets.token_hex(12).encode()
_numbers = itertools.count()  # with _PROCESS, an id that no other request has

log = logging.getLogger(__name__)


class Watch:
    """The outermost: finds the client's address, gives every request an id and says it in the answer, counts and logs it.

    The id is the caller's own when it sends a decent one. What no handler made an answer of is logged here, once.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, _saying_why(send))
            return
        start = perf_counter()
        forwarded.believe(scope)
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given if _REQUEST_ID.fullmatch(given) else b"%s%08x" % (_PROCESS, next(_numbers))
        state = scope.setdefault("state", {})
        state["request_id"] = request_id.decode()
        status, in_hand = 500, metrics.IN_PROGRESS
        in_hand.inc()

        async def watched(message: Message) -> None:
            nonlocal status, in_hand
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
                if any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers):
                    in_hand.dec()
                    in_hand = metrics.STREAMS
                    in_hand.inc()
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            log.error("a request failed", exc_info=error, extra={"fields": {"request_id": state["request_id"]}})
        finally:
            seconds = perf_counter() - start
            in_hand.dec()
            route, method = _route(scope), scope["method"] if scope["method"] in metrics.METHODS else metrics.OTHER
            timed = seconds if in_hand is metrics.IN_PROGRESS else None
            metrics.answered(method, route, status, timed, state.get("code"))
            logs.request(method, route, status, seconds, state)


class HeadLimit:
    """Refuses a request whose target and headers are too large, before anything reads them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _size_of_head(scope) > MAX_HEAD:
            await problems.answer_to(Request(scope), HeadersTooLarge())(scope, receive, send)
        else:
            await self.app(scope, receive, send)


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


def _size_of_head(scope: Scope) -> int:
    target = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    return target + sum(len(name) + len(value) for name, value in scope["headers"])


def _route(scope: Scope) -> str:
    """The template of the route, or of the mount, that answered."""
    route = scope.get("route")
    return str(route.path) if route is not None else scope.get("root_path") or NOWHERE


def _saying_why(send: Send) -> Send:
    """The server's `send` at its start, which is told in a line why there will be no service."""

    async def clearly(message: Message) -> None:
        error = sys.exception()
        if message["type"] == "lifespan.startup.failed" and error is not None:
            message = {**message, "message": logs.failure(error)}
        await send(message)

    return clearly
