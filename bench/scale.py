"""Whether reads stay as fast when the tables grow: the same requests over few orders and over many, in one run.

python -m bench.scale
"""

import argparse
import base64
import contextlib
import functools
import random
import sys
from collections.abc import Callable, Iterator

import orjson

from app.config import HOUR
from bench import data
from bench.load import Case, Request, Void, alternate, print_row, require_wrk
from bench.servers import create_database, execute, postgres, service

MERCHANTS, CONNECTIONS = 10, 8
GOAL = 1.2
LAST_PAGE = 50  # the last page of a shop with 1,000 orders, as each has in the small database


class Shops:
    """A service with some number of orders, and its requests."""

    def __init__(self, uri: str, urls: list[str], tokens: dict[int, str], orders: int) -> None:
        self.urls = urls
        self.tokens = tokens
        self._ids = execute(uri, 'SELECT id, business_id FROM "order" ORDER BY random() LIMIT 100000')
        self._deep = {merchant: _cursor(uri, merchant, orders * 9 // 10 // MERCHANTS) for merchant in tokens}
        self._near = {merchant: _cursor(uri, merchant, 20) for merchant in tokens}
        self._shipped = [order for (order,) in execute(uri, _SHIPPED)]

    def one_order(self, number: int) -> list[Request]:
        return [self._get(f"/orders/{order}", merchant) for order, merchant in random.choices(self._ids, k=number)]

    def first_page(self, number: int) -> list[Request]:
        return self._lists(number, lambda merchant: "/orders")

    def first_page_to_ship(self, number: int) -> list[Request]:
        return self._lists(number, lambda merchant: "/orders?status=0")

    def last_page(self, number: int) -> list[Request]:
        return self._lists(number, lambda merchant: f"/orders?page={LAST_PAGE}")

    def near_cursor(self, number: int) -> list[Request]:
        return self._lists(number, lambda merchant: f"/orders?cursor={self._near[merchant]}")

    def deep_cursor(self, number: int) -> list[Request]:
        return self._lists(number, lambda merchant: f"/orders?cursor={self._deep[merchant]}")

    def by_number(self, number: int) -> list[Request]:
        return self._found(number, lambda order: f"q={order['order_number']}")

    def by_part_of_parcel(self, number: int) -> list[Request]:
        return self._found(number, lambda order: f"q={order['logistic_order_id'][1:]}")

    def by_parcel(self, number: int) -> list[Request]:
        return self._found(number, lambda order: f"logistic_order_id={order['logistic_order_id']}")

    def by_buyer(self, number: int) -> list[Request]:
        return self._found(number, lambda order: f"customer_id={order['customer_id']}")

    def by_shipment(self, number: int) -> list[Request]:
        """Those of two hours, which are as many in any shop."""
        return self._found(
            number, lambda order: f"deliver_from={order['deliver_time'] - HOUR}&deliver_to={order['deliver_time'] + HOUR}"
        )

    def by_flag(self, number: int) -> list[Request]:
        return self._lists(number, lambda merchant: "/orders?flag=3")

    def oldest(self, number: int) -> list[Request]:
        return self._lists(number, lambda merchant: "/orders?sort=oldest")

    def by_deadline(self, number: int) -> list[Request]:
        return self._lists(number, lambda merchant: "/orders?sort=deadline")

    def counts_of_parcel(self, number: int) -> list[Request]:
        return [
            self._get(f"/orders/counts?logistic_order_id={order['logistic_order_id']}", order["business_id"])
            for order in random.choices(self._shipped, k=number)
        ]

    def tickets(self, number: int) -> list[Request]:
        """By cursor, as their number grows with the shop's."""
        return self._lists(number, lambda merchant: f"/except-orders?cursor={self._near[merchant]}")

    def tickets_waiting(self, number: int) -> list[Request]:
        return self._lists(number, lambda merchant: "/except-orders?waiting_for=merchant")

    def _found(self, number: int, query: Callable[[dict], str]) -> list[Request]:
        return [self._get(f"/orders?{query(order)}", order["business_id"]) for order in random.choices(self._shipped, k=number)]

    def _lists(self, number: int, path: Callable[[int], str]) -> list[Request]:
        return [self._get(path(merchant), merchant) for merchant in random.choices(list(self.tokens), k=number)]

    def _get(self, path: str, merchant: int) -> Request:
        return Request("GET", "/api/v1/merchant" + path, {"Authorization": f"Bearer {self.tokens[merchant]}"})


CASES: dict[str, Callable[[Shops, int], list[Request]]] = {
    "one order": Shops.one_order,
    "list of 20, page 1, with total": Shops.first_page,
    "list of 20 to ship, page 1": Shops.first_page_to_ship,
    f"list of 20, page {LAST_PAGE}": Shops.last_page,
    "list of 20, by cursor": Shops.near_cursor,
    "list of 20, cursor at 90 %": Shops.deep_cursor,
    "q: an order's number": Shops.by_number,
    "q: part of a tracking number": Shops.by_part_of_parcel,
    "by tracking number": Shops.by_parcel,
    "counts by tracking number": Shops.counts_of_parcel,
    "by buyer": Shops.by_buyer,
    "by time of shipping": Shops.by_shipment,
    "by flag": Shops.by_flag,
    "list of 20, oldest first": Shops.oldest,
    "list of 20, by deadline": Shops.by_deadline,
    "20 tickets, by cursor": Shops.tickets,
    "tickets that wait for the merchant": Shops.tickets_waiting,
}
_SHIPPED = """
SELECT json_build_object('order_number', order_number, 'logistic_order_id', logistic_order_id, 'customer_id', customer_id,
    'deliver_time', deliver_time, 'business_id', business_id)
FROM "order" WHERE logistic_order_id IS NOT NULL ORDER BY random() LIMIT 10000
"""


def _cursor(uri: str, merchant: int, after: int) -> str:
    """The service's cursor behind a merchant's newest `after` orders."""
    newest = 'SELECT create_time, id FROM "order" WHERE business_id = %s ORDER BY create_time DESC, id DESC OFFSET %s LIMIT 1'
    ((time, order),) = execute(uri, newest, (merchant, after - 1))
    return base64.urlsafe_b64encode(f"{time}.{order}".encode()).decode().rstrip("=")


@contextlib.contextmanager
def shops(server: str, secrets: dict[str, str], orders: int) -> Iterator[Shops]:
    uri = create_database(server, f"with_{orders}")
    tokens = data.fill(uri, orders=orders, merchants=MERCHANTS)
    with service(uri, secrets) as urls:
        yield Shops(uri, urls, tokens, orders)


def check(over: Shops) -> None:
    """Check one answer of each case."""
    for name, make in CASES.items():
        answer = orjson.loads(make(over, 1)[0].answer(over.urls[0]))
        if name == "one order":
            assert "order_number" in answer
        elif name.startswith("counts"):
            assert sum(answer.values()) == 1
        elif "20" in name:
            assert len(answer["items"]) == 20, name
        else:
            assert answer["items"] or "tickets" in name, name


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--few", type=int, default=10_000)
    options.add_argument("--many", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=5)
    given = options.parse_args()
    require_wrk()
    secrets = data.make_secrets()
    reached = True
    with postgres() as server, shops(server, secrets, given.few) as few, shops(server, secrets, given.many) as many:
        for over in (few, many):
            check(over)
        print(f"{MERCHANTS} merchants, 2 processes, {CONNECTIONS} connections;")
        print(f"medians of {given.rounds} alternating rounds of {given.seconds} s; p50 and p99 in ms\n")
        print_row("", f"{given.few:,}", "p50", "p99", f"{given.many:,}", "p50", "p99", "slower by", f"≤ {GOAL}×")
        for name, make in CASES.items():
            cases = {size: Case(over.urls, functools.partial(make, over)) for size, over in {"few": few, "many": many}.items()}
            found = alternate(cases, rounds=given.rounds, seconds=given.seconds, connections=CONNECTIONS)
            small, large = found["few"], found["many"]
            ratio = small.rate / large.rate
            reached &= ratio <= GOAL
            cells = (small.rate, small.p50, small.p99, large.rate, large.p50, large.p99, f"{ratio:.2f}×")
            print_row(name, *cells, "yes" if ratio <= GOAL else "NO")
    return 0 if reached else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Void as void:
        sys.exit(f"void: {void}")
