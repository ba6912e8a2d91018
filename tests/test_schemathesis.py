"""Every operation of the OpenAPI document, called with what its schema allows and what it forbids."""

import contextlib

import httpx
import pytest
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from app.main import app
from tests.api import PREFIX, Api, signature
from tests.factories import World

schema = schemathesis.openapi.from_dict(app.openapi()).exclude(path_regex="^/api/v1/merchant/events$")  # it never ends
schema.config.phases.coverage.enabled = False  # the edges of every field are tried in test_input.py


@pytest.fixture(scope="module")
def world(migrated_module):
    with Api() as api, start_blocking_portal(**api.client.async_backend) as portal:
        api.client.portal = portal
        yield World(api)


@pytest.fixture
def client(world):
    """A client who is let in at every door: as a new merchant, customer, admin, and as the platform."""
    callers = {kind: getattr(world, kind)() for kind in ("merchant", "customer", "admin")}
    world.order(callers["merchant"], callers["customer"])

    def let_in(request: httpx.Request) -> httpx.Request:
        audience = request.url.path.removeprefix(PREFIX).strip("/").partition("/")[0]
        if audience in callers:
            request.headers["Authorization"] = f"Bearer {callers[audience].token}"
        if audience == "platform":
            with contextlib.suppress(UnicodeDecodeError):  # what is no text can not be signed
                request.headers.update(signature(request.content))
        return request

    world.api.client.auth = let_in
    yield world.api.client
    world.api.client.auth = None


@schema.parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_call_breaks_it(case, client):
    sent = case.as_transport_kwargs()
    body = sent.pop("data", None)
    answer = client.request(content=body, **sent) if isinstance(body, bytes) else client.request(data=body, **sent)
    case.validate_response(answer, checks=(not_a_server_error,))
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
