"""Whether reads stay as fast when the tables grow: the same requests over few orders and over many, in one run.

python -m bench.scale
python -m bench.scale --only "tickets|by number"
"""

import argparse
import contextlib
import functools
import re
import statistics
import sys
from collections.abc import Iterator

import orjson

from bench import data
from bench.load import Case, Void, alternate, print_row, require_wrk
from bench.scale_cases import CASES, FIND_NOTHING, MERCHANTS, Make, Shops
from bench.servers import create_database, postgres, service

CONNECTIONS = 8
GOAL = 1.2
TRIED = 3  # requests of each case, before it is measured


@contextlib.contextmanager
def shops(server: str, secrets: dict[str, str], orders: int) -> Iterator[Shops]:
    uri = create_database(server, f"with_{orders}")
    tokens = data.fill(uri, orders=orders, merchants=MERCHANTS)
    with service(uri, secrets) as urls:
        yield Shops(uri, urls, tokens, data.staff(uri), orders)


def check(asked: dict[str, Make], few: Shops, many: Shops) -> None:
    """Check that the same requests find something, and as much of few orders as of many."""
    for name, make in asked.items():
        small, large = (
            statistics.mean(_found(each.answer(over.urls[0])) for each in make(over, TRIED)) for over in (few, many)
        )
        assert small or name in FIND_NOTHING, f"{name}: nothing is found"
        assert abs(small - large) <= 3, f"{name}: {small} rows of few orders, {large} of many"


def _found(body: bytes) -> int:
    """How many rows an answer shows; one where it is no list."""
    answer = orjson.loads(body)
    return len(answer["items"]) if "items" in answer else 1


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--few", type=int, default=10_000)
    options.add_argument("--many", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--only", type=re.compile, default="", help="the cases with a part that matches this expression")
    given = options.parse_args()
    require_wrk()
    asked = {name: make for name, make in CASES.items() if re.search(given.only, name)}
    secrets = data.make_secrets()
    reached = True
    with postgres() as server, shops(server, secrets, given.few) as few, shops(server, secrets, given.many) as many:
        check(asked, few, many)
        print(f"{MERCHANTS} merchants, 2 processes, {CONNECTIONS} connections;")
        print(f"medians of {given.rounds} alternating rounds of {given.seconds} s; p50 and p99 in ms\n")
        print_row("", f"{given.few:,}", "p50", "p99", f"{given.many:,}", "p50", "p99", "slower by", f"≤ {GOAL}×")
        for name, make in asked.items():
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
