"""Programs of ours, started at half the cost: forked from a process that has imported what they need of others."""

import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests import ROOT
from tests.support import sharing
from tests.support.fork_server import WORD


class Forked:
    """`python -m command` of this repository, run in `folder`, as `subprocess.Popen` would start it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], output: int, errors: int, folder: Path) -> None:
        sys.audit("subprocess.Popen", sys.executable, [sys.executable, "-m", *command], str(folder), environment)
        self.args = command
        self.returncode: int | None = None
        self._answers, theirs = socket.socketpair()
        with theirs:
            request = json.dumps([command, dict(environment), str(folder)]).encode()
            socket.send_fds(_server(), [request], [theirs.fileno(), output, errors])
        self.pid = self._answer()

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative for a signal; raises `subprocess.TimeoutExpired` after so many seconds."""
        ended = select.poll()  # takes a file of any number, unlike `select.select`
        ended.register(self._answers, select.POLLIN)
        if not ended.poll(None if timeout is None else timeout * 1000):
            raise subprocess.TimeoutExpired(list(self.args), timeout or 0)
        self.returncode = os.waitstatus_to_exitcode(self._answer(socket.MSG_PEEK))
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # its end is not told yet
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _answer(self, how: int = 0) -> int:
        answer = self._answers.recv(WORD, how)
        assert answer, "the fork server has ended"
        return int.from_bytes(answer)


@functools.cache
def _server() -> socket.socket:
    """The way to the fork server of all workers, which ends when the last of them does."""
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with sharing.alone() as folder:
        path = folder / "fork_server"
        if ours.connect_ex(str(path)):
            path.unlink(missing_ok=True)
            _start(path)
            ours.connect(str(path))
    return ours


def _start(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(str(path))
        listening.listen()
        command = [sys.executable, "-m", "tests.support.fork_server", str(listening.fileno())]
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[listening.fileno()])
