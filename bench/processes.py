"""The CPU time that a request takes in the service and in PostgreSQL, and the throughput of several processes, in one run.

python -m bench.processes
"""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

from bench import data
from bench.load import Case, Request, Void, print_row, require_wrk
from bench.servers import cpu_seconds, create_database, execute, postgres, service, settle
from bench.sides import CUSTOMERS, MERCHANTS, SKUS, Ours

CONNECTIONS = 16
CASES: dict[str, Callable[[Ours, int], list[Request]]] = {
    "one order": Ours.one_order,
    "list of 20": Ours.list_of_20,
    "place": Ours.place,
}


def seconds_of(server: int) -> tuple[float, float]:
    """The CPU seconds that our processes and PostgreSQL have used; `server` is the pid of the postmaster."""
    ours = [child for child in psutil.Process().children() if "uvicorn" in " ".join(child.cmdline())]
    theirs = [psutil.Process(server), *psutil.Process(server).children()]
    return sum(map(cpu_seconds, ours)), sum(map(cpu_seconds, theirs))


def _postmaster(uri: str) -> int:
    ((folder,),) = execute(uri, "SHOW data_directory")
    return int(Path(folder, "postmaster.pid").read_text().split()[0])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--orders", type=int, default=200_000)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    given = options.parse_args()
    require_wrk()
    secrets = data.make_secrets()
    with postgres() as server:
        uri = create_database(server, "shops")
        tokens = data.fill(uri, orders=given.orders, merchants=MERCHANTS)
        pid = _postmaster(uri)
        print(f"{given.orders:,} orders, {MERCHANTS} merchants, {SKUS} SKUs, {CUSTOMERS} customers, {CONNECTIONS} connections,")
        print(f"{given.seconds} s each, on {os.cpu_count()} cores; µs of CPU per request\n")
        print_row("", "processes", "per s", "p50 ms", "p99 ms", "service", "PostgreSQL")
        for name, make in CASES.items():
            for processes in given.processes:
                with service(uri, secrets, processes) as urls:
                    side = Ours(uri, urls, tokens, secrets["PLATFORM_SECRET"])
                    settle(uri)
                    case = Case(urls, partial(make, side), supply=20_000 // processes)
                    before = seconds_of(pid)
                    found = case.run(CONNECTIONS, given.seconds)
                    after = seconds_of(pid)
                requests = found.rate * given.seconds
                costs = ((later - sooner) / requests * 1e6 for sooner, later in zip(before, after, strict=True))
                print_row(name, processes, found.rate, found.p50, found.p99, *costs)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Void as void:
        sys.exit(f"void: {void}")
