"""More requests than can be answered, while processes and the database fail: what is answered is answered soon."""

import itertools
import os
import signal
import statistics
import threading
from collections import Counter
from contextlib import ExitStack
from functools import partial

import httpx
import orjson
import pytest

from app.db import pools
from tests.conftest import environment_for
from tests.support.api import PREFIX, Api, Caller, signature
from tests.support.effort import MINUTES, often
from tests.support.factories import World, purchase
from tests.support.invariants import broken
from tests.support.overload import Clients
from tests.support.processes import running
from tests.support.servers import free_port
from tests.support.waiting import answers, eventually

pytestmark = pytest.mark.hard
SECONDS = often(4, round(60 * MINUTES))
TIMES = often(3, 1.5)  # as many requests as can be answered
PEAK = 2  # seconds in which it is measured
LATE, LATE_IN_FAILURE = 5.0, 10.0  # seconds; without a limit the queue is as long after ten seconds, and grows
PAUSE = often(1, 10)  # seconds between two failures
MB = 1_000_000
BACKEND = "SELECT pid FROM pg_stat_activity WHERE application_name = 'meta_be' ORDER BY random() LIMIT 1"


class Shop:
    """A merchant who looks at the orders that are being placed."""

    def __init__(self) -> None:
        with Api() as api:
            world = World(api)
            self.merchant, self.customer = world.merchant(), world.customer()
            self.sku = world.sku(self.merchant, stock=100_000_000)["id"]
        pools.leave()
        self._numbers = itertools.count()

    def next(self):
        """The name and the bytes of the next request: a look at the orders, or an order."""
        number = next(self._numbers)
        if number % 2:
            head = f"GET {PREFIX}/merchant/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.merchant.token}\r\n\r\n"
            return "", head.encode()
        name = f"load-{number}"
        body = orjson.dumps(purchase(self.sku, self.customer.id, order_number=name))
        fields = {"Host": "x", "Content-Type": "application/json", "Content-Length": len(body), **signature(body)}
        head = f"POST {PREFIX}/platform/orders HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in fields.items())
        return name, head.encode() + b"\r\n" + body


class Service:
    """Two processes behind one port: the one is let alone, the other is killed and started again."""

    def __init__(self, stack: ExitStack, environment: dict[str, str]) -> None:
        port = str(free_port())
        self.url = f"http://127.0.0.1:{port}"
        self._stack, self._environment = stack, {**environment, "PORT": port}
        self.lasting = self._start()
        eventually(lambda: answers(f"{self.url}/readyz"), 40, told=self.lasting.text)
        self._victim = self._start()
        eventually(lambda: self._victim.lines(message="meta_be serves"), 40)

    def _start(self):
        return self._stack.enter_context(running(self._environment, "app.process.serve"))

    def kill(self) -> None:
        self._victim.process.kill()
        self._victim.process.wait(10)
        self._victim = self._start()


def failures(server, service):
    """What fails, by its name."""

    def kill_a_backend():
        for (pid,) in server.run(BACKEND):
            os.kill(pid, signal.SIGKILL)

    def restart_the_database():
        server.end(signal.SIGQUIT)
        server.start()

    return {
        "processes of the service killed": service.kill,
        "backends killed": kill_a_backend,
        "databases stopped at once": restart_the_database,
    }


def p99(seconds):
    return sorted(seconds)[int(0.99 * (len(seconds) - 1))]


class Memory(threading.Thread):
    """What a process holds, looked at every half second."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.over, self.held = process, threading.Event(), []

    def run(self):
        while not self.over.wait(0.5):
            self.held.append(self.process.memory())

    def grown(self):
        """Bytes that it holds more in the last quarter of the time than in the second."""
        quarter = len(self.held) // 4
        return statistics.median(self.held[-quarter:]) - statistics.median(self.held[quarter : 2 * quarter])


@pytest.mark.parametrize("fails", [False, True], ids=["nothing fails", "all fails"])
def test_more_than_can_be_answered_is_refused_at_once(server, tried, fails):
    shop = Shop()
    with ExitStack() as stack:
        service = Service(stack, environment_for(server.uri("shop")))
        clients = Clients(service.url, shop.next)
        clients.at_once(16, 1)  # fills the pools and caches
        peak = clients.at_once(16, PEAK)
        memory = Memory(service.lasting)
        memory.start()
        del clients.seconds[:]
        failing = itertools.cycle(failures(server, service).items())
        failed = Counter()
        # Where other work slowed the machine down as the peak was measured, the first is no overload.
        for more in (TIMES, 2 * TIMES, 4 * TIMES):
            load = clients.at_rate(more * peak, SECONDS)
            load.join(PAUSE)
            while load.is_alive():
                if fails:
                    name, fail = next(failing)
                    fail()
                    failed[name] += 1
                load.join(PAUSE)
            if clients.statuses[503]:
                break
        memory.over.set()
        eventually(lambda: answers(f"{service.url}/readyz"), 40)
        with httpx.Client(base_url=service.url, timeout=20) as client:
            assert {Caller(client, "merchant", shop.merchant.token).get("/orders").status_code for _ in range(20)} == {200}
    assert set(clients.statuses) <= {0, 200, 201, 503}
    assert clients.statuses[503]
    assert p99(clients.seconds) < (LATE_IN_FAILURE if fails else LATE)
    assert memory.grown() < 20 * MB
    assert max(memory.held) - memory.held[0] < 100 * MB
    sql = partial(server.run, database="shop")
    placed = {number for (number,) in sql('SELECT order_number FROM "order"')}
    assert clients.done - {""} <= placed
    assert broken(sql) == {}
    tried("requests at more than can be answered", clients.statuses.total())
    for name, times in failed.items():
        tried(f"{name} under that load", times)
