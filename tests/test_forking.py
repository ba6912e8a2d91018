"""A program that is forked ends and writes as one that is started from nothing."""

import os
import signal

import pytest

from tests.support.processes import running

READS = "import os, sys, time; print(sys.argv[1:], sys.stdin.read(), os.environ, time.tzname, os.listdir('/proc/self/fd'))"
WAITS = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
print('waits', flush=True)
time.sleep(60)
"""
CODE = {
    "ends": "import atexit, threading; atexit.register(print, 'last'); threading.Timer(0.1, print, ['thread']).start()",
    "reads": READS,
    "exits": "import sys; print('first'); sys.exit('why')",
    "fails": "1 / 0",
    "dies": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "handles": "import signal; print([signal.getsignal(each) for each in sorted(signal.valid_signals())])",
}


@pytest.fixture
def both(tmp_path):
    """Both ways to start a program of this code."""

    def start(code):
        (tmp_path / "program.py").write_text(code)
        command = ("cProfile", "-o", os.devnull, str(tmp_path / "program.py"), "argument")
        environment = {**os.environ, "TZ": "Asia/Shanghai", "ONLY": "here"}
        return running(environment, *command), running(environment, *command, folder=tmp_path)

    return start


@pytest.mark.parametrize("name", CODE)
def test_it_ends_as_one_that_is_started(both, name):
    ended = []
    for way in both(CODE[name]):
        with way as program:
            ended.append((program.process.wait(20), program.text().splitlines()[-1:]))
    assert ended[0] == ended[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_it_as_one_that_is_started(both, number):
    ended = []
    for way in both(WAITS):
        with way as program:
            while not program.text():
                assert program.process.poll() is None
            program.process.send_signal(number)
            ended.append(program.process.wait(20))
    assert ended[0] == ended[1] == -number
