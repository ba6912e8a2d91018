"""Callers who are set off at the same moment, against two real server processes, and what is asked of the answers."""

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx

from tests.support import effort
from tests.support.api import Caller
from tests.support.factories import REFUND

RACERS = 8
ROUNDS = effort.often(3, effort.ROUNDS)
CLIENTS = 64
ALIKE = 32  # requests that are the same, but for what a test varies
ASKED = {"except_type": REFUND, "back_reason": "不想要了"}


class Race:
    """Sets callers off at the same moment, every other one at the other server."""

    def __init__(self, clients: list[httpx.Client]) -> None:
        self.clients = clients
        self.sent = 0

    def run(self, acts: list[tuple[Caller, str, Any]], **options: Any) -> list[httpx.Response]:
        """Send each (caller, path, body) at once, as POST unless the path says another method; the answers in their order."""
        gate = Barrier(len(acts))
        self.sent += len(acts)

        def start(act: tuple[Caller, str, Any], client: httpx.Client) -> httpx.Response:
            caller, path, body = act
            racer = type(caller)(client, caller.audience, caller.token)
            gate.wait()
            method, _, path = path.rpartition(" ")
            return racer.call(method or "POST", path, json=body, **options)

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(start, acts, itertools.cycle(self.clients)))

    def crowd(self, requests: int) -> list[httpx.Client]:
        """A client of either server in turn for each of CLIENTS callers, who will send this many requests in all."""
        self.sent += requests
        return self.clients * (CLIENTS // len(self.clients))


def codes(answers: list[httpx.Response]) -> Counter[Any]:
    """How many answers went well, by status, and how many were refused, by code."""
    return Counter(answer.status_code if answer.is_success else answer.json()["code"] for answer in answers)


def events_of(sql: Callable[..., Any], order_id: int) -> Counter[tuple]:
    """How often each move of an order and its tickets is written down."""
    rows = sql("SELECT verb, subject, from_status, to_status FROM event WHERE order_id = %s", order_id)
    return Counter(rows)


def stock_of(sql: Callable[..., Any], sku_id: int) -> int:
    """The stock, which the movements explain."""
    ((stock, moved),) = sql(
        "SELECT stock, (SELECT sum(delta) FROM stock_movement WHERE sku_id = sku.id) FROM sku WHERE id = %s", sku_id
    )
    assert stock == moved
    return stock


def assert_refunded_once(sql: Callable[..., Any], order: dict[str, Any], verb: str, *, from_status: int) -> None:
    """One move of the ticket, one of its order, and the goods back in stock once."""
    events = events_of(sql, order["id"])
    assert events[verb, "except_order", from_status, 1] == events["refund", "order", -1, 3] == 1
    back = sql("SELECT delta FROM stock_movement WHERE reference = %s AND delta > 0", order["order_number"])
    assert back == [(order["num"],)]
    assert stock_of(sql, order["sku_id"]) == 100
