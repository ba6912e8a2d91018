"""The document's examples of bodies work when they are sent: whatever is refused, it is not their form."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.document.operations import operations
from app.main import app
from tests.document.test_words import DOCUMENT, example_of
from tests.services.test_isolation import CASES, PREFIX, Case, Shop
from tests.support.api import Api
from tests.support.factories import World

BODIES = {
    operation.id: (operation, example_of(body["content"]["application/json"]))
    for operation in operations(app.routes)
    if (body := DOCUMENT["paths"][operation.path][operation.method.lower()].get("requestBody")) and not operation.takes_form
}
# What a caller has to fill in: names of files of their own, and a password that is theirs.
OWN = {"unknown_file", "wrong_old_password", "wrong_confirmation", "wrong_password", "not_found"}


@pytest.fixture(scope="module")
def migrated(migrated_module: str) -> str:
    """One database for this file: each example goes to rows of its own."""
    return migrated_module


@pytest.fixture(scope="module")
def shop(migrated: str) -> Iterator[Shop]:
    with Api() as api:
        world = World(api)
        world.merchant()  # the one whom staff reset
        for _ in range(3):
            world.customer()  # so that the customer does not bear the merchant's id
        yield Shop(world)


@pytest.mark.parametrize("name", BODIES)
def test_it_works(shop: Shop, name: str):
    operation, example = BODIES[name]
    callers = {**shop.owner, "admin": shop.world.admin(), "platform": shop.world.api.platform}
    path = operation.path.removeprefix(f"{PREFIX}/{operation.audience}")
    ids = CASES.get(f"{operation.method} {operation.path.removeprefix(PREFIX)}", Case()).ids(shop)
    if name == "platform_place_order":
        example = {**example, "sku_id": shop.world.sku(shop.merchant)["id"], "customer_id": shop.customer.id}
    answer = callers[operation.audience].call(operation.method, path.format_map(AnyId(ids)), json=example)
    if answer.status_code >= 400 and answer.status_code != 409:  # what the state of these rows forbids
        assert answer.json()["code"] in OWN, answer.text


class AnyId(dict[str, Any]):
    def __missing__(self, key: str) -> int:
        return 1
