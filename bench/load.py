"""Load by wrk: requests, rounds of them against a service, and the figures that come out."""

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

SEPARATOR = b"\1"  # between two requests, for wrk.lua


class Void(Exception):
    """A run whose figures mean nothing because requests failed."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    def raw(self) -> bytes:
        """The bytes on the wire."""
        headers = {"Host": "bench", **self.headers}
        if self.body:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(self.body))}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body

    def answer(self, url: str) -> bytes:
        """The body of the answer to one request; raises Void when it is refused."""
        headers = {**self.headers, **({"Content-Type": "application/json"} if self.body else {})}
        answer = httpx.request(self.method, url + self.path, headers=headers, content=self.body, timeout=30)
        if not answer.is_success:
            raise Void(f"{self.method} {self.path} answers {answer.status_code}: {answer.text[:300]}")
        return answer.content


@dataclass(frozen=True, slots=True)
class Figures:
    """Requests per second, and latency in milliseconds."""

    rate: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request to one service. `make(n)` gives `n` requests; those that change something are new each time."""

    urls: list[str]
    make: Callable[[int], list[Request]]
    supply: int = 1_000
    rounds: list[Figures] = field(default_factory=list)

    def run(self, connections: int, seconds: int) -> Figures:
        """Load all processes of the service at once, each with its share of the connections; raises Void."""
        share = connections // len(self.urls)
        with tempfile.TemporaryDirectory() as directory:
            runs = []
            for number, url in enumerate(self.urls):
                file = Path(directory, str(number))
                file.write_bytes(SEPARATOR.join(request.raw() for request in self.make(self.supply)))
                command = [
                    "wrk",
                    "-t1",
                    f"-c{share}",
                    f"-d{seconds}s",
                    "--timeout",
                    "10s",
                    "-s",
                    str(Path(__file__).with_name("wrk.lua")),
                    url,
                    "--",
                    str(file),
                ]
                runs.append(command)
            started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in runs]
            return _figures([process.communicate()[0] for process in started])


def alternate(cases: dict[str, Case], *, rounds: int, seconds: int, connections: int) -> dict[str, Figures]:
    """Run the cases in turns after a short warm-up; the median of each."""
    for length in [1, *[seconds] * rounds]:
        for name, case in cases.items():
            try:
                case.rounds.append(case.run(connections, length))
            except Void as void:
                raise Void(f"{name}: {void}") from None
    return {name: _median(case.rounds[1:]) for name, case in cases.items()}


def require_wrk() -> None:
    """Leave with status 2 when wrk is not installed."""
    if shutil.which("wrk") is None:
        print("wrk is not installed: apt-get install wrk", file=sys.stderr)
        sys.exit(2)


def print_row(*cells: object) -> None:
    """Print one line of a table."""
    first, *others = (f"{cell:,.1f}" if isinstance(cell, float) else str(cell) for cell in cells)
    print(f"{first:<34}" + "".join(f"{cell:>12}" for cell in others), flush=True)


def _figures(outputs: list[str]) -> Figures:
    rate, latencies = 0.0, Counter[float]()
    for output in outputs:
        lines = [line.split("\t") for line in output.splitlines()]
        requests, duration, refused, broken = next(
            [float(part) for part in line[1:]] for line in lines if line[0] == "measured"
        )
        if refused or broken:
            raise Void(f"{refused:.0f} answers were errors and {broken:.0f} never came, of {requests:.0f}")
        rate += requests / duration * 1e6
        latencies.update({float(line[1]): int(float(line[2])) for line in lines if line[0] == "latency"})
    return Figures(rate, *(_percentile(latencies, share) / 1000 for share in (0.5, 0.99)))


def _percentile(latencies: Counter[float], share: float) -> float:
    left = share * latencies.total()
    for value in sorted(latencies):
        left -= latencies[value]
        if left <= 0:
            return value
    raise Void("nothing was answered")


def _median(rounds: list[Figures]) -> Figures:
    return Figures(*(statistics.median(getattr(figures, name) for figures in rounds) for name in ("rate", "p50", "p99")))
