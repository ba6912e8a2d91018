"""A real start: supervisord with the project's own file, followed, killed, and stopped under load."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import httpx
import psycopg2
import pytest

from tests.api import PREFIX, Api
from tests.conftest import ROOT, environment_for
from tests.factories import World
from tests.supervised import SUPERVISORCTL, Supervised, answers, eventually

KEPT, FRESH = {}, {"max_keepalive_connections": 0}


@pytest.fixture(scope="module")
def shop(migrated_module):
    """A logged-in merchant, known to the services of this module."""
    with Api() as api:
        yield World(api).merchant()


@pytest.fixture(scope="module")
def services(migrated_module, tmp_path_factory):
    """The services of this module, started side by side: one process, two processes, and one that can not live."""
    environment = environment_for(migrated_module)
    kinds = {"one": {}, "two": {"PROCESSES": "2"}, "dying": {"SECRET_KEY": "short"}}
    with ExitStack() as stack:
        yield {
            kind: stack.enter_context(Supervised(tmp_path_factory.mktemp(kind), environment, **settings))
            for kind, settings in kinds.items()
        }


@pytest.fixture(scope="module")
def one(services):
    services["one"].wait_for("be", "worker", "relay")
    return services["one"]


@pytest.fixture(scope="module")
def two(services):
    services["two"].wait_for("be", "be-more:be-more-1", "worker", "relay")
    return services["two"]


class Sender(threading.Thread):
    """Makes products, one after another, while the service takes connections; knows what became of each."""

    def __init__(self, supervised, merchant, name, limits):
        super().__init__(name=name, daemon=True)
        self.url = f"{supervised.url}{PREFIX}/merchant/products"
        self.headers = {"Authorization": f"Bearer {merchant.token}"}
        self.limits = httpx.Limits(**limits)
        self.acknowledged, self.lost, self.refused = [], [], []
        self.start()

    def run(self):
        with httpx.Client(timeout=60, limits=self.limits, headers=self.headers) as client:
            for number in range(100_000):
                product = {"name": f"{self.name}-{number}", "desc": "x", "unit": "个"}
                try:
                    answer = client.post(self.url, json=product)
                except httpx.ConnectError:
                    return
                except httpx.TransportError as error:
                    self.lost.append((product["name"], repr(error)))
                else:
                    (self.acknowledged if answer.status_code == 201 else self.refused).append(product["name"])


def senders(supervised, merchant):
    """Some that keep their connection, and some that make a new one for each request."""
    return [Sender(supervised, merchant, f"{'kf'[fresh]}{n}", FRESH if fresh else KEPT) for fresh in (0, 1) for n in range(3)]


def nothing_is_lost(sent, uri):
    """The names of what was acknowledged; all of it is in the database, and nothing was left without an answer."""
    for sender in sent:
        sender.join(60)
        assert not sender.is_alive()
        assert (sender.lost[:3], sender.refused[:3]) == ([], [])
        assert sender.acknowledged
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM product")
        stored = {name for (name,) in cursor.fetchall()}
    connection.close()
    assert {name for sender in sent for name in sender.acknowledged} <= stored


def test_programs_run_and_frpc_is_off(one):
    assert one.status() == {"relay": "RUNNING", "be": "RUNNING", "worker": "RUNNING", "frpc": "STOPPED"}


def test_tail_be_shows_a_request_just_made_and_stdout_carries_the_same_line(one):
    httpx.get(f"{one.url}/healthz?mark=first")
    relayed = one.wait_for_line("mark=first")
    assert relayed in one.control("tail", "be").splitlines(keepends=True)
    assert one.wait_for_line("worker")


def test_tail_f_be_follows(one):
    command = [SUPERVISORCTL, "tail", "-f", "be"]
    following = subprocess.Popen(command, cwd=ROOT, env=one.environment, stdout=subprocess.PIPE, text=True)
    lines = queue.Queue()
    try:
        threading.Thread(target=lambda: [lines.put(line) for line in following.stdout], daemon=True).start()
        eventually(lambda: not lines.empty(), one)
        httpx.get(f"{one.url}/healthz?mark=followed")
        while "mark=followed" not in lines.get(timeout=20):
            pass
    finally:
        following.kill()
        following.wait()


def test_killed_be_comes_back_with_another_pid_and_serves(one):
    before = one.pid("be")
    os.kill(before, signal.SIGKILL)
    eventually(lambda: one.pid("be") not in (0, before), one)
    eventually(lambda: answers(f"{one.url}/readyz"), one)


def test_stop_ends_streams_cleanly_and_loses_nothing(one, shop, migrated_module):
    sent = senders(one, shop)
    told = []
    headers = {"Authorization": f"Bearer {shop.token}"}
    with httpx.stream("GET", f"{one.url}{PREFIX}/merchant/events", headers=headers, timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("id:"))
        time.sleep(1.5)
        one.process.send_signal(signal.SIGTERM)
        stopping = time.monotonic()
        told.extend(lines)  # raises if the stream is cut instead of ended
        took = time.monotonic() - stopping
    assert ": this process stops: come back" in told
    assert took < 10
    assert one.process.wait(60) == 0
    nothing_is_lost(sent, migrated_module)


def test_last_lines_are_relayed(one):
    one.process.wait(60)
    assert one.wait_for_line("Finished server process")


def test_restart_of_one_of_two_processes_loses_nothing(two, shop, migrated_module):
    pids = {program: two.pid(program) for program in ("be", "be-more:be-more-1")}
    sent = senders(two, shop)
    time.sleep(1)
    two.control("restart", "be")
    time.sleep(1)
    assert two.pid("be") != pids["be"]
    assert two.pid("be-more:be-more-1") == pids["be-more:be-more-1"]
    assert two.stop() == 0
    nothing_is_lost(sent, migrated_module)


def test_a_program_that_keeps_dying_ends_it_all(services):
    dying = services["dying"]
    assert dying.process.wait(60) == 1
    assert dying.wait_for_line("be keeps dying")
    assert dying.wait_for_line("SECRET_KEY is shorter")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"FRP_TOKEN": "t"}, "not FRP_SERVER_ADDR, FRP_REMOTE_PORT"),
        ({"FRP_TOKEN": "t", "FRP_SERVER_ADDR": "127.0.0.1", "FRP_REMOTE_PORT": "20068"}, "frpc is not here"),
        ({"PROCESSES": "0"}, "processes"),
    ],
)
def test_settings_that_make_no_service_are_told_at_once(tmp_path, given, said):
    command = [sys.executable, "-m", "app.container"]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert said in ended.stderr
