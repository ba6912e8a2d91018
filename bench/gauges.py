"""The time that a scrape's gauges take in the database, for any number of orders: `python -m bench.gauges [ORDERS]`."""

import statistics
import sys
import time

from app.services.monitoring import gauges
from bench.data import fill, make_secrets
from bench.load import print_row
from bench.servers import create_database, execute, postgres

ROUNDS = 20
_RECENT = 'UPDATE "order" SET create_time = create_time + %(by)s, deliver_time = deliver_time + %(by)s WHERE status IN (0, 1)'


def main() -> None:
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with postgres() as server:
        uri = create_database(server, "gauges")
        make_secrets()
        fill(uri, orders=orders, merchants=100)
        print_row(f"{orders:,} orders", "ms", "overdue")
        _measure("all of them open for long")
        execute(uri, _RECENT, {"by": int(time.time()) - 1_600_000_000 - orders * 60})
        execute(uri, "VACUUM ANALYZE")
        _measure("open ones as old as they are many")


def _measure(name: str) -> None:
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = {(gauge.name, *gauge.labels.values()): value for gauge, value in gauges.read(int(time.time()))}
        taken.append((time.perf_counter() - start) * 1000)
    print_row(name, statistics.median(taken), int(found["deadlines_overdue", "ship"]))


if __name__ == "__main__":
    main()
