"""What a controller asks for, compiled at import into one validation of the request.

FastAPI reads a controller's signature and writes the document from it. Solving that signature anew for each request took it
half of a request's time, so it is read once here. A signature that this does not know is refused at import.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from copy import copy
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.schemas.fields import Nothing
from app.web.middleware import READING

MISSING = {"type": "missing", "msg": "Field required", "input": None}


class Field(Protocol):
    """A parameter as FastAPI knows it."""

    name: str

    @property
    def alias(self) -> str: ...
    @property
    def default(self) -> Any: ...
    @property
    def field_info(self) -> Any: ...
    def validate(self, value: Any, values: dict[str, Any] = ..., *, loc: tuple[str, ...]) -> tuple[Any, list[Any]]: ...


class Step(NamedTuple):
    """A dependency: it is given the request, or what the step before it returned as `argument`."""

    call: Callable[..., Awaitable[Any]]
    argument: str
    given: Callable[..., Awaitable[Any]] | None


class Solver:
    """Gives the arguments of one controller for a request."""

    def __init__(self, dependant: Dependant, body: Field | None, methods: Iterable[str]) -> None:
        """A change refuses a query or a body that its controller does not ask for.

        Raises TypeError if the controller asks for what is not known here.
        """
        self._steps: dict[Callable[..., Any], Step] = {}
        for needed in dependant.dependencies:
            self._add(needed)
        self._named = {needed.name: needed.call for needed in dependant.dependencies if needed.name is not None}
        self._path: Sequence[Field] = dependant.path_params
        self._headers: Sequence[Field] = dependant.header_params
        self._query: Field | None = next(iter(dependant.query_params), None)
        self._body = body
        self._request = dependant.request_param_name
        changes = READING.isdisjoint(methods)
        self._takes_no_query = changes and self._query is None
        self._takes_no_body = changes and body is None and self._request is None
        if len(dependant.query_params) > 1 or len(dependant.body_params) > 1 or dependant.cookie_params:
            raise TypeError(f"{dependant.call}: one model for the query and one for the body is all that a controller asks for")

    def _add(self, needed: Dependant) -> None:
        """Add a dependency after those that it needs itself."""
        call, subs = needed.call, needed.dependencies
        asked = [needed.path_params, needed.query_params, needed.header_params, needed.body_params, needed.cookie_params]
        if call is None or any(asked) or len(subs) > 1 or bool(subs) == bool(needed.request_param_name):
            raise TypeError(f"{call}: a dependency takes the request, or what one other dependency gives")
        for sub in subs:
            self._add(sub)
        argument = subs[0].name if subs else needed.request_param_name
        assert argument is not None
        self._steps.setdefault(call, Step(call, argument, subs[0].call if subs else None))

    async def arguments(self, request: Request) -> dict[str, Any]:
        """The controller's arguments by name; raises RequestValidationError, and what the dependencies raise."""
        body = await _json(request) if self._body is not None or self._takes_no_body else None
        solved: dict[Any, Any] = {}
        for call, argument, given in self._steps.values():
            solved[call] = await call(**{argument: request if given is None else solved[given]})
        found = {name: solved[call] for name, call in self._named.items()}
        errors: list[Any] = []
        for field in self._path:
            found[field.name], wrong = field.validate(request.path_params[field.alias], {}, loc=("path", field.alias))
            errors += wrong
        if self._query is not None:
            found[self._query.name], wrong = self._query.validate(_query(request), {}, loc=("query",))
            errors += wrong
        elif self._takes_no_query:
            errors += _unasked(_query(request), "query")
        for field in self._headers:
            found[field.name], wrong = _given(field, request.headers.get(field.alias), "header", field.alias)
            errors += wrong
        if self._body is not None:
            found[self._body.name], wrong = _given(self._body, body)
            errors += wrong
        elif self._takes_no_body:
            errors += _unasked(body, "body")
        if errors:
            raise RequestValidationError(errors, body=body)
        if self._request is not None:
            found[self._request] = request
        return found


async def _json(request: Request) -> Any:
    """The body, parsed; None if there is none."""
    try:
        return await request.json() if await request.body() else None
    except json.JSONDecodeError as wrong:
        error = {"type": "json_invalid", "loc": ("body", wrong.pos), "msg": "JSON decode error", "input": {}}
        raise RequestValidationError([{**error, "ctx": {"error": wrong.msg}}], body=wrong.doc) from wrong


def _query(request: Request) -> dict[str, str | list[str]]:
    """The query by keys; one that is given several times is a list, which a scalar's type refuses."""
    found: dict[str, str | list[str]] = {}
    for key, value in parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True):
        before = found.get(key)
        if before is None:
            found[key] = value
        else:
            found[key] = [*before, value] if isinstance(before, list) else [before, value]
    return found


def _unasked(value: Any, place: str) -> list[Any]:
    """What is wrong with a value that nobody asks for: each of its fields, but not that it is empty."""
    if value is None:
        return []
    try:
        Nothing.model_validate(value)
    except ValidationError as wrong:
        return [{**fault, "loc": (place, *fault["loc"])} for fault in wrong.errors(include_url=False)]
    return []


def _given(field: Field, value: Any, *place: str) -> tuple[Any, list[Any]]:
    """The value as the field's type has it, and what is wrong with it; its default if there is none."""
    loc = place or ("body",)
    if value is not None:
        return field.validate(value, {}, loc=loc)
    return (None, [{**MISSING, "loc": loc}]) if field.field_info.is_required() else (copy(field.default), [])
