"""Pure ASGI middleware that every request passes before it reaches a route."""

import asyncio
import itertools
import logging
import re
import secrets
import sys
from time import perf_counter

from starlette.middleware.body_limit import RequestBodyLimitMiddleware, RequestBodyLimitResponder
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import HeadersTooLarge, Internal, Unavailable
from app.ops import logs, metrics, tracing
from app.web import forwarded, problems

MAX_HEAD = 32_768  # bytes of a request's target and headers; nginx takes as many
READING = {"GET", "HEAD"}
NOWHERE = "unmatched"  # stands for the route of a request that matches none
_REQUEST_ID = re.compile(rb"[0-9A-Za-z._\-]{1,64}")

log = logging.getLogger(__name__)


class Instrumentation:
    """The outermost middleware: it finds the client's address, gives the request an id, counts it and logs it.

    The answer carries the id as X-Request-ID. It is the caller's own if that is 1 to 64 letters, digits, `.`, `_` or `-`.
    An exception that no handler answered is logged here, once, and answered 500. A request that is cut off as the process stops
    is answered 503.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._prefix, self._numbers = secrets.token_hex(12).encode(), itertools.count()  # the two make a unique id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, _explaining_failures(send))
            return
        start = perf_counter()
        forwarded.believe(scope)
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given if _REQUEST_ID.fullmatch(given) else b"%s%08x" % (self._prefix, next(self._numbers))
        state = scope.setdefault("state", {})
        state["request_id"] = request_id.decode()
        tracing.identify(state["request_id"])
        status, in_hand, begun = 500, metrics.IN_PROGRESS, False
        in_hand.inc()

        async def instrumented(message: Message) -> None:
            nonlocal status, in_hand, begun
            if message["type"] == "http.response.start":
                begun = True
                status = message["status"]
                headers = message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
                if any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers):
                    in_hand.dec()
                    in_hand = metrics.STREAMS
                    in_hand.inc()
            await send(message)

        try:
            await self.app(scope, receive, instrumented)
        except asyncio.CancelledError:  # the process stops, and has waited long enough
            if not begun:
                await problems.answer_to(Request(scope), Unavailable(retry_after=2))(scope, receive, instrumented)
        except Exception as error:
            log.error("a request failed", exc_info=error, extra={"fields": {"request_id": state["request_id"]}})
            if not begun:
                await problems.answer_to(Request(scope), Internal())(scope, receive, instrumented)
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
    """Refuses a body that is too large. A route's own `max_body_size` takes the place of the app's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READING:  # nobody reads a body of theirs
            await self.app(scope, receive, send)
            return
        await _Refusal(self.app, self.max_body_size)(scope, receive, send)


class _Refusal(RequestBodyLimitResponder):
    """Starlette's responder, but the app answers, with a problem like every other."""

    async def send_with_limit(self, message: Message) -> None:
        self.response_started = self.response_started or message["type"] == "http.response.start"
        await self.send(message)


def _size_of_head(scope: Scope) -> int:
    target = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    return target + sum(len(name) + len(value) for name, value in scope["headers"])


def _route(scope: Scope) -> str:
    """The path template of the route or mount that answered, such as `/api/v1/merchant/orders/{order_id}`."""
    route = scope.get("route")
    return str(route.path) if route is not None else scope.get("root_path") or NOWHERE


def _explaining_failures(send: Send) -> Send:
    """A `send` for the lifespan, which tells the server in one line why the app did not start."""

    async def explain(message: Message) -> None:
        error = sys.exception()
        if message["type"] == "lifespan.startup.failed" and error is not None:
            message = {**message, "message": logs.failure(error)}
        await send(message)

    return explain
