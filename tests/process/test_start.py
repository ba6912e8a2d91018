"""A start while the database is away: it is waited for, the log says so, and a signal ends the wait at once."""

import signal
import socket
import time

import psycopg2
import pytest

from tests.conftest import environment_for
from tests.support.processes import running
from tests.support.servers import Server, free_port, new_folder
from tests.support.waiting import answers, eventually

MIGRATING = 0x6D657461  # the advisory lock of migrations/env.py
API = ("app.process.serve",)
WORKER = ("app.worker",)
PROGRAMS = pytest.mark.parametrize("program", [API, WORKER], ids=["api", "worker"])


@pytest.fixture(scope="module")
def kept():
    """A server that the tests of this module start and stop, with the databases that others have left."""
    with new_folder() as folder:
        server = Server(folder / "server").init()
        yield server
        server.stop()


@pytest.fixture
def server(kept):
    """A server that is not running."""
    kept.stop()
    return kept


def waiting_line(process):
    eventually(lambda: "waiting for the database" in process.text(), 30)
    return next(line for line in process.lines() if "waiting for the database" in line["message"])


def ready(process, port):
    eventually(lambda: answers(f"http://127.0.0.1:{port}/readyz"), 30, told=process.text)


class TestTheDatabaseIsAway:
    def test_it_is_waited_for_and_served_when_it_comes(self, server):
        api_port = str(free_port())
        password = "a-very-secret-phrase"
        uri = server.uri("shop").replace("postgres@", f"postgres:{password}@")
        environment = {**environment_for(uri), "PORT": api_port}
        with running(environment, *API) as api, running(environment, *WORKER) as worker:
            for process in (api, worker):
                line = waiting_line(process)
                assert line["level"] == "warning"
                assert f"127.0.0.1:{server.port}/shop" in line["message"]
                assert "Connection refused" in line["message"]
            server.start()
            for process in (api, worker):
                eventually(lambda process=process: "does not exist" in process.text(), 20)
                last = [line for line in process.lines() if "waiting" in line["message"]][-1]
                assert last["level"] == "error"
                assert "CREATE DATABASE shop OWNER postgres" in last["message"]
            server.run("CREATE DATABASE shop")
            ready(api, api_port)
            eventually(lambda: worker.lines(message="sweeping every 10 s"), 20)
            for process in (api, worker):
                assert any("the database is there" in line["message"] for line in process.lines())
                assert password not in process.text()
                assert process.text().count("waiting for the database") <= 4, "an answer is logged once a minute"
            assert worker.stop() == 0

    def test_one_that_goes_while_it_is_migrated_is_waited_for_again(self, server):
        server.start()
        server.run("CREATE DATABASE other")
        port = str(free_port())
        holder = psycopg2.connect(server.uri("other"))
        holder.cursor().execute("SELECT pg_advisory_lock(%s)", (MIGRATING,))
        with running({**environment_for(server.uri("other")), "PORT": port}, *API) as api:
            eventually(
                lambda: server.run("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock%%'"), 20
            )
            server.kill()
            waiting_line(api)
            server.start()
            ready(api, port)
        holder.close()

    @PROGRAMS
    def test_a_schema_that_others_migrate_is_waited_for(self, server, program):
        server.start()
        name = f"migrated_for_{program[0].replace('.', '_')}"
        server.run(f"CREATE DATABASE {name}")
        environment = {**environment_for(server.uri(name)), "PORT": str(free_port())}
        with running({**environment, "MIGRATE": "false"}, *program) as process:
            assert "the schema is at nothing, to be migrated to" in waiting_line(process)["message"]
            assert "python -m app.cli migrate" in waiting_line(process)["message"]
            assert server.run("SELECT to_regclass('alembic_version')", database=name) == [(None,)]
            with running({**environment, "MIGRATE": "false"}, "app.cli", "migrate") as job:  # the command always does
                assert job.process.wait(60) == 0, job.text()
            eventually(lambda: "the database is there" in process.text(), 30, told=process.text)

    @PROGRAMS
    def test_a_signal_ends_the_wait_at_once(self, postgres, program):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # lets in, and never answers
            uri = f"postgresql://meta@127.0.0.1:{silent.getsockname()[1]}/shop"
            with running({**environment_for(uri), "PORT": str(free_port())}, *program) as process:
                silent.settimeout(30)
                connection, _ = silent.accept()
                process.process.send_signal(signal.SIGTERM)
                stopping = time.monotonic()
                assert process.process.wait(20) == 0
                assert time.monotonic() - stopping < 1.5, "libpq gives up after 3 s"
                assert "stopped" in process.lines()[-1]["message"]
                assert process.lines(level="error") == []
                connection.close()
