"""Every operation of the OpenAPI document, called with what its schema allows and what it forbids."""

import contextlib
import itertools

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error

from app.main import app
from tests.support.api import PREFIX, Api, signature
from tests.support.effort import often
from tests.support.factories import World

SCHEMA = schemathesis.openapi.from_dict(app.openapi()).exclude(path_regex="^/api/v1/merchant/events$")  # it never ends
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
FEW = settings(
    max_examples=often(8, 70), deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def world(migrated_module):
    with Api() as api:
        yield World(api)


@pytest.fixture
def client(world):
    """A client who is let in as a new merchant, customer and admin, and as the platform."""
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


@pytest.mark.hard
@pytest.mark.long
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_call_breaks_it(operation, client, tried):
    cases = itertools.count()

    @FEW
    @given(strategies.one_of([operation.as_strategy(mode) for mode in GenerationMode]))
    def call(case):
        next(cases)
        sent = requests.Request(**case.as_transport_kwargs(str(client.base_url))).prepare()  # httpx takes no number as a file
        headers = [(name, value.encode("latin-1") if isinstance(value, str) else value) for name, value in sent.headers.items()]
        answer = client.request(sent.method, sent.url, headers=headers, content=sent.body)
        case.validate_response(answer, checks=(not_a_server_error,))
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code

    call()
    tried("calls made from the schema", next(cases))
