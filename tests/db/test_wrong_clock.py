"""A process whose clock is an hour off beside one that is right: no time stored lies before the one of the move before."""

import time
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import httpx
import orjson
import pytest
from jose import jwt

from app.config import HOUR, settings
from tests.support.api import Caller, Platform, signature
from tests.support.effort import often
from tests.support.factories import PASSWORD, REFUND, RETURN, made, purchase
from tests.support.invariants import broken
from tests.support.needed import require
from tests.support.processes import deployed

pytestmark = pytest.mark.hard
LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
ORDERS = often(1, 10)


def require_faketime():
    """Skip where libfaketime is not installed, but not in CI."""
    require(LIBRARY, "libfaketime is not installed: apt-get install faketime")


@pytest.fixture(params=[HOUR, -HOUR], ids=["ahead", "behind"])
def seconds(request):
    """By how much the one process is wrong."""
    return request.param


@pytest.fixture
def clients(seconds, environment):
    """Clients of the process that is right, and of the one that is not."""
    require_faketime()
    wrong = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": f"{seconds:+}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    with (
        deployed(environment) as right,
        deployed({**environment, **wrong}) as off,
        httpx.Client(base_url=right.url, timeout=20) as first,
        httpx.Client(base_url=off.url, timeout=20) as second,
    ):
        yield first, second
    for left in Path("/dev/shm").glob(f"*faketime_*_{off.process.pid}"):
        left.unlink()


def at(client, caller):
    return Caller(client, caller.audience, caller.token)


@pytest.fixture
def ordered(clients, seconds, world, merchant, customer):
    """Takes an order through moves, each by the process that is named: 0 is right, 1 is not."""
    sku = world.sku(merchant, stock=1_000)

    def place(way):
        body = purchase(sku["id"], customer.id)
        now = datetime.now(UTC) + timedelta(seconds=way * seconds)  # a signature of another hour is refused
        headers = signature(orjson.dumps(body), at=now)
        return made(Platform(clients[way], "platform").post("/orders", body, headers=headers), 201)["id"]

    def ship(way, order):
        parcel = {"logistic_id": 1, "logistic_order_id": "SF1391234567890"}
        made(at(clients[way], merchant).post(f"/orders/{order}/ship", parcel))

    def receive(way, order):
        made(at(clients[way], customer).post(f"/orders/{order}/receive"))

    def refund(ways, order):
        ask, agree, send_back, take = ways
        body = {"except_type": RETURN, "back_reason": "不想要了"}
        ticket = made(at(clients[ask], customer).post(f"/orders/{order}/except-orders", body), 201)["id"]
        made(at(clients[agree], merchant).post(f"/except-orders/{ticket}/agree", {}))
        parcel = {"logistics_id": 2, "tracking_number": "YT123"}
        made(at(clients[send_back], customer).post(f"/except-orders/{ticket}/return", parcel))
        made(at(clients[take], merchant).post(f"/except-orders/{ticket}/receive", {}))

    def cancel(ways, order):
        ask, agree = ways
        body = {"except_type": REFUND, "back_reason": "不想要了"}
        ticket = made(at(clients[ask], customer).post(f"/orders/{order}/except-orders", body), 201)["id"]
        made(at(clients[agree], merchant).post(f"/except-orders/{ticket}/agree", {}))

    return place, ship, receive, refund, cancel


def test_times_are_in_the_order_of_the_moves(ordered, sql, tried):
    place, ship, receive, refund, cancel = ordered
    moves = 0
    for _ in range(ORDERS):
        for ways in product((0, 1), repeat=3):
            order = place(ways[0])
            ship(ways[1], order)
            receive(ways[2], order)
            refund((*ways, 1 - ways[0]), order)
            cancel(ways[1:], place(ways[0]))
            moves += 9
    assert broken(sql) == {}
    tried("moves by processes whose clocks are an hour apart", moves)


def test_a_session_lives_about_as_long_as_it_should(clients, merchant):
    """One opened by either process is taken by both, and ends an hour off at most."""
    for one, other in (clients, clients[::-1]):
        credentials = {"name": merchant.account["name"], "password": PASSWORD}
        token = made(Caller(one, "merchant").post("/login", credentials))["access_token"]
        assert Caller(other, "merchant", token).get("/me").status_code == 200
        ends = jwt.get_unverified_claims(token)["exp"] - time.time() - settings.token_hours * HOUR
        assert abs(ends) < HOUR + 60
