"""Orders placed and shipped per second with an Idempotency-Key each, compared to those without, on one service in one run.

python -m bench.keyed
"""

import argparse
import itertools
import sys
from dataclasses import replace

from bench import data
from bench.load import Case, Request, Void, alternate, print_row, require_wrk
from bench.servers import create_database, postgres, service
from bench.sides import MERCHANTS, PER_SECOND, PROCESSES, Ours

CLIENTS = (8, 64)


class Keyed(Ours):
    """Our service, each of whose changes is sent with a key of its own."""

    _keys = itertools.count()

    def ship(self, number: int) -> list[Request]:
        return [self._with_key(request) for request in super().ship(number)]

    def place(self, number: int) -> list[Request]:  # type: ignore[override]
        return [self._with_key(request) for request in super().place(number)]

    def _with_key(self, request: Request) -> Request:
        return replace(request, headers={**request.headers, "Idempotency-Key": f"bench-{next(self._keys)}"})


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--orders", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=3)
    given = options.parse_args()
    require_wrk()
    secrets = data.make_secrets()
    supply = PER_SECOND * given.seconds
    with postgres() as server:
        uri = create_database(server, "shops")
        tokens = data.fill(uri, orders=given.orders, merchants=MERCHANTS)
        with service(uri, secrets, PROCESSES) as urls:
            sides = {kind.__name__: kind(uri, urls, tokens, secrets["PLATFORM_SECRET"]) for kind in (Ours, Keyed)}
            print(f"{given.orders:,} orders, {PROCESSES} processes;")
            print(f"medians of {given.rounds} alternating rounds of {given.seconds} s; p50 and p99 in ms\n")
            print_row("", "clients", "keyed /s", "p50", "p99", "without /s", "p50", "p99", "ratio")
            for name in ("place", "ship"):
                for clients in CLIENTS:
                    if name == "ship":
                        sides["Ours"].stock_up(2 * supply * PROCESSES * (given.rounds + 1))
                    cases = {who: Case(urls, getattr(side, name), supply) for who, side in sides.items()}
                    found = alternate(cases, rounds=given.rounds, seconds=given.seconds, connections=clients)
                    keyed, plain = found["Keyed"], found["Ours"]
                    ratio = f"{keyed.rate / plain.rate:.2f}"
                    print_row(name, clients, keyed.rate, keyed.p50, keyed.p99, plain.rate, plain.p50, plain.p99, ratio)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Void as void:
        sys.exit(f"void: {void}")
