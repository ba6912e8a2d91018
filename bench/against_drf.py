"""Our service against a plain Django REST framework backend over the same tables, in one run, on one machine.

Both have two worker processes, the same PostgreSQL server with the same settings, as many orders of the same shops,
and the same connections and load. Prints the median of rounds that take turns, and whether ours is 4 times as fast.

    python -m bench.against_drf ../shared/peers/drf
"""

import argparse
import contextlib
import itertools
import random
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
from standardwebhooks import Webhook

from bench import data
from bench.load import (
    ROOT,
    Case,
    Figures,
    Request,
    Void,
    alternate,
    create_database,
    execute,
    postgres,
    print_row,
    require_wrk,
    service,
    serving,
    settle,
)

MERCHANTS, SKUS, CUSTOMERS = 10, 200, 1_000
PROCESSES, CONNECTIONS = 2, 8
GOAL = 4.0
PER_SECOND = 2_000  # requests that one process is given at most: each order can be shipped once
_COPY = """
INSERT INTO "order" (order_number, status, business_id, customer_id, sku_id, num, sku_snapshot, pay_count, create_time,
    receiver_name, receiver_phone, receiver_address)
SELECT 'EX' || row_number() OVER (), 0, business_id, customer_id, sku_id, num, sku_snapshot, pay_count, create_time,
    receiver_name, receiver_phone, receiver_address
FROM "order", generate_series(1, %(times)s) WHERE status = 0 LIMIT %(number)s
"""


class Side:
    """One of the two: where it answers, and how it is asked for the same thing."""

    prefix = ""
    items = "results"

    def __init__(self, uri: str, urls: list[str], tokens: dict[int, str]) -> None:
        self.uri = uri
        self.urls = urls
        self.tokens = tokens
        self._to_ship: Iterator[tuple[int, int]] = iter(())

    def one_order(self, number: int) -> list[Request]:
        rows = execute(self.uri, 'SELECT id, business_id FROM "order" ORDER BY random() LIMIT %s', (number,))
        return [self._get(f"/orders/{order}", merchant) for order, merchant in rows]

    def list_of_20(self, number: int) -> list[Request]:
        return [self._get("/orders?status=0", merchant) for merchant in random.choices(list(self.tokens), k=number)]

    def ship(self, number: int) -> list[Request]:
        orders = list(itertools.islice(self._to_ship, number))
        if len(orders) < number:
            raise Void("too few orders to ship")
        return [self._post(f"/orders/{order}/ship", merchant, **self.shipping(order)) for order, merchant in orders]

    def stock_up(self, number: int) -> None:
        """Have at least `number` orders to ship."""
        (found,) = execute(self.uri, 'SELECT count(*) FROM "order" WHERE status = 0')[0]
        if found < number:
            execute(self.uri, _COPY, {"number": number - found, "times": number // found + 1})
        rows = execute(self.uri, 'SELECT id, business_id FROM "order" WHERE status = 0')
        random.shuffle(rows)
        self._to_ship = iter(rows)
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


@contextlib.contextmanager
def ours(server: str, orders: int) -> Iterator[Side]:
    secrets = data.make_secrets()
    uri = create_database(server, "ours")
    tokens = data.fill(uri, orders=orders, merchants=MERCHANTS)
    with service(uri, secrets, PROCESSES) as urls:
        yield Ours(uri, urls, tokens, secrets["PLATFORM_SECRET"])


@contextlib.contextmanager
def the_peer(server: str, folder: Path, python: Path, orders: int) -> Iterator[Side]:
    uri = create_database(server, "peer")
    schema = (folder / "schema.sql").read_text()
    for name, value in {"n": orders, "m": MERCHANTS}.items():
        schema = re.sub(rf"(?<!:):{name}\b", str(value), schema)
    execute(uri, schema)
    settle(uri)
    gunicorn = [str(python), "-m", "gunicorn", "app:application", "-w", str(PROCESSES), "--threads", "4"]
    gunicorn += ["--bind", "127.0.0.1:{port}", "--log-level", "warning", "--chdir", str(folder)]
    with serving(gunicorn, "/orders", PEER_DB=uri.replace("postgresql://", "postgres://", 1)) as url:
        yield Side(uri, [url] * PROCESSES, {merchant: f"token{merchant}" for merchant in range(1, MERCHANTS + 1)})


def peer_python(folder: Path) -> Path:
    """A Python with the peer's requirements, made once."""
    home = ROOT / "var/bench/peer"
    python = home / "bin/python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", folder / "requirements.txt"], check=True)
        (home / "ready").touch()
    return python


def check(side: Side) -> None:
    """See with one request each that the answers are what they are taken for."""
    order = orjson.loads(side.one_order(1)[0].answer(side.urls[0]))
    assert {"order_number", "sku_snapshot", "receiver_address"} <= order.keys()
    assert len(orjson.loads(side.list_of_20(1)[0].answer(side.urls[0]))[side.items]) == 20


def measure(sides: dict[str, Side], rounds: int, seconds: int) -> Iterator[tuple[str, dict[str, Figures]]]:
    def case(name: str, supply: int) -> dict[str, Figures]:
        cases = {who: Case(side.urls, getattr(side, name), supply) for who, side in sides.items()}
        return alternate(cases, rounds=rounds, seconds=seconds, connections=CONNECTIONS)

    yield "one order", case("one_order", 2_000)
    yield "list of 20", case("list_of_20", 1_000)
    supply = PER_SECOND * seconds
    for side in sides.values():
        side.stock_up(supply * PROCESSES * (rounds + 1))
    yield "ship", case("ship", supply)
    yield "place", case("place", supply)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("peer", type=Path, help="the peer's folder: app.py, schema.sql, requirements.txt")
    options.add_argument("--peer-python", type=Path, help="a Python that has the peer's requirements")
    options.add_argument("--orders", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=5)
    given = options.parse_args()
    require_wrk()
    folder = given.peer.resolve()
    python = given.peer_python or peer_python(folder)
    reached = True
    with postgres() as server, ours(server, given.orders) as our, the_peer(server, folder, python, given.orders) as peer:
        for side in (our, peer):
            check(side)
        print(f"{given.orders:,} orders, {MERCHANTS} merchants, {PROCESSES} processes each, {CONNECTIONS} connections;")
        print(f"medians of {given.rounds} alternating rounds of {given.seconds} s; p50 and p99 in ms\n")
        print_row("", "ours /s", "p50", "p99", "peer /s", "p50", "p99", "ratio", f"≥ {GOAL:.0f}×")
        for name, found in measure({"ours": our, "peer": peer}, given.rounds, given.seconds):
            mine, theirs = found["ours"], found["peer"]
            ratio = mine.rate / theirs.rate
            reached &= ratio >= GOAL
            cells = (mine.rate, mine.p50, mine.p99, theirs.rate, theirs.p50, theirs.p99, ratio)
            print_row(name, *cells, "yes" if ratio >= GOAL else "NO")
    return 0 if reached else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Void as void:
        sys.exit(f"void: {void}")
