"""`python -m tests.support.fork_server FD`: imports what programs need, and forks for each that it is asked for.

Of `app` it imports what reads nothing of its surroundings until it is called; the settings are read anew for each program.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import NoReturn

from app.config import faults, reading, settings

NEEDED = "import sys, uvicorn.lifespan.on, uvicorn.loops.auto, app.cli, app.process.serve, app.main; print(*sys.modules)"
LATER = ("app.cli", "app.main", "app.process", "migrations", "__main__")
MOST = 1_000_000  # bytes of a request
WORD = 4  # bytes of each number of an answer
INTERRUPTED = signal.getsignal(signal.SIGINT)  # ignored where the tests run in the background


def main(listening: socket.socket) -> None:
    """Fork for each request until nobody is left to make one."""
    for name in _needed():
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those that wait are not waited for
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then end their programs
    clients = [listening.accept()[0]]
    while clients:
        for ready in select.select([listening, *clients], [], [])[0]:
            if ready is listening:
                clients.append(listening.accept()[0])
            elif not _served(ready, (listening, *clients)):
                clients.remove(ready)
                ready.close()


def _served(client: socket.socket, ours: tuple[socket.socket, ...]) -> bool:
    """Fork for a client's request; False once the client has left."""
    request, files, _, _ = socket.recv_fds(client, MOST, 3)
    if request and not os.fork():
        for each in ours:
            each.close()
        if not _wait_for_a_fork(files[0]):
            _end(_become(*json.loads(request), *files[1:]))
    for file in files:
        os.close(file)
    return bool(request)


def _needed() -> list[str]:
    found = subprocess.run([sys.executable, "-c", NEEDED], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return [name for name in found if not name.startswith(LATER)]


def _wait_for_a_fork(answers: int) -> int:
    """Return 0 in a fork, whose id and wait status go to `answers`."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if forked := os.fork():
        os.write(answers, forked.to_bytes(WORD))
        _, status = os.waitpid(forked, 0)
        os.write(answers, status.to_bytes(WORD))
        os._exit(0)
    return forked


def _become(command: list[str], environment: dict[str, str], folder: str, output: int, errors: int) -> int:
    """Run the program; its exit status."""
    signal.signal(signal.SIGINT, INTERRUPTED)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    read, faults[:] = reading.read()
    settings.__setstate__(read.__getstate__())
    sys.argv[:] = command
    try:
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    except SystemExit as left:
        if not isinstance(left.code, int | None):
            raise
        return left.code or 0
    return 0


def _end(status: int) -> NoReturn:
    """End as any program does, but take nothing apart, which would copy all memory that is shared with the fork server."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
