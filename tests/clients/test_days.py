"""Each client does a merchant's, a buyer's and the platform's day against the running service and its worker."""

import base64
import json
import secrets
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.config import settings
from app.main import app
from tests.clients.clients import PYTHON_CLIENT, TYPESCRIPT_CLIENT, command_of, environment_of, require
from tests.conftest import ROOT, environment_for, serving
from tests.support.cutting import Cutting
from tests.support.factories import PASSWORD, REFUND, World
from tests.support.processes import running
from tests.support.samples import picture

CLIENTS = ("python", "typescript")
SECONDS = 120
TOLD = [  # what happens on a merchant's day
    "order.change",
    *["order.ship"] * 3,
    "except_order.cancel",
    "refund.due",
    "order.cancel",
    "sku.stock",
    "stored_file.upload",
    *["product.change"] * 2,
    "except_order.agree",
    "except_order.refuse",
    "order.refuse",
    "except_order.receive",
    "refund.due",
    "order.refund",
]


@pytest.fixture(scope="module")
def migrated(migrated_module: str) -> str:
    """One database for this file: each day is in a shop of its own."""
    return migrated_module


@pytest.fixture(scope="module")
def url(migrated: str) -> Iterator[str]:
    environment = {**environment_for(migrated), "WEBHOOK_ALLOW_PRIVATE": "true"}
    with serving(environment) as url, running(environment, "app.worker"):
        yield url


@pytest.fixture(params=CLIENTS)
def live(request: pytest.FixtureRequest, url: str) -> Callable[..., None]:
    """Runs a day of this client's."""
    require(request.param)

    def run(day: str, **given: Any) -> None:
        shared = {"url": url, "other_secret": secret(), "picture": picture().hex(), "password": PASSWORD}
        command = [*command_of(request.param, f"tests/clients/days/{day}_day"), json.dumps({**shared, **given})]
        ended = subprocess.run(
            command, cwd=ROOT, env=environment_of(request.param), capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    return run


def secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def test_a_merchants_day(world: World, url: str, live: Callable[..., None]):
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    tickets = [
        world.ticket(merchant, customer, "applied", sku=sku),
        world.ticket(merchant, customer, "applied", sku=sku, except_type=REFUND),
        world.ticket(merchant, customer, "awaiting_receipt", sku=sku),
    ]
    orders = [world.order(merchant, customer, sku=sku) for _ in range(3)]
    with Cutting(url) as relay:
        live(
            "merchant",
            relay=relay.url,
            told=TOLD,
            name=merchant.account["name"],
            product_id=sku["product_id"],
            order_number=orders[0]["order_number"],
            tickets=[ticket["id"] for ticket in tickets],
        )
        assert relay.cuts == 2


def test_a_buyers_day(world: World, live: Callable[..., None]):
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    orders = [world.order(merchant, customer, status, sku=sku)["id"] for status in (1, 2, 2, 2)]
    live("buyer", name=customer.account["name"], orders=orders, merchant_token=merchant.token)


def test_the_platforms_day(world: World, live: Callable[..., None]):
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    live(
        "platform",
        secret=str(settings.platform_secret),
        number=f"DAY{merchant.id}",
        merchant_id=merchant.id,
        merchant_token=merchant.token,
        customer_id=customer.id,
        product_id=sku["product_id"],
        sku_id=sku["id"],
    )


def test_each_has_every_operation():
    """`make clients` makes them; what the service serves and they lack means that they are old."""
    for client in CLIENTS:
        require(client)
    paths = app.openapi()["paths"]
    types = TYPESCRIPT_CLIENT.read_text()
    assert [path for path in paths if f'"{path}": {{' not in types] == []
    made = {path.stem for path in (PYTHON_CLIENT / "api").glob("*/*.py")}
    assert {operation["operationId"] for path in paths.values() for operation in path.values()} - made == set()
