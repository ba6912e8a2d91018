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
}


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
        assert "order_number" in answer if name == "one order" else len(answer["items"]) == 20, name


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
