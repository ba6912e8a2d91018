"""Services that are compared: the same requests, as each of them wants them, and the four cases that are measured."""

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import orjson
from standardwebhooks import Webhook

from bench import data
from bench.load import Case, Figures, Request, Void, alternate
from bench.servers import execute, settle

MERCHANTS, SKUS, CUSTOMERS = 10, 200, 1_000
PROCESSES, CONNECTIONS = 2, 8
PER_SECOND = 5_000  # requests that one process is given at most: each order can be shipped once
_COPY = """
INSERT INTO "order" (order_number, status, business_id, customer_id, sku_id, num, sku_snapshot, pay_count, create_time,
    receiver_name, receiver_phone, receiver_address)
SELECT 'EX' || (SELECT max(id) FROM "order") || '-' || row_number() OVER (), 0, business_id, customer_id, sku_id, num,
    sku_snapshot, pay_count, create_time, receiver_name, receiver_phone, receiver_address
FROM "order", generate_series(1, %(times)s) WHERE status = 0 LIMIT %(number)s
"""


class Side:
    """A service under test, as the peer's: its addresses, and the requests for the same things as ours."""

    prefix = ""
    items = "results"
    cases: tuple[str, ...] = ("one_order", "list_of_20", "ship", "place")
    _to_ship: ClassVar[defaultdict[str, list[tuple[int, int]]]] = defaultdict(list)  # by database: no two sides ship one order

    def __init__(self, uri: str, urls: list[str], tokens: dict[int, str]) -> None:
        self.uri = uri
        self.urls = urls
        self.tokens = tokens

    def one_order(self, number: int) -> list[Request]:
        rows = execute(self.uri, 'SELECT id, business_id FROM "order" ORDER BY random() LIMIT %s', (number,))
        return [self._get(f"/orders/{order}", merchant) for order, merchant in rows]

    def list_of_20(self, number: int) -> list[Request]:
        return [self._get("/orders?status=0", merchant) for merchant in random.choices(list(self.tokens), k=number)]

    def ship(self, number: int) -> list[Request]:
        left = self._to_ship[self.uri]
        if len(left) < number:
            raise Void("too few orders to ship")
        orders, left[:] = left[:number], left[number:]
        return [self._post(f"/orders/{order}/ship", merchant, **self.shipping(order)) for order, merchant in orders]

    def stock_up(self, number: int) -> None:
        """Make sure that there are at least `number` more orders to ship than the sides on this database still have."""
        number += len(self._to_ship[self.uri])
        (found,) = execute(self.uri, 'SELECT count(*) FROM "order" WHERE status = 0')[0]
        if found < number:
            execute(self.uri, _COPY, {"number": number - found, "times": number // found + 1})
        rows = execute(self.uri, 'SELECT id, business_id FROM "order" WHERE status = 0')
        random.shuffle(rows)
        self._to_ship[self.uri][:] = rows
        settle(self.uri)

    def shipping(self, order: int) -> dict[str, object]:
        return {"logistic_name": "顺丰速运", "logistic_order_id": f"SF{order}"}

    def place(self, number: int) -> list[Request]:
        return [
            self._post("/orders", random.randint(1, MERCHANTS), sku_id=random.randint(1, SKUS), num=1) for _ in range(number)
        ]

    def _get(self, path: str, merchant: int) -> Request:
        return Request("GET", self.prefix + path, {"Authorization": f"Bearer {self.tokens[merchant]}"})

    def _post(self, path: str, merchant: int, **body: object) -> Request:
        headers = {"Authorization": f"Bearer {self.tokens[merchant]}"}
        return Request("POST", self.prefix + path, headers, orjson.dumps(body))


class Ours(Side):
    """Our own service."""

    prefix = "/api/v1/merchant"
    items = "items"
    _numbers = itertools.count()

    def __init__(self, uri: str, urls: list[str], tokens: dict[int, str], secret: str) -> None:
        super().__init__(uri, urls, tokens)
        self._webhook = Webhook(secret)

    def stock_up(self, number: int) -> None:
        super().stock_up(number)
        data.tally(self.uri)
        settle(self.uri)

    def shipping(self, order: int) -> dict[str, object]:
        return {"logistic_id": 1, "logistic_order_id": f"SF{order}"}

    def place(self, number: int, skus: int = SKUS) -> list[Request]:
        return [self._purchase(random.randint(1, skus), datetime.now(UTC)) for _ in range(number)]

    def _purchase(self, sku: int, now: datetime) -> Request:
        order = {
            "order_number": f"B{next(self._numbers)}",
            "customer_id": random.randint(1, CUSTOMERS),
            "sku_id": sku,
            "num": 1,
            "receiver_name": "张三",
            "receiver_phone": "13800000000",
            "receiver_address": "上海市浦东新区世纪大道 1 号",
        }
        body = orjson.dumps(order)
        message = f"msg_{order['order_number']}"
        headers = {
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(message, now, body.decode()),
        }
        return Request("POST", "/api/v1/platform/orders", headers, body)


def measure(
    sides: dict[str, Side], rounds: int, seconds: int, connections: int = CONNECTIONS
) -> Iterator[tuple[str, dict[str, Figures]]]:
    """Each case's name with the figures of all sides that have it."""

    def case(name: str, supply: int) -> dict[str, Figures]:
        cases = {who: Case(side.urls, getattr(side, name), supply) for who, side in sides.items() if name in side.cases}
        return alternate(cases, rounds=rounds, seconds=seconds, connections=connections)

    yield "one order", case("one_order", 2_000)
    yield "list of 20", case("list_of_20", 1_000)
    supply = PER_SECOND * seconds
    for side in sides.values():
        if "ship" in side.cases:
            side.stock_up(supply * PROCESSES * (rounds + 1))
    yield "ship", case("ship", supply)
    yield "place", case("place", supply)
