"""A real start: supervisord with the project's own file, followed, killed, and stopped under load."""

import itertools
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg2
import pytest

from tests.conftest import ROOT, environment_for
from tests.support.api import PREFIX, Api
from tests.support.factories import World
from tests.support.supervised import SUPERVISORCTL, Supervised
from tests.support.waiting import answers

KEPT, FRESH = {}, {"max_keepalive_connections": 0}


@pytest.fixture(scope="module")
def shop(migrated_module):
    """A logged-in merchant, known to the services of this module."""
    with Api() as api:
        yield World(api).merchant()


@pytest.fixture(scope="module")
def start(migrated_module, tmp_path_factory):
    """Starts the service with two API processes."""
    settings = {"PROCESSES": "2", "FROZEN_SECONDS": "15", "STATEMENT_SECONDS": "4"}
    with ExitStack() as stack:

        def started():
            folder = tmp_path_factory.mktemp("service")
            supervised = stack.enter_context(Supervised(folder, environment_for(migrated_module), **settings))
            supervised.wait_for("be", "be-more:be-more-1", "worker", "relay")
            return supervised

        yield started


@pytest.fixture(scope="module")
def services():
    """What was started in this module."""
    return []


@pytest.fixture
def service(services, start):
    """The running service, which the tests of this module share until one of them stops it."""
    if not services or services[-1].process.poll() is not None:
        services.append(start())
    return services[-1]


@pytest.fixture(scope="module")
def dying(migrated_module, tmp_path_factory):
    """A service that can not live, which dies while the tests of the other one run."""
    with Supervised(tmp_path_factory.mktemp("dying"), environment_for(migrated_module), SECRET_KEY="short") as supervised:
        yield supervised


@pytest.fixture
def sent(service, shop):
    """Clients that write all the time: some keep their connection, some make a new one for each request."""
    return [
        Sender(service, shop, f"{kind}{n}", limits) for kind, limits in (("kept", KEPT), ("fresh", FRESH)) for n in range(3)
    ]


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


def asked_of_be(supervised, mark):
    """The line's part that marks a request that `be` answered, and not another process; it is seen in its log."""
    log = Path(supervised.environment["LOG_DIR"], "be.log")

    def asked():
        request_id = f"{mark}{next(numbers)}"
        if not answers(f"{supervised.url}{PREFIX}/statuses", {"X-Request-ID": request_id}):
            return False
        time.sleep(0.05)
        return _marked(request_id) in log.read_text()

    numbers = itertools.count()
    supervised.eventually(asked)
    return _marked(f"{mark}{next(numbers) - 1}")


def _marked(request_id):
    return f'"request_id":"{request_id}"'


def failures(supervised, of):
    text = httpx.get(f"{supervised.url}/metrics", timeout=20).text
    return float(re.search(rf'^meta_be_background_failures_total{{of="{of}"}} (.+)$', text, re.MULTILINE)[1])


def run(uri, statement):
    connection = psycopg2.connect(uri)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def not_json(supervised):
    """The lines on stdout that are no JSON with a time."""
    return [line for line in supervised.said if not line.startswith("{") or not json.loads(line)["time"]]


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


def test_programs_run_and_frpc_is_off(service, dying):
    running = dict.fromkeys(("relay", "be", "be-more:be-more-1", "worker"), "RUNNING")
    shown = dict(line.split()[:2] for line in service.control("status").splitlines())
    assert shown == service.status() == {**running, "frpc": "STOPPED"}


def test_tail_be_shows_a_request_just_made_and_stdout_carries_the_same_line(service):
    mark = asked_of_be(service, "first")
    relayed = service.wait_for_line(mark)
    assert relayed in service.control("tail", "be").splitlines(keepends=True)
    assert service.wait_for_line("worker")


def test_tail_f_be_follows(service):
    command = [SUPERVISORCTL, "tail", "-f", "be"]
    following = subprocess.Popen(command, cwd=ROOT, env=service.environment, stdout=subprocess.PIPE, text=True)
    lines = queue.Queue()
    try:
        threading.Thread(target=lambda: [lines.put(line) for line in following.stdout], daemon=True).start()
        service.eventually(lambda: not lines.empty())
        mark = asked_of_be(service, "followed")
        while mark not in lines.get(timeout=20):
            pass
    finally:
        following.kill()
        following.wait()


def test_killed_be_comes_back_with_another_pid_and_serves(service):
    before = service.pid("be")
    os.kill(before, signal.SIGKILL)
    service.eventually(lambda: service.pid("be") not in (0, before))
    assert asked_of_be(service, "again")


def test_frozen_processes_are_restarted(service):
    frozen = {program: service.pid(program) for program in ("be-more:be-more-1", "worker")}
    for pid in frozen.values():
        os.kill(pid, signal.SIGSTOP)
    for program, pid in frozen.items():
        service.eventually(lambda program=program, pid=pid: service.pid(program) not in (0, pid))
        assert service.wait_for_line(rf"\(pid {pid}\) has shown no life for 15 s: killing it")
    service.wait_for("be", *frozen)


def test_what_fails_in_the_worker_shows_in_the_figures_of_the_api(service, migrated_module):
    assert failures(service, "keys") == 0
    run(migrated_module, "ALTER TABLE idempotency_key RENAME TO gone")
    service.eventually(lambda: failures(service, "keys"))
    run(migrated_module, "ALTER TABLE gone RENAME TO idempotency_key")


def test_restart_and_stop_under_load_lose_nothing(service, sent, shop, migrated_module):
    before = {program: service.pid(program) for program in ("be", "be-more:be-more-1")}
    service.control("restart", "be")
    assert service.pid("be") not in (0, before["be"])
    assert service.pid("be-more:be-more-1") == before["be-more:be-more-1"]
    assert asked_of_be(service, "restarted")
    headers = {"Authorization": f"Bearer {shop.token}"}
    with httpx.stream("GET", f"{service.url}{PREFIX}/merchant/events", headers=headers, timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("id:"))
        service.process.send_signal(signal.SIGTERM)
        stopping = time.monotonic()
        received = list(lines)  # raises if the stream is cut instead of ended
    assert time.monotonic() - stopping < 15
    assert ": this process stops: come back" in received
    assert service.process.wait(60) == 0
    nothing_is_lost(sent, migrated_module)
    assert sum("Finished server process" in line for line in service.said) >= 3  # two that stopped, and one restarted
    assert not_json(service) == []


def test_the_worker_can_be_left_to_another_container(migrated_module, tmp_path):
    with Supervised(tmp_path, environment_for(migrated_module), WORKER="0") as alone:
        alone.wait_for("be", "relay")
        assert alone.status()["worker"] == "STOPPED"
        assert not (tmp_path / "log_dir/worker.log").exists()


def test_a_program_that_keeps_dying_ends_it_all(dying):
    assert dying.process.wait(60) == 1
    assert dying.wait_for_line("(be|worker) keeps dying")
    assert dying.wait_for_line("SECRET_KEY is shorter")
    assert not_json(dying) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"FRP_TOKEN": "t"}, "not FRP_SERVER_ADDR, FRP_REMOTE_PORT, PROXY_PORT"),
        ({"FRP_TOKEN": "t", "FRP_SERVER_ADDR": "127.0.0.1", "FRP_REMOTE_PORT": "20068"}, "not PROXY_PORT"),
        (
            {"FRP_TOKEN": "t", "FRP_SERVER_ADDR": "127.0.0.1", "FRP_REMOTE_PORT": "20068", "PROXY_PORT": "8100"},
            "frpc is not here",
        ),
        ({"PROCESSES": "0"}, "PROCESSES"),
        (
            {"FROZEN_SECONDS": "60", "STATEMENT_SECONDS": "20"},
            "FROZEN_SECONDS: must be more than three times STATEMENT_SECONDS",
        ),
    ],
)
def test_settings_that_make_no_service_are_told_at_once(tmp_path, given, said):
    command = [sys.executable, "-m", "app.process.container"]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert said in ended.stderr
