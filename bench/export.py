"""Exporting 100,000 orders as CSV and XLSX: rows per second over HTTP, memory, and CPU time.

It shows the memory that an export adds to the service, and the CPU seconds that the service and PostgreSQL spend on one file,
which say more than the rate on a shared machine. The first line is a bare COPY of the table, the upper bound of any export.

python -m bench.export
"""

import argparse
import contextlib
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg2

from bench import data
from bench.load import print_row
from bench.servers import cpu_seconds, create_database, execute, postgres, service, settle

RATES = {"csv": 200_000, "xlsx": 20_000}  # rows per second wanted
MEMORY = 50  # MB


class Memory:
    """The peak of a process's memory while it is watched, in MB above what it held before."""

    def __init__(self, pid: int) -> None:
        self._status = Path("/proc", str(pid), "status")
        self.added = 0.0

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        before, done = self._held(), threading.Event()

        def watch() -> None:
            while not done.wait(0.005):
                self.added = max(self.added, self._held() - before)

        watcher = threading.Thread(target=watch)
        watcher.start()
        yield
        done.set()
        watcher.join()

    def _held(self) -> float:
        return int(self._status.read_text().split("VmRSS:")[1].split()[0]) / 1024


class Processor:
    """The CPU seconds that a service and its PostgreSQL backends have spent."""

    def __init__(self, pid: int, uri: str) -> None:
        backends = execute(uri, "SELECT pid FROM pg_stat_activity WHERE application_name = 'meta_be'")
        self._service = psutil.Process(pid)
        self._backends = [psutil.Process(backend) for (backend,) in backends]

    def spent(self) -> tuple[float, float]:
        return cpu_seconds(self._service), sum(map(cpu_seconds, self._backends))


def process_at(url: str) -> int:
    """The pid of the process that serves at `url`."""
    port = str(urlsplit(url).port).encode()
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = command.read_bytes().split(b"\0")
            if b"--port" in words and words[words.index(b"--port") + 1] == port:
                return int(command.parent.name)
    raise RuntimeError(f"nobody serves at {url}")


def take(client: httpx.Client, file_format: str, **asked: str) -> float:
    """The seconds until the whole file has arrived."""
    start = time.perf_counter()
    with client.stream("GET", "/api/v1/merchant/orders/export", params={"format": file_format, **asked}) as answer:
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass
    return time.perf_counter() - start


def copy_bare(uri: str) -> float:
    """The seconds of a COPY of the whole table to /dev/null."""
    connection = psycopg2.connect(uri)
    try:
        with connection.cursor() as cursor, Path("/dev/null").open("wb") as nowhere:
            start = time.perf_counter()
            cursor.copy_expert('COPY "order" TO STDOUT (FORMAT csv)', nowhere)
            return time.perf_counter() - start
    finally:
        connection.close()


def _client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    secrets = data.make_secrets()
    missed = []
    with postgres() as server:
        uri = create_database(server, "export")
        token = data.fill(uri, orders=options.orders, merchants=1)[1]
        settle(uri)
        print_row("", "rows/s", "MB added", "service CPU", "database CPU")
        print_row("bare COPY", options.orders / statistics.median(copy_bare(uri) for _ in range(options.rounds)))
        with service(uri, secrets, processes=1) as (url,), _client(url, token) as client:
            for file_format, wanted in RATES.items():
                take(client, file_format, status="0")
                memory, processor = Memory(process_at(url)), Processor(process_at(url), uri)
                before = processor.spent()
                with memory.watched():
                    seconds = statistics.median(take(client, file_format) for _ in range(options.rounds))
                spent = [(now - then) / options.rounds for then, now in zip(before, processor.spent(), strict=True)]
                rate = options.orders / seconds
                print_row(file_format, rate, memory.added, *(f"{each:.2f} s" for each in spent))
                if rate < wanted or memory.added > MEMORY:
                    missed.append(f"{file_format}: {wanted} rows/s with {MEMORY} MB were wanted")
    if missed:
        sys.exit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
