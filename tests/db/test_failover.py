"""Losing the primary under load: what was acknowledged is there, once, and the service goes on by itself.

Two processes behind nginx share a primary that acknowledges what its standby has. The primary is killed with all its
processes, the standby promoted; clients try again what was not answered, with the same order number or Idempotency-Key.
"""

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import httpx
import orjson
import pytest

from app.db import migration, pools
from tests.conftest import environment_for, serving, using
from tests.support.api import PREFIX, Api, Caller, Platform
from tests.support.factories import World, purchase
from tests.support.load import Load
from tests.support.proxy import proxied, require_nginx
from tests.support.servers import Server, new_folder
from tests.support.waiting import eventually

BACK_WITHIN = 10  # seconds from the promotion
STOCK = 1_000_000
PLACED = "SELECT order_id FROM event WHERE business_id = %s AND verb = 'place'"


class Follower:
    """A merchant's client that follows the live news, and goes on where it stood when the stream breaks."""

    def __init__(self, url: str, merchant: Caller) -> None:
        self._url = f"{url}{PREFIX}/merchant/events"
        self._headers = {"Authorization": f"Bearer {merchant.token}"}
        self._placed: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._opened = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()
        assert self._opened.wait(10)

    def until(self, count: int) -> list[tuple[int]]:
        """The ids of the orders that it was told of, once there are so many; and it is told no more."""
        eventually(lambda: self._placed.qsize() >= count, 30)
        time.sleep(0.3)
        return [(self._placed.get(),) for _ in range(self._placed.qsize())]

    def _follow(self) -> None:
        while True:
            with suppress(httpx.TransportError), httpx.stream("GET", self._url, headers=self._headers, timeout=60) as stream:
                self._read(stream)
            time.sleep(0.1)

    def _read(self, stream: httpx.Response) -> None:
        type_ = ""
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                self._headers["Last-Event-ID"] = value
                self._opened.set()
            elif name == "event":
                type_ = value
            elif name == "data" and type_ == "order.place":
                self._placed.put(orjson.loads(value)["order_id"])


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server]]:
    """A primary that waits for its standby at each commit, and the standby."""
    with new_folder() as folder, ExitStack() as stack:
        primary, standby = Server(folder / "primary"), Server(folder / "standby")
        stack.callback(standby.stop)
        stack.callback(primary.stop)
        primary.init().start()
        standby.copy_of(primary, "-R").start()
        primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.run("SELECT pg_reload_conf()")
        eventually(lambda: primary.run("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"))
        primary.run("CREATE DATABASE shop")
        yield primary, standby


def cut_off(standby: Server, kill: Callable[[], None]) -> None:
    """Kill the primary while it changes what never reaches the standby: so it may acknowledge nothing of it."""
    ((receiver,),) = standby.run("SELECT pid FROM pg_stat_wal_receiver")
    os.kill(receiver, signal.SIGSTOP)
    time.sleep(0.3)
    kill()
    os.kill(receiver, signal.SIGTERM)
    os.kill(receiver, signal.SIGCONT)


def both(pair: tuple[Server, Server]) -> str:
    """One connection string for whichever of the two takes changes."""
    return f"postgresql://postgres@127.0.0.1:{pair[0].port},127.0.0.1:{pair[1].port}/shop"


def test_no_acknowledged_write_is_lost_when_the_primary_is(postgres, pair):
    require_nginx()
    primary, standby = pair
    with using(both(pair)), ExitStack() as stack:
        migration.migrate()
        urls = [stack.enter_context(serving(environment_for(both(pair)))) for _ in range(2)]
        url = stack.enter_context(proxied(urls))
        world = World(stack.enter_context(Api()))
        merchant, customer = world.merchant(), world.customer()
        sku = world.sku(merchant, stock=STOCK)
        pools.leave()
        news = Follower(url, merchant)

        def place(client: httpx.Client, key: str) -> httpx.Response:
            return Platform(client, "platform").post("/orders", purchase(sku["id"], customer.id, order_number=key))

        def restock(client: httpx.Client, key: str) -> httpx.Response:
            door = Caller(client, "merchant", merchant.token)
            return door.post(f"/skus/{sku['id']}/stock", {"delta": 3, "reason": key}, headers={"Idempotency-Key": key})

        load = Load(url)
        for number in range(4):
            load.start(place, f"order-{number}-")
        for number in range(2):
            load.start(restock, f"stock-{number}-")
        eventually(lambda: load.acknowledged.qsize() > 100, 30)
        cut_off(standby, primary.kill)
        eventually(lambda: load.answers[503], 30)
        promoted, before = time.monotonic(), load.acknowledged.qsize()
        standby.promote()
        eventually(lambda: load.acknowledged.qsize() > before + 100, 30)
        done = load.stop()
        back = next(at for at, _, _ in done if at > promoted) - promoted
        figures = f"acknowledged {len(done)}, answers {dict(load.answers)}, back {back:.2f} s after the promotion was asked for"
        sys.stdout.write(figures + "\n")

        assert load.faults == []
        assert back < BACK_WITHIN
        keys = [key for _, key, _ in done]
        orders, restocks = ({key for key in keys if key.startswith(kind)} for kind in ("order", "stock"))
        placed = [number for (number,) in standby.run('SELECT order_number FROM "order"', database="shop")]
        assert sorted(placed) == sorted(orders)
        moved = standby.run("SELECT reason FROM stock_movement WHERE delta = 3", database="shop")
        assert sorted(reason for (reason,) in moved) == sorted(restocks)
        expected = STOCK - len(orders) + 3 * len(restocks)
        assert standby.run("SELECT stock, (SELECT sum(delta) FROM stock_movement) FROM sku", database="shop") == [
            (expected, expected)
        ]
        assert sorted(news.until(len(orders))) == sorted(standby.run(PLACED, merchant.id, database="shop"))
