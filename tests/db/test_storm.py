"""Connections that are lost by the hundred, one by one or all at once, and a server that stands still, under real processes."""

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest

from app.db import pools
from tests.conftest import environment_for, serving
from tests.support.api import PREFIX, Api, Caller, Platform
from tests.support.batches import in_progress
from tests.support.effort import often
from tests.support.factories import World, made, purchase
from tests.support.invariants import broken
from tests.support.load import Load
from tests.support.waiting import eventually

STORM = often(5, 60)  # seconds
LOST, LEFT, STOPS, FREEZES = often(40, 200), often(100, 1_000), often(1, 5), often(1, 5)
OURS = "pid <> pg_backend_pid() AND application_name = 'meta_be' AND datname = current_database()"
pytestmark = pytest.mark.hard
BACKENDS = f"SELECT count(*) FROM pg_stat_activity WHERE {OURS}"
ONE_OF_THEM = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS} ORDER BY random() LIMIT 1"
AN_IDLE_ONE = ONE_OF_THEM.replace("(pid)", "(pid, 5000)").replace(
    "ORDER BY", "AND state = 'idle' ORDER BY"
)  # and wait until it is gone
MANY_EVENTS = """
INSERT INTO event (time, actor_kind, verb, subject, subject_id, business_id, details)
SELECT 1700000000, 'system', 'change', 'sku', 1, %s, jsonb_build_object('n', n) FROM generate_series(1, 5000) AS n
"""


class Shop:
    """A merchant, a buyer and goods without end, and what clients of a service do with them."""

    def __init__(self, api: Api) -> None:
        world = World(api)
        self.merchant, self.customer = world.merchant(), world.customer()
        self.sku = world.sku(self.merchant, stock=1_000_000)

    def place(self, client: httpx.Client, key: str) -> httpx.Response:
        return Platform(client, "platform").post("/orders", purchase(self.sku["id"], self.customer.id, order_number=key))

    def look(self, client: httpx.Client, key: str = "") -> httpx.Response:
        return Caller(client, "merchant", self.merchant.token).get("/orders")


@pytest.fixture
def shop(api):
    made_here = Shop(api)
    pools.leave()
    return made_here


def settled(url):
    """Nothing is in progress but the question itself."""
    with httpx.Client(base_url=url) as client:
        return in_progress(client) == 1


def test_a_storm_of_lost_connections_leaves_nothing_hanging_and_loses_nothing(served, shop, sql, tried):
    url = served(POOL_SIZE="8", THREADS="2")
    load = Load(url)
    for number in range(6):
        load.start(shop.place, f"order-{number}-")
    for number in range(4):
        load.start(shop.look, f"look-{number}-")
    end, ended = time.monotonic() + STORM, 0
    while time.monotonic() < end:
        ended += len(sql(ONE_OF_THEM))
        time.sleep(0.02)
    done = {key for _, key, _ in load.stop() if key.startswith("order")}
    assert load.faults == []
    with httpx.Client(base_url=url, timeout=20) as client:
        made(shop.place(client, "afterwards"), 201)
        eventually(lambda: settled(url))
        assert client.get("/readyz").status_code == 200
    placed = {number for (number,) in sql('SELECT order_number FROM "order"')}
    assert placed == done | {"afterwards"}
    assert sql("SELECT stock, (SELECT sum(delta) FROM stock_movement) FROM sku") == [(1_000_000 - len(placed),) * 2]
    assert broken(sql) == {}
    tried("connections lost in a storm", ended)
    tried("orders placed in that storm", len(placed))


def test_connections_that_are_lost_one_by_one_are_replaced_and_no_more(served, shop, sql, tried):
    url = served(POOL_SIZE="6", THREADS="2")
    with httpx.Client(base_url=url, timeout=20) as client, ThreadPoolExecutor(10) as clients:
        for number in range(LOST):
            asked = [clients.submit(shop.look, client) for _ in range(10)]
            asked.append(clients.submit(shop.place, client, f"order-{number}"))
            assert {answer.result().is_success for answer in asked} == {True}
            sql(AN_IDLE_ONE)
            assert sql(BACKENDS)[0][0] <= 6 + 1
    tried("connections lost one by one", LOST)


def test_streams_that_are_left_leave_no_connection_behind(served, shop, sql, tried):
    """Clients that ask for all the news and leave at once are gone while the statement is at work."""
    sql(MANY_EVENTS, shop.merchant.id)
    url = served(POOL_SIZE="6", THREADS="2")
    request = (
        f"GET {PREFIX}/merchant/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 0-0\r\n"
        f"Authorization: Bearer {shop.merchant.token}\r\n\r\n"
    )

    def leave_at_once(number):
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as client:
            client.sendall(request.encode())
            time.sleep(number % 10 / 500)

    with ThreadPoolExecutor(4) as clients:
        list(clients.map(leave_at_once, range(LEFT)))
    eventually(lambda: sql(BACKENDS)[0][0] <= 6 + 1)
    with httpx.Client(base_url=url, timeout=20) as client:
        assert {shop.look(client).status_code for _ in range(12)} == {200}
    tried("streams left at once", LEFT)


def test_a_server_that_is_stopped_and_started_is_found_again(server, tried):
    with Api() as api:
        shop = Shop(api)
    pools.leave()
    with serving(environment_for(server.uri("shop"))) as url:
        load = Load(url)
        for number in range(4):
            load.start(shop.place, f"order-{number}-")
            load.start(shop.look, f"look-{number}-")
        eventually(lambda: load.acknowledged.qsize() > 50)
        for _ in range(STOPS):
            refused = load.answers[503]
            server.end(signal.SIGINT)
            eventually(lambda refused=refused: load.answers[503] > refused + 20)
            server.start()
            before = load.acknowledged.qsize()
            eventually(lambda before=before: load.acknowledged.qsize() > before + 50)
        done = {key for _, key, _ in load.stop() if key.startswith("order")}
        assert load.faults == []
        eventually(lambda: settled(url))
    assert {number for (number,) in server.run('SELECT order_number FROM "order"', database="shop")} == done
    tried("databases stopped (pg_ctl -m fast) under load", STOPS)


def test_a_server_that_stands_still_is_no_reason_to_wait_for_ever(server, tried):
    """Everything is answered with 503 in time, whether it is done on the event loop, in a batch or in a thread."""
    with Api() as api:
        shop = Shop(api)
    pools.leave()
    environment = {**environment_for(server.uri("shop")), "STATEMENT_SECONDS": "1"}
    with serving(environment) as url, httpx.Client(base_url=url, timeout=30) as client, ThreadPoolExecutor(10) as clients:
        caller = Caller(client, "merchant", shop.merchant.token)
        asks = [partial(shop.look, client), partial(shop.place, client, "order"), partial(caller.get, "/statistics/overview")]
        assert {ask().is_success for ask in asks} == {True}
        for _ in range(FREEZES):
            server.send(signal.SIGSTOP)
            try:
                answers = [answer.result() for answer in [clients.submit(ask) for ask in asks * 3]]
                assert {answer.status_code for answer in answers} == {503}
                assert all(answer.headers["retry-after"] for answer in answers)
                assert client.get("/readyz").status_code == 503
                assert client.get("/healthz").status_code == 200
            finally:
                server.send(signal.SIGCONT)
            eventually(lambda: client.get("/readyz").status_code == 200)
            assert {ask().is_success for ask in asks} == {True}
    tried("calls of a database that stood still", FREEZES * len(answers))
