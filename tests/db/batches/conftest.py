"""A service that is sent requests as one batch."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import httpx
import psycopg2
import pytest

from tests.support.api import Caller, Platform
from tests.support.batches import in_progress, under
from tests.support.factories import made, purchase
from tests.support.waiting import WAITING, eventually


@pytest.fixture
def client(served):
    with httpx.Client(base_url=served(), timeout=30, limits=httpx.Limits(max_connections=None)) as client:
        yield client


@pytest.fixture
def platform(client):
    return Platform(client, "platform")


@pytest.fixture
def blocked(migrated):
    """Holds what a statement locks, so that who wants it waits."""

    @contextmanager
    def hold(statement, *values):
        blocker = psycopg2.connect(migrated)
        with blocker.cursor() as cursor:
            cursor.execute(statement, values)
            yield blocker
        blocker.close()

    return hold


@pytest.fixture
def gathered(client, sql, blocked):
    """Sends requests so that they are one batch: while one before them waits. Their answers, after that one's."""

    def send(before, acts):
        with blocked("LOCK TABLE event IN SHARE MODE") as blocker, ThreadPoolExecutor(len(acts) + 1) as pool:
            answers = [pool.submit(before)]
            eventually(lambda: sql(WAITING))
            answers += [pool.submit(act) for act in acts]
            eventually(lambda: in_progress(client) == len(acts) + 2)
            blocker.commit()
            return [answer.result() for answer in answers]

    return send


@pytest.fixture
def at_once(platform, world, customer, gathered):
    """Places orders in one batch, each under its Idempotency-Key, if it has one; the answers."""
    before = purchase(world.sku(world.merchant())["id"], customer.id)

    def place(bodies, keys=()):
        asked = itertools.zip_longest(bodies, keys)
        first, *answers = gathered(to_place(before, None), [to_place(body, key) for body, key in asked])
        made(first, 201)
        return answers

    def to_place(body, key):
        return partial(platform.post, "/orders", body, headers=under(key))

    return place


@pytest.fixture
def shipped(client, world, customer, gathered):
    """Ships orders in one batch, of (merchant, order, tracking number), each under its Idempotency-Key; the answers."""
    other = world.merchant()
    before = other, world.order(other, customer), "SF0"

    def ship(shipments, keys=()):
        asked = itertools.zip_longest(shipments, keys)
        first, *answers = gathered(to_ship(before, None), [to_ship(shipment, key) for shipment, key in asked])
        made(first)
        return answers

    def to_ship(shipment, key):
        merchant, order, number = shipment
        caller = Caller(client, "merchant", merchant.token)
        body = {"logistic_id": 1, "logistic_order_id": number}
        return partial(caller.post, f"/orders/{order['id']}/ship", body, headers=under(key))

    return ship
