"""Somebody else, who has nothing to do with a crowd and wants to be answered meanwhile."""

import threading
import time
from collections import Counter
from typing import Self

import httpx

from tests.support.api import Caller
from tests.support.processes import Process

SOON = 1.0  # seconds


class Bystander(threading.Thread):
    """Reads its orders all the time; meanwhile the memory of the process is looked at."""

    def __init__(self, process: Process, merchant: Caller) -> None:
        super().__init__(daemon=True)
        self.process, self.merchant = process, merchant
        self.before, self.most = 0, 0
        self.took: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.over = threading.Event()

    def __enter__(self) -> Self:
        with httpx.Client(base_url=self.process.url, timeout=30) as client:
            for _ in range(20):
                Caller(client, "merchant", self.merchant.token).get("/orders")
        self.before = self.process.memory()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.over.set()
        self.join(30)

    def run(self) -> None:
        with httpx.Client(base_url=self.process.url, timeout=30) as client:
            caller = Caller(client, "merchant", self.merchant.token)
            while not self.over.wait(0.1) or len(self.took) < 5:
                began = time.monotonic()
                self.statuses[caller.get("/orders").status_code] += 1
                self.took.append(time.monotonic() - began)
                self.most = max(self.most, self.process.memory())

    def assert_unmoved(self, memory: int, *, also: frozenset[int] = frozenset()) -> None:
        """All was answered, nineteen of twenty within a second, and no more memory was taken.

        `also` are the statuses beside 200 that it may be answered, while the database is away.
        """
        assert self.statuses[200]
        assert set(self.statuses) <= {200} | also
        assert sorted(self.took)[int(0.95 * len(self.took))] < SOON
        assert self.most - self.before < memory
