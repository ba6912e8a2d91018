"""Real processes of ours whose log the tests read."""

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import psutil

from app.process.serve import KEEP_ALIVE
from tests import ROOT
from tests.support.forking import Forked
from tests.support.servers import free_port
from tests.support.waiting import answers, eventually

Started = Forked | subprocess.Popen[bytes]
READ_BEFORE = {"LD_PRELOAD", "PROMETHEUS_MULTIPROC_DIR"}  # by what a forked program has loaded: with these it is not forked


class Process:
    """A running process; what it wrote, as text and as lines."""

    def __init__(self, process: Started, output: Path) -> None:
        self.process = process
        self._output = output
        self.url = ""

    def text(self) -> str:
        return self._output.read_text()

    def lines(self, **wanted: Any) -> list[dict[str, Any]]:
        """Its whole lines, every one of them JSON, that have the wanted fields; one may just be written."""
        whole, _, _ = self.text().rpartition("\n")
        lines = [orjson.loads(line) for line in whole.splitlines()]
        return [line for line in lines if wanted.items() <= line.items()]

    def line(self, **wanted: Any) -> dict[str, Any]:
        """The one such line, waited for."""
        eventually(lambda: self.lines(**wanted))
        [line] = self.lines(**wanted)
        return line

    def memory(self) -> int:
        """Bytes that it and its children hold."""
        own = psutil.Process(self.process.pid)
        found = 0
        for each in [own, *own.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                found += each.memory_info().rss
        return found

    def connections(self) -> int:
        """How many clients are connected."""
        port = urlsplit(self.url).port
        return sum(
            each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port
            for each in psutil.Process(self.process.pid).net_connections("tcp")
        )

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def running(environment: dict[str, str], *command: str, folder: Path = ROOT) -> Iterator[Process]:
    """`python -m command` of the code in `folder`, its output in a file."""
    with tempfile.NamedTemporaryFile() as output:
        process = _started(environment, command, folder, output.fileno())
        try:
            yield Process(process, Path(output.name))
        finally:
            process.terminate()
            process.wait(20)


def _started(environment: dict[str, str], command: tuple[str, ...], folder: Path, output: int) -> Started:
    if folder == ROOT and READ_BEFORE.isdisjoint(environment):
        return Forked(command, environment, output, output, ROOT)
    return subprocess.Popen([sys.executable, "-m", *command], cwd=folder, env=environment, stdout=output, stderr=output)


@contextmanager
def service(environment: dict[str, str], *options: str, folder: Path = ROOT) -> Iterator[Process]:
    """A plain `uvicorn app.main:app` of the code in `folder`, ready to be asked.

    As in production, it is the client that ends an idle connection: were it the server, a request could just be on its way.
    """
    given = ("--port", "0", "--timeout-keep-alive", str(KEEP_ALIVE), *options)
    with running(environment, "uvicorn", "app.main:app", *given, folder=folder) as found:
        eventually(lambda: "running on http" in found.text() or found.process.poll() is not None, 30)
        url = re.search(r"running on (http://[\d.:]+)", found.text())
        assert url, found.text()
        found.url = url[1]
        eventually(lambda: answers(found.url + "/readyz"))
        yield found


@contextmanager
def deployed(environment: dict[str, str], *, program: str = "app.process.serve") -> Iterator[Process]:
    """An API process as it is deployed, ready to be asked."""
    port = str(free_port())
    with running({**environment, "PORT": port}, program) as found:
        found.url = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(found.url + "/readyz"), 30, told=found.text)
        yield found


def finished(environment: dict[str, str], *command: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """What came of `python -m command`, run in `folder`; it gets five minutes."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = Forked(command, environment, output.fileno(), errors.fileno(), folder)
        try:
            status = process.wait(300)
        finally:
            process.kill()
        for each in (output, errors):
            each.seek(0)
        return subprocess.CompletedProcess(command, status, output.read(), errors.read())
