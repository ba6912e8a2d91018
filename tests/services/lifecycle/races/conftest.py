"""Two server processes on one database, which all races share."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.conftest import created, environment_for, serving
from tests.support.api import Api, Caller
from tests.support.factories import World
from tests.support.racing import CLIENTS, Race


@pytest.fixture(scope="package")
def migrated(postgres: str, template: str) -> Iterator[str]:
    """One database for all races: each makes rows of its own and leaves the others' alone."""
    with created(postgres, template) as uri:
        yield uri


@pytest.fixture(scope="package")
def clients(migrated: str) -> Iterator[list[httpx.Client]]:
    """Clients of two server processes on one database."""
    environment = {**environment_for(migrated), "POOL_SIZE": "12"}
    limits = httpx.Limits(max_connections=CLIENTS)
    with (
        serving(environment) as one,
        serving(environment) as two,
        httpx.Client(base_url=one, timeout=30, limits=limits) as first,
        httpx.Client(base_url=two, timeout=30, limits=limits) as second,
    ):
        yield [first, second]


@pytest.fixture(scope="package")
def world(migrated: str) -> Iterator[World]:
    with Api() as api:
        yield World(api)


@pytest.fixture(scope="package")
def merchant(world: World) -> Caller:
    return world.merchant()


@pytest.fixture(scope="package")
def customer(world: World) -> Caller:
    return world.customer()


@pytest.fixture(scope="package")
def race(clients: list[httpx.Client]) -> Race:
    return Race(clients)


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest, race: Race, tried: Callable[[str, int], None]) -> Iterator[None]:
    before = race.sent
    yield
    what = request.node.originalname.removeprefix("test_").replace("_", " ")
    tried(f"requests at the same moment: {what}", race.sent - before)
