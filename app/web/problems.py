"""Errors as problem+json (RFC 9457), in Chinese unless the caller asks for English."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
import psycopg2
import sqlalchemy.exc
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from app.db.failures import AWAY
from app.errors import (
    AppError,
    Conflict,
    InvalidInput,
    MethodNotAllowed,
    NoSuchPath,
    RequestIncomplete,
    TooLarge,
    Unavailable,
)
from app.ops import metrics
from app.redaction import redacted
from app.web.wording import language, worded

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100  # faults that an answer lists
LONGEST_NAME = 100  # characters of a field's name that an answer repeats
LONGEST_PATH = 1000  # characters of a request's path that an answer repeats
_OF_STATUS: dict[int, type[AppError]] = {
    HTTPStatus.NOT_FOUND: NoSuchPath,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowed,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
}
"""What the framework refuses; anything else that it raises is about the input."""


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    handlers: dict[type[Exception], Callable[[Request, Any], Response]] = {
        AppError: answer_to,
        RequestValidationError: _invalid,
        HTTPException: _http,
        ClientDisconnect: lambda request, error: answer_to(request, RequestIncomplete()),
        **dict.fromkeys(AWAY, _away),
        psycopg2.DataError: lambda request, error: answer_to(request, InvalidInput()),
        psycopg2.IntegrityError: _conflict,
    }
    for error, answer in handlers.items():
        app.add_exception_handler(error, _on_loop(answer))


def problem(status: int, code: str, detail: str, instance: str) -> dict[str, Any]:
    """The members that every problem has (RFC 9457)."""
    return {
        "type": f"urn:meta-be:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
    }


def answer_to(request: Request, error: AppError, *, errors: list[dict[str, str]] | None = None) -> Response:
    """The problem that an AppError is answered with; `errors` lists the faults of single fields."""
    if error.retry_after is not None:
        error.values["retry_after"] = error.retry_after
    detail = error.detail(language(request))
    if error.field is not None:
        errors = [{"in": error.place, "field": error.field, "code": error.code, "detail": detail}]
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        headers["Content-Range"] = f"bytes */{error.values['size']}"
    more = {"errors": errors, "actions": error.actions, "refund_due": error.refund_due or None}
    return _response(request, error.status, error.code, detail, headers=headers, **more)


def _on_loop(answer: Callable[[Request, Any], Response]) -> Callable[[Request, Any], Awaitable[Response]]:
    """The handler as a coroutine: FastAPI would run a plain function in a thread, and all threads may be taken."""

    async def handle(request: Request, error: Exception) -> Response:
        return answer(request, error)

    return handle


def _invalid(request: Request, error: RequestValidationError) -> Response:
    spoken = language(request)
    errors = []
    for fault in error.errors()[:MOST_ERRORS]:
        where, *path = fault["loc"]
        field = ".".join(str(part)[:LONGEST_NAME] for part in path) if fault["type"] != "json_invalid" else ""
        errors.append({"in": str(where), "field": field, "code": fault["type"], "detail": worded(fault, spoken)})
    return answer_to(request, InvalidInput(), errors=errors)


def _http(request: Request, error: HTTPException) -> Response:
    answer = answer_to(request, _OF_STATUS.get(error.status_code, InvalidInput)())
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = _allowed(request)
    return answer


def _allowed(request: Request) -> str:
    """The methods of all routes at the request's path (RFC 9110, 15.5.6); the router itself names those of the first."""
    routes = (route for route in request.app.routes if isinstance(route, Route) and route.path_regex.match(request.url.path))
    return ", ".join(sorted({method for route in routes for method in route.methods or ()}))


def _away(request: Request, error: Exception) -> Response:
    log.warning("database: %s", redacted(error), extra=_with_id(request))
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        metrics.POOL_TIMEOUTS.inc()
    return answer_to(request, Unavailable(retry_after=2))


def _conflict(request: Request, error: psycopg2.IntegrityError) -> Response:
    log.warning("database refused: %s", redacted(error), extra=_with_id(request))
    return answer_to(request, Conflict())


def _with_id(request: Request) -> dict[str, dict[str, str]]:
    return {"fields": {"request_id": request.state.request_id}}


def _response(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    request.state.code = code
    body = problem(status, code, detail, request.url.path[:LONGEST_PATH])
    body |= {name: value for name, value in more.items() if value is not None}
    return Response(orjson.dumps(body), status, headers, media_type=MEDIA_TYPE)
