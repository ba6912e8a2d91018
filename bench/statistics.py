"""How long statistics take for a merchant with 100,000 orders in a year, a fifth of them refunded.

python -m bench.statistics
"""

import statistics
import sys
import time

import httpx

from bench import data, load, servers

ORDERS = 100_000
ROUNDS = 40
MOST = 50.0  # milliseconds
DAY = 86_400
_OVER_A_YEAR = """
SET session_replication_role = replica;
UPDATE "order" SET create_time = %(now)s - (%(orders)s - id) * %(step)s;
UPDATE except_order ticket SET close_time = "order".create_time + 600 FROM "order" WHERE "order".id = ticket.order_id;
"""


def main() -> None:
    now = int(time.time())
    first, last = (time.strftime("%Y-%m-%d", time.gmtime(now - days * DAY)) for days in (365, 0))
    month = time.strftime("%Y-%m-%d", time.gmtime(now - 30 * DAY))
    paths = {
        "overview": "overview",
        "trend, 366 days": f"trend?from={first}&to={last}",
        "trend, 31 days by hour": f"trend?from={month}&to={last}&by=hour",
        "top SKUs of 366 days": f"top-skus?from={first}&to={last}",
        "top SKUs of 31 days": f"top-skus?from={month}&to={last}",
    }
    secrets = data.make_secrets()
    with servers.postgres() as postgres:
        uri = servers.create_database(postgres, "statistics")
        [token] = data.fill(uri, orders=ORDERS, merchants=1).values()
        servers.execute(uri, _OVER_A_YEAR, {"now": now, "orders": ORDERS, "step": 366 * DAY // ORDERS})
        servers.execute(uri, "VACUUM FULL")
        servers.settle(uri)
        with (
            servers.service(uri, secrets, processes=1) as [url],
            httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client,
        ):
            load.print_row(f"{ORDERS:,} orders, ms", "p50", "p95")
            medians = [_measured(client, name, f"{url}/api/v1/merchant/statistics/{path}") for name, path in paths.items()]
    sys.exit(0 if max(medians) <= MOST else 1)


def _measured(client: httpx.Client, name: str, url: str) -> float:
    times = []
    for _ in range(ROUNDS + 3):
        start = time.perf_counter()
        client.get(url).raise_for_status()
        times.append((time.perf_counter() - start) * 1000)
    median = statistics.median(times[3:])
    load.print_row(name, median, statistics.quantiles(times[3:], n=20)[-1])
    return median


if __name__ == "__main__":
    main()
