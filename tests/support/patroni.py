"""Three machines with the files of deploy/patroni: two with Patroni and PostgreSQL, one that breaks the tie, all with etcd.

They are processes of this machine, on ports of loopback or each in a network of its own, which can be cut.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg2
import pytest

from tests.conftest import ROOT
from tests.support.haproxy import HAPROXY
from tests.support.networks import Network, Networks
from tests.support.servers import BIN, USER, free_port, new_folder
from tests.support.waiting import eventually

FILES = ROOT / "deploy/patroni"
NAMES = ("db1", "db2", "witness")
PASSWORD = "of-the-test"
FOLLOWS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync'"
PLACE = re.compile(r"\b(db1|db2|witness):(\d+)\b")
PROGRAMS = {"patroni": "patroni", "patronictl": "patroni", "etcd": "etcd-server", "etcdctl": "etcd-client"}
ETCD_OF_PATRONI = Path("/usr/lib/python3/dist-packages/etcd")


def require_patroni() -> None:
    """Skip where Patroni or etcd is not installed, but not in CI."""
    missing = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    missing |= set() if HAPROXY else {"haproxy"}
    missing |= set() if ETCD_OF_PATRONI.exists() else {"python3-etcd"}
    if missing:
        why = f"NOT RUN: not installed: apt-get install {' '.join(sorted(missing))}"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)


class Machine:
    """One of the three: its files, its processes, and where the others find it."""

    def __init__(self, name: str, folder: Path, cluster: "Cluster", network: Network | None) -> None:
        self.name = name
        self.network = network
        self.data = folder / name / "data"
        self._folder = folder / name
        self._cluster = cluster
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._folder.mkdir(mode=0o700)
        self.host = network.address if network else "127.0.0.1"
        self.ports = {port: port if network else free_port() for port in (5432, 8008, 2379, 2380)}

    @property
    def uri(self) -> str:
        """Its PostgreSQL's, for the superuser."""
        return f"postgresql://postgres:{PASSWORD}@{self.host}:{self.ports[5432]}/postgres"

    def start(self) -> None:
        """Start what is not running."""
        of_etcd = _variables(self._cluster.adapted("etcd", self))
        self._start("etcd", "etcd", **of_etcd, ETCD_DATA_DIR=str(self._folder / "etcd"))
        if self.name != "witness":
            self._start("patroni", "patroni", str(self.configuration()), **_variables(self.environment_file().read_text()))

    def environment_file(self) -> Path:
        """Its /etc/patroni_env.conf."""
        file = self._folder / "patroni_env.conf"
        file.write_text(self._cluster.adapted("patroni_env.conf", self).replace("…", PASSWORD))
        return file

    def configuration(self) -> Path:
        """Its /etc/patroni/config.yml."""
        text = self._cluster.adapted("patroni.yml", self)
        there = {
            "/usr/lib/postgresql/15/bin": BIN,
            "/var/lib/postgresql/15/shop": self.data,
            "/var/lib/postgresql/shop.pgpass": self._folder / "pgpass",
            "/var/run/postgresql": self._folder,
        }
        for documented, here in there.items():
            assert documented in text
            text = text.replace(documented, str(here))
        file = self._folder / "config.yml"
        file.write_text(text)
        return file

    def kill(self) -> None:
        """End everything on it at once, as when its power fails."""
        for process in self._all():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)  # so that none sees another end
        for process in self._all():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._reap()

    def kill_database(self) -> None:
        """End PostgreSQL at once; Patroni sees that."""
        for process in self._database():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def stand_still(self) -> None:
        """Patroni and PostgreSQL do nothing any more, and are connected to as before; etcd goes on."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        self._send(signal.SIGCONT)

    def cut(self) -> None:
        """Nothing comes in and nothing goes out, and nobody is told."""
        assert self.network is not None
        self.network.cut()

    def heal(self) -> None:
        assert self.network is not None
        self.network.heal()

    def leads(self) -> bool:
        """Whether it says so, as HAProxy asks it."""
        try:
            return httpx.get(f"http://{self.host}:{self.ports[8008]}/primary", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def log(self) -> str:
        files = sorted(self._folder.glob("*.log"))
        return "\n".join(f"--- {self.name} {file.name}\n{file.read_text(errors='replace')[-4000:]}" for file in files)

    def _start(self, name: str, *command: str, **environment: str) -> None:
        running = self._processes.get(name)
        if running is not None and running.poll() is None:
            return
        inside = self.network.enter(USER) if self.network else []
        log = (self._folder / f"{name}.log").open("ab")
        self._processes[name] = subprocess.Popen(
            [*inside, *command],
            stdout=log,
            stderr=log,
            user=None if inside else USER,
            cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder), "LC_ALL": "C.UTF-8", **environment},
            start_new_session=True,
        )
        log.close()

    def _send(self, number: signal.Signals) -> None:
        for process in [psutil.Process(self._processes["patroni"].pid), *self._database()]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _database(self) -> list[psutil.Process]:
        """All that works in its data directory, also what Patroni has lost sight of."""
        found = [each for each in psutil.process_iter(["cmdline"]) if str(self.data) in (each.info["cmdline"] or ())]
        for each in list(found):
            with suppress(psutil.NoSuchProcess):
                found += each.children(recursive=True)
        return found

    def _all(self) -> list[psutil.Process]:
        ours = [psutil.Process(process.pid) for process in self._processes.values() if process.poll() is None]
        return ours + [child for each in ours for child in each.children(recursive=True)] + self._database()

    def _reap(self) -> None:
        for process in self._processes.values():
            process.wait(10)


class Cluster:
    """The three machines, and what may be asked of them together."""

    def __init__(self, folder: Path, networks: Networks | None) -> None:
        self.folder = folder
        self.machines = {name: Machine(name, folder, self, networks.add(name) if networks else None) for name in NAMES}
        self.databases = [self.machines["db1"], self.machines["db2"]]

    def adapted(self, file: str, machine: Machine) -> str:
        """The text of a file of deploy/patroni, with the addresses of this test."""
        text = (FILES / file).read_text().replace("HOST", machine.name)
        text = re.sub(r"\b0\.0\.0\.0:(\d+)", lambda found: f"{machine.host}:{machine.ports[int(found[1])]}", text)
        return self.with_addresses(text)

    def with_addresses(self, text: str) -> str:
        """The text with `db1:5432` and the like as they are reached here."""
        return PLACE.sub(lambda found: self._address(found[1], int(found[2])), text)

    def haproxy(self) -> tuple[str, int]:
        """The configuration of HAProxy, and the port where it leads to the leader."""
        port = free_port()
        text = (FILES / "haproxy.cfg").read_text().replace("127.0.0.1:5000", f"127.0.0.1:{port}")
        checked = re.sub(r"(server (db\d) .* port) (\d+)", lambda found: f"{found[1]} {self._port(found[2], 8008)}", text)
        assert checked != text or self.machines["db1"].network
        return self.with_addresses(checked), port

    def start(self) -> None:
        """Start all of them; back when one leads, and the other one has all that it has."""
        for machine in self.machines.values():
            machine.start()
        eventually(self.is_whole, 90, told=self.log)

    def members(self) -> dict[str, dict[str, Any]]:
        """What Patroni says of its machines, by name: role, state, timeline, lag."""
        for machine in self.databases:
            with suppress(httpx.TransportError, ValueError):
                answer = httpx.get(f"http://{machine.host}:{machine.ports[8008]}/cluster", timeout=2)
                return {member["name"]: member for member in answer.json()["members"]}
        return {}

    def is_whole(self) -> bool:
        """Whether Patroni says so, and the standby really follows."""
        if {member["role"] for member in self.members().values()} != {"leader", "sync_standby"}:
            return False
        with suppress(psycopg2.OperationalError):
            return self.run(FOLLOWS, database="postgres") == [(1,)]
        return False

    def leader(self) -> Machine:
        """The one that leads, waited for."""
        return next(iter(eventually(lambda: [each for each in self.databases if each.leads()], 60, told=self.log)))

    def other(self, machine: Machine) -> Machine:
        return next(each for each in self.databases if each is not machine)

    def uri(self, user: str, password: str) -> str:
        """One connection string for whichever of the two leads."""
        places = ",".join(self._address(machine.name, 5432) for machine in self.databases)
        return f"postgresql://{user}:{password}@{places}/shop"

    def run(self, statement: str, *values: object, database: str = "shop") -> list[Any]:
        """Run SQL at the leader."""
        connection = psycopg2.connect(self.leader().uri.removesuffix("postgres") + database)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def log(self) -> str:
        return "\n".join(machine.log() for machine in self.machines.values())

    def stop(self) -> None:
        for machine in self.machines.values():
            machine.kill()

    def _address(self, name: str, port: int) -> str:
        return f"{self.machines[name].host}:{self._port(name, port)}"

    def _port(self, name: str, port: int) -> int:
        return self.machines[name].ports[port]


@contextmanager
def cluster(*, in_networks: bool = False) -> Iterator[Cluster]:
    """The machines at work; with `in_networks` each is in a network of its own."""
    with new_folder() as folder, ExitStack() as stack:
        networks = stack.enter_context(Networks()) if in_networks else None
        made = Cluster(folder, networks)
        if USER:
            for machine in made.machines.values():
                shutil.chown(machine.data.parent, USER)
        stack.callback(made.stop)
        made.start()
        yield made


@contextmanager
def in_front_of(made: Cluster) -> Iterator[int]:
    """HAProxy with deploy/patroni/haproxy.cfg; the port where it leads to whichever machine leads."""
    assert HAPROXY is not None
    text, port = made.haproxy()
    file = made.folder / "haproxy.cfg"
    file.write_text(text)
    process = subprocess.Popen([HAPROXY, "-q", "-f", str(file)])
    try:
        eventually(partial(_leads, port), 20)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _leads(port: int) -> bool:
    try:
        psycopg2.connect(f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/postgres").close()
    except psycopg2.OperationalError:
        time.sleep(0.2)
        return False
    return True


def _variables(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
