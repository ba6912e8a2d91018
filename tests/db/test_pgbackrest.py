"""Backups by pgBackRest with deploy/pgbackrest, made, verified and brought back by the commands of docs/operations.md."""

import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from app.db import pools
from tests.conftest import ROOT, environment_for, using
from tests.support.api import Api
from tests.support.documents import Runbook, documented
from tests.support.factories import made, purchase
from tests.support.needed import require
from tests.support.servers import USER, Server, command, new_folder
from tests.support.shops import Shop, numbers_of

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
"""The PostgreSQL of Debian: its pgBackRest knows none that is newer."""
PASSPHRASE = "a passphrase of the test"


def require_pgbackrest() -> None:
    """Skip where pgBackRest or its PostgreSQL is not installed, but not in CI."""
    there = shutil.which("pgbackrest") and PROGRAMS.is_dir()
    require(there, "not installed: apt-get install pgbackrest postgresql-15")


class Backups:
    """A server that archives into a repository, and the section of docs/operations.md about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drill = Server(folder / "drill", PROGRAMS)
        self.primary = Server(folder / "primary", PROGRAMS).init()
        with (self.primary.data / "postgresql.conf").open("a") as file:
            file.write(f"unix_socket_directories = '{folder}'\n")
        for name in ("repository", "spool", "logs", "locks"):
            (folder / name).mkdir()
            if USER:
                shutil.chown(folder / name, USER)
        self._here = {
            "/backup/pgbackrest": str(folder / "repository"),
            "/var/spool/pgbackrest": str(folder / "spool"),
            "/var/log/pgbackrest": str(folder / "logs"),
            "/var/lib/postgresql/15/shop": str(self.primary.data),
            "/var/lib/postgresql/15/drill.log": str(folder / "drill.log"),
            "/var/lib/postgresql/15/drill": str(self.drill.data),
            "/var/run/postgresql": str(folder),
            "/var/lib/prometheus/node-exporter": str(folder / "logs"),
            "/etc/pgbackrest/pgbackrest.conf": str(folder / "pgbackrest.conf"),
            "-p 5433": f"-p {self.drill.port}",
            "127.0.0.1:5433": f"127.0.0.1:{self.drill.port}",
        }
        configuration = self.here((ROOT / "deploy/pgbackrest/pgbackrest.conf").read_text())
        (folder / "pgbackrest.conf").write_text(configuration + f"pg1-port={self.primary.port}\n")

    def here(self, text: str) -> str:
        for there, here in self._here.items():
            text = text.replace(there, here)
        return text

    def start(self) -> None:
        given = documented("archive_command = 'pgbackrest")
        settings = dict(re.findall(r"^(\w+) = '?(.*?)'?$", given, re.MULTILINE))
        self.primary.start(**settings, unix_socket_directories=str(self.folder))

    def stop(self) -> None:
        self.primary.stop()
        with suppress(AssertionError):  # a drill that went well has ended
            command("pg_ctl", "-D", self.drill.data, "-m", "immediate", "stop", programs=PROGRAMS)

    def runbook(self, heading: str, **here: str) -> Runbook:
        environment = {**environment_for(self.drill.uri("shop")), "PYTHONPATH": str(ROOT)}
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        return Runbook(heading, {**here, **self._here, "deploy/": f"{ROOT}/deploy/"}, environment, USER)


@pytest.fixture
def backups(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backups]:
    require_pgbackrest()
    with new_folder() as folder, ExitStack() as stack:
        backups = Backups(folder)
        monkeypatch.setenv("PGBACKREST_CONFIG", str(folder / "pgbackrest.conf"))
        monkeypatch.setenv("PGBACKREST_REPO1_CIPHER_PASS", PASSPHRASE)
        monkeypatch.setenv("PGBACKREST_LOCK_PATH", str(folder / "locks"))
        stack.callback(backups.stop)
        backups.start()
        backups.primary.run("CREATE DATABASE shop")
        yield backups


def test_a_backup_is_made_verified_and_brought_back_to_a_moment(backups):
    book = backups.runbook("Backup")
    book.run("stanza-create")
    book.run("check")
    with ExitStack() as stack:
        shop = Shop(backups.primary, stack)
        shop.place(5)
        for _ in range(3):
            book.run("--type=full")
        shop.place(5)
        book.run("--type=incr")
        shop.place(5)
        ((moment,),) = backups.primary.run("SELECT clock_timestamp()::text")
        shop.place(5)
        backups.primary.run('SET session_replication_role = replica; DELETE FROM "order"', database="shop")
        backups.primary.run("SELECT pg_switch_wal()")
        pools.leave()
    told = book.run("info")
    assert told.count("full backup:") == 2
    assert told.count("incr backup:") == 1
    assert "status: ok" in told
    assert "cipher: aes-256-cbc" in told
    told = book.run("verify")
    assert "status: ok" in told
    assert "status: error" not in told
    book.run("metrics.py", as_ourselves=True)
    figures = (backups.folder / "logs/pgbackrest.prom").read_text()
    assert 'pgbackrest_stanza_status{stanza="shop"} 0\n' in figures
    [at] = re.findall(r'^pgbackrest_last_backup_timestamp_seconds{stanza="shop"} (\d+)$', figures, re.MULTILINE)
    assert int(at) > time.time() - 600
    assert book.left() == []

    drill = backups.runbook("A drill, and the real thing", **{"2026-11-24 19:10:26+00": moment})
    drill.run(" restore")
    drill.run(" start")
    told = drill.run("after-restore", as_ourselves=True)
    assert "15 orders, the newest of" in told
    assert numbers_of(backups.drill) == sorted(shop.placed[:15])
    with using(backups.drill.uri("shop")), Api() as api:
        for number, status in ((shop.placed[17], 201), (shop.placed[17], 200), (shop.placed[3], 200)):
            made(api.platform.post("/orders", purchase(shop.sku["id"], shop.customer.id, order_number=number)), status)
    drill.run(" stop")
    assert drill.left() == []


def test_a_repository_that_rots_is_noticed(backups):
    book = backups.runbook("Backup")
    book.run("stanza-create")
    book.run("--type=full")
    [bundle] = (backups.folder / "repository/backup/shop").glob("*F/bundle/1")
    with bundle.open("r+b") as file:
        file.seek(bundle.stat().st_size // 2)
        file.write(b"rot" * 100)
    assert "status: error" in book.run("verify")
