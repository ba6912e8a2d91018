"""Orders per second when all clients buy one SKU, compared to as many clients that buy 200 SKUs, in one run.

The baseline is one client for each process, where no two orders are placed in one batch.

    python -m bench.flash_sale
"""

import argparse
import sys
from functools import partial

from bench import data
from bench.load import Case, Void, alternate, print_row, require_wrk
from bench.servers import create_database, execute, postgres, service, settle
from bench.sides import MERCHANTS, PROCESSES, Ours

CLIENTS = (PROCESSES, 8, 64, 256)
SUPPLY = 5_000  # requests for each process and second


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=3)
    given = options.parse_args()
    require_wrk()
    secrets = data.make_secrets()
    supply = SUPPLY * given.seconds
    with postgres() as server:
        uri = create_database(server, "shops")
        tokens = data.fill(uri, orders=10_000, merchants=MERCHANTS)
        execute(uri, "UPDATE sku SET stock = 2000000000")
        settle(uri)
        with service(uri, secrets, PROCESSES) as urls:
            side = Ours(uri, urls, tokens, secrets["PLATFORM_SECRET"])
            print(f"{PROCESSES} processes; medians of {given.rounds} rounds of {given.seconds} s\n")
            print_row("", "clients", "per s", "p50 ms", "p99 ms", "ratio")
            for name, skus in (("place, 1 SKU", 1), ("place, 200 SKUs", 200)):
                make = partial(side.place, skus=skus)
                alone = None
                for clients in CLIENTS:
                    case = Case(urls, make, supply)
                    found = alternate({name: case}, rounds=given.rounds, seconds=given.seconds, connections=clients)[name]
                    alone = alone or found.rate
                    print_row(name, clients, found.rate, found.p50, found.p99, found.rate / alone)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Void as void:
        sys.exit(f"void: {void}")
