"""Requests per second and latencies of two installations with half of the merchants each compared to one with all, in one run.

python -m bench.installations

Both have as many orders and as many processes of the service; each installation has a PostgreSQL server of its own.
"""

import argparse
import itertools
import os
import sys
from contextlib import ExitStack

from bench import data
from bench.load import Request, Void, print_row, require_wrk
from bench.servers import create_database, postgres, service
from bench.sides import CONNECTIONS, MERCHANTS, PROCESSES, Ours, Side, measure


class Installations(Side):
    """Several installations as one side: each address in turn is given requests of its own installation."""

    def __init__(self, installations: list[Ours]) -> None:
        self.urls = [url for each in installations for url in each.urls]
        self._installations = installations
        self._turns = itertools.cycle(each for each in installations for _ in each.urls)

    def one_order(self, number: int) -> list[Request]:
        return next(self._turns).one_order(number)

    def list_of_20(self, number: int) -> list[Request]:
        return next(self._turns).list_of_20(number)

    def ship(self, number: int) -> list[Request]:
        return next(self._turns).ship(number)

    def place(self, number: int) -> list[Request]:
        return next(self._turns).place(number)

    def stock_up(self, number: int) -> None:
        for each in self._installations:
            each.stock_up(number // len(self._installations))


def installed(stack: ExitStack, secrets: dict[str, str], orders: int, merchants: int, processes: int) -> Ours:
    """An installation: a server with its orders and merchants, and its processes."""
    uri = create_database(stack.enter_context(postgres()), "shops")
    tokens = data.fill(uri, orders=orders, merchants=merchants)
    urls = stack.enter_context(service(uri, secrets, processes))
    return Ours(uri, urls, tokens, secrets["PLATFORM_SECRET"])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--orders", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=5)
    given = options.parse_args()
    require_wrk()
    with ExitStack() as stack:
        secrets = data.make_secrets()  # the same for all: this process signs with one key
        one = installed(stack, secrets, given.orders, MERCHANTS, PROCESSES)
        halves = [installed(stack, secrets, given.orders // 2, MERCHANTS // 2, PROCESSES // 2) for _ in range(2)]
        print(f"{given.orders:,} orders, {MERCHANTS} merchants and {PROCESSES} processes in all, {CONNECTIONS} connections,")
        print(
            f"on {os.cpu_count()} cores; medians of {given.rounds} alternating rounds of {given.seconds} s; p50 and p99 in ms\n"
        )
        print_row("", "two /s", "p50", "p99", "one /s", "p50", "p99", "ratio")
        for name, found in measure({"two": Installations(halves), "one": one}, given.rounds, given.seconds):
            two, alone = found["two"], found["one"]
            print_row(name, two.rate, two.p50, two.p99, alone.rate, alone.p50, alone.p99, f"{two.rate / alone.rate:.3f}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Void as void:
        sys.exit(f"void: {void}")
