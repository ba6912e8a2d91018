"""A machine of a test with the files of deploy/patroni: etcd, and Patroni with its PostgreSQL, that may fail in many ways."""

import os
import re
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from tests.conftest import ROOT
from tests.support.networks import Network
from tests.support.servers import BIN, USER, free_port

FILES = ROOT / "deploy/patroni"
PASSWORD = "of-the-test"


class Machine:
    """Its files, its processes, and where the others find it; `placed` puts the others' addresses into a text."""

    def __init__(self, name: str, folder: Path, network: Network | None, placed: Callable[[str], str]) -> None:
        self.name = name
        self.network = network
        self.data = folder / name / "data"
        self._folder = folder / name
        self._placed = placed
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
        of_etcd = _variables(self._adapted("etcd"))
        self._start("etcd", "etcd", **of_etcd, ETCD_DATA_DIR=str(self._folder / "etcd"))
        if self.name != "witness":
            self._start("patroni", "patroni", str(self.configuration()), **_variables(self.environment_file().read_text()))

    def environment_file(self) -> Path:
        """Its /etc/patroni_env.conf."""
        file = self._folder / "patroni_env.conf"
        file.write_text(self._adapted("patroni_env.conf").replace("…", PASSWORD))
        return file

    def configuration(self) -> Path:
        """Its /etc/patroni/config.yml."""
        text = self._adapted("patroni.yml")
        there = {
            "/usr/lib/postgresql/15/bin": BIN,
            "/var/lib/postgresql/15/shop": self.data,
            "/var/lib/postgresql/shop.pgpass": self._folder / "pgpass",
            "/var/run/postgresql": self._folder,
            "\n  parameters:\n": "\n  parameters:\n    dynamic_shared_memory_type: mmap\n",
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

    def _adapted(self, file: str) -> str:
        """The text of a file of deploy/patroni, with the addresses of this test."""
        text = (FILES / file).read_text().replace("HOST", self.name)
        return self._placed(re.sub(r"\b0\.0\.0\.0:(\d+)", lambda found: f"{self.host}:{self.ports[int(found[1])]}", text))

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


def _variables(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
