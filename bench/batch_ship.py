"""Shipping 10,000 orders by one statement, compared to shipping as many one by one, in the order of their ids.

python -m bench.batch_ship
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from app.db import pools
from app.db.work import MERCHANT, Actor, Work
from app.services.batch_row import BatchRow
from app.services.orders import shipping
from bench import data
from bench.load import print_row
from bench.servers import create_database, execute, postgres, settle

GOAL = 8
STATES = 5  # the orders of bench/data.py are evenly in so many states
SELLER = Actor(MERCHANT, 1)


def as_a_batch(order_ids: list[int]) -> None:
    rows = [BatchRow(number, {"order_id": order, **_parcel(order)}) for number, order in enumerate(order_ids, 1)]
    with Work(SELLER, writes=True) as work:
        shipping.ship_many(work, rows, dry_run=False)
        work.commit()
    assert not any(row.error for row in rows)


def one_by_one(order_ids: list[int]) -> None:
    for order in order_ids:
        with Work(SELLER, writes=True) as work:
            shipping.ship(work, order, logistic_name=None, **_parcel(order))
            work.commit()


def _parcel(order: int) -> dict[str, Any]:
    return {"logistic_id": 1, "logistic_order_id": f"SF{order}"}


def measure(ship: Callable[[list[int]], None], order_ids: list[int]) -> float:
    """Orders per second."""
    start = time.perf_counter()
    ship(order_ids)
    return len(order_ids) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    data.make_secrets()
    with postgres() as server:
        uri = create_database(server, "batch_ship")
        data.fill(uri, orders=options.rows * options.rounds * 2 * STATES, merchants=1)
        settle(uri)
        left = [order for (order,) in execute(uri, 'SELECT id FROM "order" WHERE status = 0 ORDER BY id')]
        rates: dict[Callable[[list[int]], None], list[float]] = {as_a_batch: [], one_by_one: []}
        for _ in range(options.rounds):
            for ship, measured in rates.items():
                taken, left = left[: options.rows], left[options.rows :]
                measured.append(measure(ship, taken))
        pools.leave()
    batch, single = (statistics.median(measured) for measured in rates.values())
    print_row("", "orders/s")
    print_row("one statement", batch)
    print_row("one by one", single)
    print_row("ratio", batch / single)
    if batch / single < GOAL:
        sys.exit(f"missed: at least {GOAL} times as fast was wanted")


if __name__ == "__main__":
    main()
