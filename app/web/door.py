"""The route class of every audience: it runs a controller as one use case in one transaction, and answers after the commit.

A controller is a plain function that takes its caller's `call` and returns the JSON that a service made, or None for 204.
Its route checks the request's body, runs it, keeps the answer under the caller's Idempotency-Key, commits, and then answers.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import Receive, Scope, Send

from app.db.async_driver import on_loop
from app.db.threads import in_thread
from app.errors import Overloaded, UnsupportedMediaType, WrongApiKey
from app.services import idempotency
from app.web import machines, problems, shedding
from app.web.dependencies import Call
from app.web.media_types import media_type
from app.web.solving import Solver

Prepared = TypeVar("Prepared")


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON text with a status other than the route's own."""

    body: str
    status: int


Result: TypeAlias = str | Answer | None
Finish: TypeAlias = Callable[[Call, str], str]


class StrictRequest(Request):
    """A request whose JSON is read strictly: NaN, infinity, lone surrogates and very deep nesting are refused."""

    async def json(self) -> Any:
        return orjson.loads(await self.body())


class UseCaseRoute(APIRoute):
    """A route that runs its controller as one use case. A controller that is a coroutine runs by itself, and gives a Response.

    FastAPI documents it; a request is solved by `solving.py`, and passes none of FastAPI's exit stacks, as nothing here yields.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if not inspect.iscoroutinefunction(endpoint):
            endpoint = _in_one_transaction(endpoint, options.get("status_code") or 200)
        super().__init__(path, endpoint, **options)
        self._drop_repeated_dependencies()
        self._solver = Solver(self.dependant, self.body_field, self.methods or ())
        most = options.get("max_body_size")
        self.app = self._answer if most is None else RequestBodyLimitMiddleware(self._answer, max_body_size=most)

    def _drop_repeated_dependencies(self) -> None:
        """Drop the router's dependencies that the controller has too: FastAPI would solve them twice."""
        needed = self.dependant.dependencies
        own = {each.call for each in needed if each.name is not None}
        needed[:] = [each for each in needed if each.name is not None or each.call not in own]

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if shedding.is_full():  # told without raising, which would cost as much again
            await problems.answer_to(Request(scope), Overloaded(retry_after=1))(scope, receive, send)
            return
        request = StrictRequest(scope, receive, send)
        if self.body_field is not None and await request.body() and not _is_json(request):
            raise UnsupportedMediaType
        try:
            response = await self.endpoint(**await self._solver.arguments(request))
        except WrongApiKey:
            await machines.refused(request)
            raise
        await machines.answered(request)
        await response(scope, receive, send)


def _in_one_transaction(controller: Callable[..., Result], status: int) -> Callable[..., Coroutine[Any, Any, Response]]:
    """The controller as a coroutine: on the event loop, or in a thread for a heavy call.

    Raises TypeError when it takes no `call`, so that no controller runs without a caller.
    """
    if "call" not in inspect.signature(controller).parameters:
        raise TypeError(f"{controller.__qualname__} takes no call: nobody would answer for what it does")

    @functools.wraps(controller)
    async def run(call: Call, **arguments: Any) -> Response:
        act = functools.partial(controller, call=call, **arguments)
        if call.heavy:
            return await in_thread(answered, call, status, act)
        with shedding.in_hand():
            return await on_loop(answered, call, status, act)

    return run


def _as_it_is(call: Call, body: str) -> str:
    return body


def answered(call: Call, status: int, act: Callable[[], Result], finished: Finish = _as_it_is) -> Response:
    """Run `act` and commit; a repeated Idempotency-Key gets the answer that was kept for it.

    `finished` adds to each answer what must not be kept, such as a new token.
    """
    return call.perform(functools.partial(_answered, call, status, act, finished))


def answered_after(call: Call, status: int, prepare: Callable[[], Prepared], act: Callable[[Prepared], Result]) -> Response:
    """As `answered`, for an `act` whose argument takes long to prepare: `prepare` runs while no connection is held.

    The session is proved and the key looked up before `prepare`, and again in the transaction of the change.
    """
    known = call.perform(functools.partial(_known, call))
    if known is not None:
        return known
    prepared = prepare()
    return answered(call, status, lambda: act(prepared))


def _known(call: Call) -> Response | None:
    call.prove()
    first = None if call.key is None else idempotency.first_answer(call, call.key)
    return None if first is None else _replay(call, _as_it_is, first)


def _answered(call: Call, status: int, act: Callable[[], Result], finished: Finish) -> Response:
    claim = None if call.key is None else idempotency.Claim(call.key, status)
    call.claim = claim
    try:
        result = act()
        body, status = (result.body, result.status) if isinstance(result, Answer) else (result or "", status)
        if claim is not None and not claim.is_kept:
            idempotency.keep(call, claim.key, status, body)
    except idempotency.Replayed as replayed:
        return _replay(call, finished, replayed.answer)
    body = finished(call, body)
    call.commit()
    return _response(body, status)


def _replay(call: Call, finished: Finish, first: idempotency.KeptAnswer) -> Response:
    """The answer that the first request with the caller's key was given."""
    return _response(finished(call, first.body), first.status, replayed=True)


def _response(body: str, status: int, *, replayed: bool = False) -> Response:
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    return Response(body if status != 204 else None, status, headers, media_type="application/json")


def _is_json(request: Request) -> bool:
    sent = media_type(request)
    return sent == "application/json" or sent.endswith("+json")
