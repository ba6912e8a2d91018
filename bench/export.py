"""Taking 100,000 orders away as CSV and XLSX: rows per second over HTTP, and the memory that it adds to the service.

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

from bench import data
from bench.load import create_database, postgres, print_row, service, settle

RATES = {"csv": 200_000, "xlsx": 20_000}  # rows per second wanted
MEMORY = 50  # MB


class Memory:
    """What a process holds at most while it is watched, in MB beyond what it held before."""

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


def process_at(url: str) -> int:
    """The id of the process that serves there."""
    port = str(urlsplit(url).port).encode()
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = command.read_bytes().split(b"\0")
            if b"--port" in words and words[words.index(b"--port") + 1] == port:
                return int(command.parent.name)
    raise RuntimeError(f"nobody serves at {url}")


def take(url: str, token: str, file_format: str, **asked: str) -> float:
    """Seconds until the whole file has come."""
    start = time.perf_counter()
    with httpx.stream(
        "GET",
        f"{url}/api/v1/merchant/orders/export",
        params={"format": file_format, **asked},
        headers={"Authorization": f"Bearer {token}"},
        timeout=120,
    ) as answer:
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass
    return time.perf_counter() - start


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
        with service(uri, secrets, processes=1) as (url,):
            print_row("", "rows/s", "MB added")
            for file_format, wanted in RATES.items():
                take(url, token, file_format, status="0")
                memory = Memory(process_at(url))
                with memory.watched():
                    seconds = statistics.median(take(url, token, file_format) for _ in range(options.rounds))
                rate = options.orders / seconds
                print_row(file_format, rate, memory.added)
                if rate < wanted or memory.added > MEMORY:
                    missed.append(f"{file_format}: {wanted} rows/s with {MEMORY} MB were wanted")
    if missed:
        sys.exit("missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
