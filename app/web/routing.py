"""Finding the route of a request by its path's segments: the cost does not grow with the number of routes."""

from collections.abc import Iterable
from typing import Any

from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from fastapi.telemetry._api import _route_selected
from starlette._utils import get_route_path
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.door import UseCaseRoute

_ANY = "{}"  # stands for a segment that is a parameter
_HERE = "/"  # the key of a route that ends at a place; no segment has a slash


class Table:
    """Hands requests to their routes; what it does not know goes to `otherwise`: documentation, 404, 405, redirects."""

    def __init__(self, routes: Iterable[BaseRoute], otherwise: ASGIApp) -> None:
        self._otherwise = otherwise
        self._places: dict[str, Any] = {}  # by method, then by each segment
        for route in routes:
            if isinstance(route, APIRoute):
                self._add(route)

    def _add(self, route: APIRoute) -> None:
        run = route.app if isinstance(route, UseCaseRoute) else AsyncExitStackMiddleware(route.app)  # FastAPI's own want one
        segments = route.path.split("/")[1:]
        names = [segment[1:-1] for segment in segments if segment.startswith("{")]
        for method in route.methods or ():
            place = self._places.setdefault(method, {})
            for segment in segments:
                place = place.setdefault(_ANY if segment.startswith("{") else segment, {})
            place.setdefault(_HERE, (route, names, run))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope) if scope["type"] == "http" else None
        if found is None:
            await self._otherwise(scope, receive, send)
            return
        (route, names, run), values = found
        scope.update({"route": route, "endpoint": route.endpoint, "path_params": dict(zip(names, values, strict=True))})
        _route_selected(scope=scope, path=route.path)  # names the request's span, if there is one
        await run(scope, receive, send)

    def _find(self, scope: Scope) -> Any:
        return _walk(self._places.get(scope["method"], {}), get_route_path(scope).split("/")[1:], 0)


def _walk(place: dict[str, Any], segments: list[str], at: int) -> Any:
    """The route at the end of the segments and the values of its parameters: a segment's own name goes before a parameter."""
    if at == len(segments):
        route = place.get(_HERE)
        return None if route is None else (route, [])
    if segments[at] in place:
        found = _walk(place[segments[at]], segments, at + 1)
        if found is not None:
            return found
    if _ANY not in place or not segments[at]:
        return None
    found = _walk(place[_ANY], segments, at + 1)
    return None if found is None else (found[0], [segments[at], *found[1]])
