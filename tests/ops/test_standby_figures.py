"""What the database tells of its archive and its standbys, to whom it tells it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from app.db import migration
from app.services.monitoring import gauges
from tests.conftest import using
from tests.support.servers import Server, new_folder
from tests.support.waiting import eventually

FILL = "INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 1000)"


@pytest.fixture(scope="module")
def pair(postgres: str) -> Iterator[tuple[Server, Server]]:
    """A primary that archives by what `archive_command` is, and its standby."""
    with new_folder() as folder, ExitStack() as stack:
        primary, standby = Server(folder / "primary"), Server(folder / "standby")
        stack.callback(primary.stop)
        stack.callback(standby.stop)
        primary.init().start(archive_mode="on")
        primary.run("CREATE DATABASE shop")
        primary.run("CREATE TABLE filler (words text)")
        with using(primary.uri("shop")):
            migration.migrate()
            standby.copy_of(primary, "-R").start()
            yield primary, standby


def figures() -> dict[str, float]:
    return {gauge.name: value for gauge, value in gauges.read(int(time.time())) if not gauge.labels}


def test_an_archive_that_fails_shows_until_it_works_again(pair):
    primary, _ = pair
    for works in ("true", "false", "true"):
        primary.run("ALTER SYSTEM SET archive_command = " + f"'{works}'")
        primary.run("SELECT pg_reload_conf()")
        primary.run(FILL)
        primary.run("SELECT pg_switch_wal()")
        eventually(lambda works=works: figures()["wal_archive_failing"] == (works == "false"), 90)


def test_standbys_are_counted_base_backups_are_not_and_the_one_furthest_behind_shows(pair):
    primary, standby = pair
    eventually(lambda: figures()["standbys"] == 1)
    eventually(lambda: figures()["standby_lag_bytes"] < 100_000)
    standby.run("SELECT pg_wal_replay_pause()")
    primary.run(FILL)
    eventually(lambda: figures()["standby_lag_bytes"] > 1_000_000)
    standby.run("SELECT pg_wal_replay_resume()")
    eventually(lambda: figures()["standby_lag_bytes"] < 100_000)
    standby.stop()
    eventually(lambda: figures()["standbys"] == 0)
    assert figures()["standby_lag_bytes"] == 0
    standby.start()
    eventually(lambda: figures()["standbys"] == 1)


def test_a_role_that_may_not_see_standbys_is_told_nothing_of_them_and_all_the_rest(pair):
    primary, _ = pair
    primary.run("CREATE ROLE app LOGIN")
    primary.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO app", database="shop")
    with using(primary.uri("shop").replace("postgres@", "app@")):
        told = figures()
        assert {"standbys", "standby_lag_bytes"}.isdisjoint(told)
        assert {"wal_archive_failing", "worker_lag_seconds"} <= set(told)
        primary.run("GRANT pg_read_all_stats TO app")
        assert figures()["standbys"] == 1
