"""Hundreds of live streams while the database is restarted, and then the service: no event is lost, and others are answered."""

import signal
import time
from contextlib import ExitStack
from functools import partial

import httpx
import pytest

from app.db import pools
from tests.conftest import environment_for
from tests.support import asking
from tests.support.api import Api, Platform
from tests.support.bystander import Bystander
from tests.support.effort import often
from tests.support.factories import World, purchase
from tests.support.followers import Followers
from tests.support.invariants import broken
from tests.support.load import Load
from tests.support.processes import deployed
from tests.support.waiting import eventually

pytestmark = pytest.mark.hard
STREAMS, MERCHANTS, RESTARTS = often(50, 500), 10, often(2, 6)
MB = 1_000_000
EVENTS = "SELECT id FROM event WHERE business_id = %s ORDER BY txid, id"


class Market:
    """Merchants with goods, and a platform that sells them now and then."""

    def __init__(self) -> None:
        with Api() as api:
            world = World(api)
            self.customer = world.customer()
            self.merchants = [world.merchant() for _ in range(MERCHANTS)]
            self.skus = [world.sku(merchant, stock=1_000_000)["id"] for merchant in self.merchants]
            self.stranger = world.merchant()
        pools.leave()
        self.sold = 0

    def sell(self, client, key):
        time.sleep(0.1)
        self.sold += 1
        sku = self.skus[self.sold % MERCHANTS]
        return Platform(client, "platform").post("/orders", purchase(sku, self.customer.id, order_number=key))


def assert_all_told(followers, uri, known):
    """Each follower is told of every event of its merchant after those that were known, once and in order."""
    for merchant, before in known.items():
        wanted = [event for (event,) in asking.run(uri, EVENTS, (merchant,))][before:]
        each = [follower for follower in followers.all if follower.merchant_id == merchant]
        eventually(lambda: all(len(follower.told) >= len(wanted) for follower in each))  # noqa: B023
        assert [follower.told == wanted for follower in each] == [True] * len(each)


def sold(load, more):
    """Wait until so many orders more are acknowledged."""
    before = load.acknowledged.qsize()
    eventually(lambda: load.acknowledged.qsize() >= before + more, 40)


def test_streams_outlive_restarts_of_the_database_and_of_the_service(server, tried):
    market, uri = Market(), server.uri("shop")
    known = {merchant.id: len(asking.run(uri, EVENTS, (merchant.id,))) for merchant in market.merchants}
    with ExitStack() as stack:
        process = stack.enter_context(deployed(environment_for(uri)))
        bystander = stack.enter_context(Bystander(process, market.stranger))
        tokens = {merchant.id: merchant.token for merchant in market.merchants}
        followers = stack.enter_context(Followers(process.url, tokens, STREAMS))
        eventually(lambda: all(follower.last_event_id for follower in followers.all), 60)
        load = Load(process.url, asks_again=True)
        load.start(market.sell, "order-")
        for number in range(RESTARTS):
            sold(load, 10)
            server.end(signal.SIGINT if number % 2 else signal.SIGQUIT)
            time.sleep(0.5)
            server.start()
        sold(load, 10)
        load.stop()
        assert load.faults == []
        assert_all_told(followers, uri, known)
        assert (followers.ends, followers.open) == ({}, STREAMS)  # each stream went on
        bystander.stop()
        bystander.assert_unmoved(STREAMS * 100_000 + 20 * MB, also=frozenset({503}))

        after = stack.enter_context(deployed(environment_for(uri)))
        followers.url = after.url
        assert process.stop() in (0, -signal.SIGTERM)
        with httpx.Client(base_url=after.url, timeout=20) as client:
            for number in range(MERCHANTS):
                assert market.sell(client, f"while-they-come-back-{number}").status_code == 201
        assert_all_told(followers, uri, known)
        assert followers.ends == {"cleanly": STREAMS}
        eventually(lambda: followers.open == STREAMS)
    assert broken(partial(server.run, database="shop")) == {}
    tried("streams through a restart of the database", STREAMS * RESTARTS)
    tried("streams through a restart of the service", STREAMS)
    tried("events told to streams", sum(len(follower.told) for follower in followers.all))
