"""Three machines with the files of deploy/patroni: two with Patroni and PostgreSQL, one that breaks the tie, all with etcd.

They are processes of this machine, on ports of loopback or each in a network of its own, which can be cut.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg2

from tests.support import asking
from tests.support.haproxy import HAPROXY
from tests.support.needed import require
from tests.support.networks import Networks
from tests.support.patroni_machine import FILES, PASSWORD, Machine
from tests.support.servers import USER, free_port, new_folder
from tests.support.waiting import eventually

NAMES = ("db1", "db2", "witness")
FOLLOWS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync'"
PLACE = re.compile(r"\b(db1|db2|witness):(\d+)\b")
PROGRAMS = {"patroni": "patroni", "etcd": "etcd-server", "etcdctl": "etcd-client", "psql": "postgresql-client"}
ETCD_OF_PATRONI = Path("/usr/lib/python3/dist-packages/etcd")


def require_patroni() -> None:
    """Skip where Patroni or etcd is not installed, but not in CI."""
    missing = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    missing |= set() if HAPROXY else {"haproxy"}
    missing |= set() if ETCD_OF_PATRONI.exists() else {"python3-etcd"}
    require(not missing, f"not installed: apt-get install {' '.join(sorted(missing))}")


class Cluster:
    """The three machines, and what may be asked of them together."""

    def __init__(self, folder: Path, networks: Networks | None) -> None:
        self.folder = folder
        self.machines = {
            name: Machine(name, folder, networks.add(name) if networks else None, self.with_addresses) for name in NAMES
        }
        self.databases = [self.machines["db1"], self.machines["db2"]]

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
        return asking.run(self.leader().uri.removesuffix("postgres") + database, statement, values or None)

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
