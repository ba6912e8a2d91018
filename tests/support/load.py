"""Clients at work while something happens to the service."""

import itertools
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx


@dataclass
class Load:
    """Clients that each do one thing after another, until each is acknowledged.

    An answer that does not come is a fault, unless `asks_again`. Each rests for `pause` seconds after what was acknowledged.
    """

    url: str
    asks_again: bool = False
    pause: float = 0
    over: threading.Event = field(default_factory=threading.Event)
    acknowledged: queue.SimpleQueue[tuple[float, str, int]] = field(default_factory=queue.SimpleQueue)
    answers: Counter[int] = field(default_factory=Counter)
    faults: list[object] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, act: Callable[[httpx.Client, str], httpx.Response], name: str) -> None:
        """One more client, which tells its acts apart by names that begin with `name`."""
        self.threads.append(threading.Thread(target=self._repeat, args=(act, name), daemon=True))
        self.threads[-1].start()

    def _repeat(self, act: Callable[[httpx.Client, str], httpx.Response], name: str) -> None:
        with httpx.Client(base_url=self.url, timeout=20) as client:
            for number in itertools.count():
                if self.over.is_set():
                    return
                self._until_acknowledged(lambda key: act(client, key), f"{name}{number}")
                time.sleep(self.pause)

    def _until_acknowledged(self, act: Callable[[str], httpx.Response], key: str) -> None:
        while True:
            try:
                answer = act(key)
            except httpx.TransportError as error:
                if self.asks_again:
                    time.sleep(0.05)
                    continue
                self.faults.append(error)
                return
            self.answers[answer.status_code] += 1
            if answer.is_success:
                self.acknowledged.put((time.monotonic(), key, answer.status_code))
                return
            if answer.json()["code"] not in ("unavailable", "overloaded", "still_running"):
                self.faults.append(answer.text)
                return
            time.sleep(random.uniform(0.02, 0.1))

    def stop(self) -> list[tuple[float, str, int]]:
        """Let each finish what it is at; what was acknowledged, and when."""
        self.over.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive(), "something was never acknowledged"
        return sorted(self.acknowledged.get() for _ in range(self.acknowledged.qsize()))
