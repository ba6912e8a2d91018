"""What every route of an audience goes through: a strict body, one piece of work, one transaction, one answer.

A controller is a plain function that takes its caller's `call` and returns the JSON that a service made, or nothing (204).
The door runs it, keeps the answer under the caller's Idempotency-Key, and commits before it answers.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.db.async_driver import on_loop
from app.db.threads import in_thread
from app.errors import UnsupportedMediaType
from app.services import idempotency
from app.web.dependencies import Call
from app.web.media_types import media_type

Prepared = TypeVar("Prepared")


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON text with a status other than the route's own."""

    body: str
    status: int


class StrictRequest(Request):
    """Reads JSON by the letter: no NaN, no infinity, no lone surrogates, no endless nesting."""

    async def json(self) -> Any:
        return orjson.loads(await self.body())


class Door(APIRoute):
    """A route whose controller is carried out as one piece of work."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if not inspect.iscoroutinefunction(endpoint):
            endpoint = carried_out(endpoint, options.get("status_code") or 200)
        super().__init__(path, endpoint, **options)
        self._ask_once()

    def _ask_once(self) -> None:
        """Leave out what the audience's router asks for where the controller asks for it too: FastAPI would solve it twice."""
        needed = self.dependant.dependencies
        own = {each.call for each in needed if each.name is not None}
        needed[:] = [each for each in needed if each.name is not None or each.call not in own]

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        has_body = self.body_field is not None

        async def strictly(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if has_body and await strict.body() and not _is_json(strict):
                raise UnsupportedMediaType
            return await handle(strict)

        return strictly


def carried_out(controller: Callable[..., Any], status: int) -> Callable[..., Coroutine[Any, Any, Response]]:
    """The controller as one piece of work on the event loop, or in a thread when it is heavy.

    It must take a `call`, so that none runs without a caller.
    """
    if "call" not in inspect.signature(controller).parameters:
        raise TypeError(f"{controller.__qualname__} takes no call: nobody would answer for what it does")

    @functools.wraps(controller)
    async def run(call: Call, **arguments: Any) -> Response:
        act = functools.partial(controller, call=call, **arguments)
        carry = in_thread if call.heavy else on_loop
        return await carry(answered, call, status, act)

    return run


def answered(
    call: Call,
    status: int,
    act: Callable[[], str | Answer | None],
    finished: Callable[[Call, str], str] = lambda call, body: body,
) -> Response:
    """Do the work and commit; the answer is the one kept under the caller's key when there is one.

    `finished` adds to an answer, each time that it is given, what must not be kept.
    """
    return call.perform(functools.partial(_answered, call, status, act, finished))


def answered_after(
    call: Call, status: int, prepare: Callable[[], Prepared], act: Callable[[Prepared], str | Answer | None]
) -> Response:
    """As `answered`, where `act` needs what takes long to make: no connection is held while `prepare` makes it.

    The session is proved and the key looked up before that, and again in the transaction of the change.
    """
    known = call.perform(functools.partial(_known, call))
    if known is not None:
        return known
    prepared = prepare()
    return answered(call, status, lambda: act(prepared))


def _known(call: Call) -> Response | None:
    call.prove()
    return _replayed(call, lambda call, body: body)


def _answered(
    call: Call, status: int, act: Callable[[], str | Answer | None], finished: Callable[[Call, str], str]
) -> Response:
    replayed = _replayed(call, finished)
    if replayed is not None:
        return replayed
    result = act()
    body, status = (result.body, result.status) if isinstance(result, Answer) else (result or "", status)
    if call.key is not None:
        idempotency.keep(call, call.key, status, body)
    body = finished(call, body)
    call.commit()
    return _response(body, status)


def _replayed(call: Call, finished: Callable[[Call, str], str]) -> Response | None:
    """The answer that the caller's key has had already; None when there is no key, or it is new."""
    first = None if call.key is None else idempotency.first_answer(call, call.key)
    return None if first is None else _response(finished(call, first.body), first.status, replayed=True)


def _response(body: str, status: int, *, replayed: bool = False) -> Response:
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    return Response(body if status != 204 else None, status, headers, media_type="application/json")


def _is_json(request: Request) -> bool:
    sent = media_type(request)
    return sent == "application/json" or sent.endswith("+json")
