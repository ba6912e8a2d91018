"""A process that is told to stop while clients wait, and a database that was started anew while nobody asked."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg2
import pytest

from app.db import migration, pools
from tests.conftest import environment_for, using
from tests.support.api import Api, Caller, Platform
from tests.support.effort import often
from tests.support.factories import World, purchase
from tests.support.processes import deployed
from tests.support.servers import Server, new_folder
from tests.support.waiting import WAITING, eventually

pytestmark = pytest.mark.hard
WAITERS = often(8, 20)
TIMES = often(1, 10)


def test_who_waits_when_it_stops_gets_an_answer_that_is_no_fault(world, merchant, customer, sql, migrated, environment, tried):
    """Each waits for a row that is locked until the end: alone, in a batch, or for a connection."""
    sku = world.sku(merchant)
    orders = [world.order(merchant, customer, sku=sku)["id"] for _ in range(WAITERS)]
    blocker = psycopg2.connect(migrated)
    with deployed(environment) as process, ThreadPoolExecutor(3 * WAITERS) as pool:
        with httpx.Client(base_url=process.url, timeout=60, limits=httpx.Limits(max_connections=100)) as client:
            shop = Caller(client, "merchant", merchant.token)
            with blocker, blocker.cursor() as cursor:
                cursor.execute("LOCK TABLE event IN SHARE MODE")
                asked = [pool.submit(shop.patch, "/me", {"storename": f"店{number}"}) for number in range(WAITERS)]
                parcel = {"logistic_id": 1, "logistic_order_id": "SF1391234567890"}
                asked += [pool.submit(shop.post, f"/orders/{order}/ship", parcel) for order in orders]
                platform = Platform(client, "platform")
                bodies = [purchase(sku["id"], customer.id) for _ in range(WAITERS)]
                asked += [pool.submit(platform.post, "/orders", body) for body in bodies]
                eventually(lambda: sql(WAITING))
                time.sleep(0.5)
                process.process.send_signal(signal.SIGTERM)
                answers = [each.result() for each in asked]
        assert process.process.wait(40) in (0, -signal.SIGTERM)
        assert process.lines(status=500) == []
    blocker.close()
    assert {answer.status_code for answer in answers} <= {200, 201, 503}
    tried("clients that waited when a process was stopped", len(asked))


def test_the_first_request_after_the_database_was_started_anew_is_answered(postgres, tried):
    with new_folder() as folder:
        server = Server(folder / "primary").init().start()
        try:
            server.run("CREATE DATABASE shop")
            with using(server.uri("shop")):
                migration.migrate()
                with Api() as api:
                    merchant = World(api).merchant()
                pools.leave()
                with (
                    deployed(environment_for(server.uri("shop"))) as process,
                    httpx.Client(base_url=process.url, timeout=30) as client,
                ):
                    shop = Caller(client, "merchant", merchant.token)
                    asks = ["/orders", "/statistics/overview"] * 6
                    for _ in range(TIMES):
                        with ThreadPoolExecutor(12) as pool:
                            assert {each.status_code for each in pool.map(shop.get, asks)} == {200}
                        server.end(signal.SIGINT)
                        server.start()
                        time.sleep(0.5)
                        with ThreadPoolExecutor(12) as pool:
                            assert {each.status_code for each in pool.map(shop.get, asks)} == {200}
        finally:
            server.stop()
    tried("databases started anew while nobody asked", TIMES)
