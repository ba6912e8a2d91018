"""The table of routes finds what FastAPI's own router finds."""

import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match

from app.main import app
from app.web.routing import Table

ROUTES = [route for route in app.routes if isinstance(route, APIRoute)]
SEGMENTS = sorted({segment for route in ROUTES for segment in route.path.split("/")} | {"1", "{}", "", "x y"})


async def nowhere(scope, receive, send):
    raise AssertionError


def by_the_router(scope):
    """The first route that matches wholly, as FastAPI's router looks for it, and its parameters."""
    for route in ROUTES:
        match, child = route.matches(dict(scope))
        if match is Match.FULL:
            return route, child["path_params"]
    return None


def by_the_table(scope):
    found = Table(app.routes, nowhere)._find(scope)
    return found and (found[0][0], dict(zip(found[0][1], found[1], strict=True)))


def scope_of(method, path):
    return {"type": "http", "method": method, "path": path, "root_path": ""}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_route_is_found(route):
    for method in route.methods:
        scope = scope_of(method, route.path.replace("{", "").replace("}", ""))
        assert by_the_table(scope) == by_the_router(scope)
        assert by_the_table(scope)[0].path.count("/") == route.path.count("/")


@given(st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "X"]), st.lists(st.sampled_from(SEGMENTS), max_size=7))
def test_any_path_leads_where_the_router_leads(method, segments):
    scope = scope_of(method, "/" + "/".join(segments))
    assert by_the_table(scope) == by_the_router(scope)


def test_what_is_no_route_is_answered_as_ever(api):
    for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/api/v1/statuses", 405), ("GET", "/docs", 200)):
        assert api.client.request(method, path).status_code == status
