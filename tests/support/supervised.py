"""The whole service as a container runs it: supervisord with the project's own supervisord.conf, on this machine."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self
from xmlrpc.client import ServerProxy

from supervisor.options import make_namespec
from supervisor.xmlrpc import SupervisorTransport

from tests.conftest import ROOT
from tests.support.servers import free_port
from tests.support.waiting import answers, eventually

SUPERVISORCTL = str(Path(sys.executable).parent / "supervisorctl")


class Supervised:
    """A `python -m app.process.container` in folders of its own; what it says on stdout is kept, line by line."""

    def __init__(self, folder: Path, environment: dict[str, str], **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        places = {name: str(folder / name.lower()) for name in ("DATA_DIR", "LOG_DIR", "RUN_DIR")}
        self.environment = {**environment, **places, "PORT": str(self.port), **settings}
        self.said: list[str] = []

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "app.process.container"]
        options = {"cwd": ROOT, "env": self.environment, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen(command, **options)
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        with ExitStack() as stack:
            stack.callback(self.process.wait, 60)
            self.process.terminate()

    def control(self, *words: str) -> str:
        """What `supervisorctl` answers, in the service's folder, told nothing but the environment."""
        return subprocess.run(
            [SUPERVISORCTL, *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60
        ).stdout

    def status(self) -> dict[str, str]:
        """The state of each program, by the name that `supervisorctl` gives it."""
        return {name: str(program["statename"]) for name, program in self._programs().items()}

    def pid(self, program: str) -> int:
        return int(self._programs()[program]["pid"])

    def _programs(self) -> dict[str, dict[str, Any]]:
        """What supervisord says of each, {} before it listens; `supervisorctl` would take a quarter of a second to ask."""
        transport = SupervisorTransport(serverurl=f"unix://{self.environment['RUN_DIR']}/supervisor.sock")
        with ServerProxy("http://supervisor", transport=transport) as supervisord, suppress(OSError):
            found: Any = supervisord.supervisor.getAllProcessInfo()
            return {make_namespec(each["group"], each["name"]): each for each in found}
        return {}

    def wait_for(self, *programs: str) -> None:
        """Until these are RUNNING, and the API answers."""
        self.eventually(lambda: [self.status().get(program) for program in programs] == ["RUNNING"] * len(programs))
        self.eventually(lambda: answers(f"{self.url}/readyz"))

    def eventually(self, happened: Callable[[], Any], seconds: float = 40) -> None:
        """Wait until it has happened; what was said by then is told when it never does."""
        eventually(happened, seconds, told=lambda: "".join(self.said))

    def wait_for_line(self, pattern: str) -> str:
        """The first line on stdout that has the pattern."""
        found: list[str] = []
        self.eventually(lambda: found.extend(line for line in tuple(self.said) if re.search(pattern, line)) or found)
        return found[0]

    def stop(self, seconds: float = 60) -> int:
        """The exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        self.said.extend(self.process.stdout)
