"""The relay of logs, a real process: whole lines, in order, once, whatever is rotated meanwhile."""

import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from supervisor.loggers import RotatingFileHandler

from tests.conftest import ROOT


@contextmanager
def relaying(*files):
    probe = files[0].with_name("probe.log")
    command = [sys.executable, "-m", "app.process.relay", *map(str, files), str(probe)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        while not select.select([process.stdout], [], [], 0.3)[0]:  # what it looks at from here on is new
            with probe.open("a") as file:
                file.write("ready\n")
        yield process
    finally:
        process.kill()
        process.wait()


def next_line(process):
    return next(line for line in iter(process.stdout.readline, b"") if line != b"ready\n").decode()


def ended(process):
    """Stop it, and return all that it wrote."""
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=20)[0].decode().splitlines()
    assert process.returncode == 0
    return [line for line in said if line != "ready"]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "be.log"


def test_what_was_logged_in_an_earlier_life_is_not_repeated(log):
    log.write_text("old\n")
    with relaying(log) as process:
        with log.open("a") as file:
            file.write("new\n")
        assert next_line(process) == "new\n"


def test_a_line_is_relayed_when_it_is_whole(log):
    with relaying(log) as process:
        with log.open("a", buffering=1) as file:
            file.write("a")
            file.flush()
            time.sleep(0.6)
            file.write("b\n")
            assert next_line(process) == "ab\n"
            file.write("half")
        assert ended(process) == []


def test_nothing_is_lost_or_doubled_while_supervisor_rotates(log, tmp_path):
    other = tmp_path / "worker.log"
    with relaying(log, other) as process:
        handlers = {name: RotatingFileHandler(str(path), maxBytes=3000, backupCount=3) for name, path in
                    (("be", log), ("worker", other))}  # fmt: skip
        for number in range(100):
            for name, handler in handlers.items():
                handler.stream.write(f"{name} {number:04} {'x' * 80}\n".encode())
                handler.flush()
                handler.doRollover()
            time.sleep(0.03)
        said = ended(process)
    for name in handlers:
        assert [line.split()[1] for line in said if line.startswith(name)] == [f"{number:04}" for number in range(100)]
