"""A served shop, and a browser before it, for all tests of this folder: each leaves the others' rows alone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conftest import created, environment_for, serving
from tests.support.api import Api, Caller
from tests.support.browser import Visitor, chromium, require_chromium
from tests.support.factories import World


class Beside(World):
    """A world whose accounts are made in a thread: Playwright has an event loop in this one, which statements would wait on."""

    def merchant(self, **values: Any) -> Caller:
        return _in_thread(lambda: World.merchant(self, **values))

    def customer(self, **values: Any) -> Caller:
        return _in_thread(lambda: World.customer(self, **values))

    def admin(self, **values: Any) -> Caller:
        return _in_thread(lambda: World.admin(self, **values))


def _in_thread(make: Callable[[], Caller]) -> Caller:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make).result()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    require_chromium()
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def migrated(postgres: str, template: str) -> Iterator[str]:
    with created(postgres, template) as uri:
        yield uri


@pytest.fixture(scope="package")
def url(migrated: str) -> Iterator[str]:
    with serving(environment_for(migrated)) as url:
        yield url


@pytest.fixture(scope="package")
def world(migrated: str) -> Iterator[World]:
    with Api() as api:
        yield Beside(api)


@pytest.fixture
def visit(browser: Browser, url: str) -> Iterator[Callable[..., Visitor]]:
    """Opens windows; none of them may have complained at the end."""
    visitors: list[Visitor] = []

    def new(**options: object) -> Visitor:
        visitors.append(Visitor(browser, url, **options))  # type: ignore[arg-type]
        return visitors[-1]

    yield new
    complaints = [said for visitor in visitors for said in visitor.complaints]
    for visitor in visitors:
        visitor.leave()
    assert complaints == []
