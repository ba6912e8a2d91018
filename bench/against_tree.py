"""Requests per second and latencies of this tree compared to another checkout of it, on one database, in one run.

git worktree add ../before v0.1.0 && python -m bench.against_tree ../before

The other tree must be able to serve this tree's schema.
"""

import argparse
import sys
from pathlib import Path

from bench import data
from bench.load import Void, print_row, require_wrk
from bench.servers import create_database, postgres, service
from bench.sides import CONNECTIONS, MERCHANTS, PROCESSES, Ours, Side, measure


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("other", type=Path, help="the other checkout's folder")
    options.add_argument("--orders", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--connections", type=int, default=CONNECTIONS)
    given = options.parse_args()
    require_wrk()
    secrets = data.make_secrets()
    with postgres() as server:
        uri = create_database(server, "shops")
        tokens = data.fill(uri, orders=given.orders, merchants=MERCHANTS)
        with service(uri, secrets, PROCESSES) as new, service(uri, secrets, PROCESSES, given.other.resolve()) as old:
            sides: dict[str, Side] = {
                name: Ours(uri, urls, tokens, secrets["PLATFORM_SECRET"]) for name, urls in (("this", new), ("other", old))
            }
            counts = f"{given.orders:,} orders, {MERCHANTS} merchants, {PROCESSES} processes each"
            print(f"{counts}, {given.connections} connections;")
            print(f"medians of {given.rounds} alternating rounds of {given.seconds} s; p50 and p99 in ms\n")
            print_row("", "this /s", "p50", "p99", "other /s", "p50", "p99", "ratio")
            for name, found in measure(sides, given.rounds, given.seconds, given.connections):
                this, other = found["this"], found["other"]
                ratio = f"{this.rate / other.rate:.3f}"
                print_row(name, this.rate, this.p50, this.p99, other.rate, other.p50, other.p99, ratio)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Void as void:
        sys.exit(f"void: {void}")
