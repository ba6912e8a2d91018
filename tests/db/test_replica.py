"""Reads on a streaming replica: the heavy ones alone, nothing seen too late, and never in the way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import psycopg2
import pytest

from app.config import settings
from app.db import migration, replica, replica_health
from tests.conftest import environment_for, using
from tests.support.api import Api, Caller
from tests.support.factories import PASSWORD, World, made, purchase
from tests.support.processes import service
from tests.support.servers import Server, new_folder
from tests.support.waiting import eventually

HEAVY = ["/statistics/overview", "/statistics/trend", "/statistics/top-skus", "/orders/export", "/skus/export"]
READ_THERE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'meta_be' AND datname = 'shop'"


@pytest.fixture(scope="module")
def servers(postgres: str) -> Iterator[tuple[Server, Server]]:
    """A primary with our schema, and its standby."""
    with new_folder() as folder, ExitStack() as stack:
        primary, standby = Server(folder / "primary"), Server(folder / "standby")
        stack.callback(primary.stop)
        stack.callback(standby.stop)
        primary.init().start()
        primary.run("CREATE DATABASE shop")
        with using(primary.uri("shop")):
            migration.migrate()
        standby.copy_of(primary, "-R").start()
        yield primary, standby


@pytest.fixture
def standby(servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The standby, which the app reads from; it has replayed all."""
    primary, standby = servers
    monkeypatch.setattr(settings, "database_replica_url", standby.uri("shop"))
    monkeypatch.setattr(settings, "replica_patience", 5)
    monkeypatch.setattr(replica, "_back_at", 0.0)
    with using(primary.uri("shop")):
        yield standby
        replica.engine().dispose()
        replica.engine.cache_clear()


@pytest.fixture
def world(standby: Server) -> Iterator[World]:
    with Api() as api:
        yield World(api)


@pytest.fixture
def shop(world: World) -> tuple[Caller, Caller, int]:
    """A merchant, a customer, and the id of a SKU."""
    merchant = world.merchant()
    return merchant, world.customer(), world.sku(merchant)["id"]


@contextmanager
def paused(standby: Server) -> Iterator[None]:
    """The standby receives what happens, and shows none of it."""
    standby.run("SELECT pg_wal_replay_pause()")
    eventually(lambda: standby.run("SELECT pg_get_wal_replay_pause_state()") == [("paused",)])
    try:
        yield
    finally:
        standby.run("SELECT pg_wal_replay_resume()")


def orders_today(merchant: Caller) -> int:
    return int(made(merchant.get("/statistics/overview"))["today"]["orders"])


@pytest.mark.parametrize("path", HEAVY)
def test_statistics_and_exports_are_read_from_the_replica(standby, shop, path):
    assert standby.run(READ_THERE) == [(0,)]
    assert shop[0].get(path).status_code == 200
    assert standby.run(READ_THERE) == [(1,)]


def test_the_platforms_figures_are_read_from_the_replica(standby, world):
    assert made(world.admin().get("/statistics/overview"))["now"]["to_ship"] >= 0
    assert standby.run(READ_THERE) == [(1,)]


def test_light_reads_and_all_changes_stay_at_the_primary(standby, world, shop):
    merchant, customer, sku_id = shop
    order = world.order(merchant, customer, 2, sku={"id": sku_id})
    for path in ("/orders", f"/orders/{order['id']}", "/orders/counts", "/skus", "/me", "/except-orders"):
        assert merchant.get(path).status_code == 200
    assert standby.run(READ_THERE) == [(0,)]


def test_what_was_acknowledged_is_seen_at_once(standby, world, shop):
    merchant, customer, sku_id = shop
    for number in range(1, 21):
        made(world.api.platform.post("/orders", purchase(sku_id, customer.id)), 201)
        assert orders_today(merchant) == number
    assert merchant.get("/orders/export").text.count("\n") == 21
    assert standby.run(READ_THERE) == [(1,)]


def test_a_replica_that_lags_is_waited_for_a_while_and_then_left_alone(standby, world, shop, monkeypatch):
    merchant, customer, sku_id = shop
    assert orders_today(merchant) == 0
    monkeypatch.setattr(settings, "replica_patience", 0.1)
    with paused(standby):
        made(world.api.platform.post("/orders", purchase(sku_id, customer.id)), 201)
        assert orders_today(merchant) == 1
        assert not replica.is_expected()
        assert orders_today(merchant) == 1


@pytest.mark.parametrize("path", HEAVY)
@pytest.mark.parametrize(("end", "status"), [("logout", 401), ("login elsewhere", 401), ("disable", 403)])
def test_a_session_that_ended_is_refused_at_once_however_far_the_replica_is_behind(standby, world, shop, path, end, status):
    merchant, _, _ = shop
    assert merchant.get(path).status_code == 200
    with paused(standby):
        if end == "logout":
            assert merchant.post("/logout").status_code == 204
        elif end == "disable":
            made(world.admin().post(f"/users/{merchant.id}/disable"))
        else:
            credentials = {"name": merchant.account["name"], "password": PASSWORD}
            made(world.api.stranger("merchant").post("/login", credentials))
        answer = merchant.get(path)
        assert answer.status_code in ((401, 403) if end == "disable" else (status,))
        assert replica.is_expected(), "it was refused by the primary, not after waiting for the replica"


def test_a_replica_that_is_away_is_not_missed(standby, shop):
    merchant, _, _ = shop
    assert orders_today(merchant) == 0
    standby.stop()
    try:
        assert orders_today(merchant) == 0
        assert not replica.is_expected()
    finally:
        standby.start()
    replica._back_at = 0.0
    assert orders_today(merchant) == 0
    assert standby.run(READ_THERE) == [(1,)]


def test_readiness_tells_how_the_replica_is_and_does_not_depend_on_it(standby, world, shop, monkeypatch):
    def told() -> str:
        replica_health.look()
        return str(made(world.api.client.get("/readyz"))["replica"])

    monkeypatch.setattr(settings, "replica_patience", 0.1)
    eventually(lambda: told() == "ok")
    with paused(standby):
        made(world.api.platform.post("/orders", purchase(shop[2], shop[1].id)), 201)
        assert told() == "behind"
    eventually(lambda: told() == "ok")
    standby.stop()
    try:
        assert told() == "away"
    finally:
        standby.start()
    eventually(lambda: told() == "ok")


def test_a_process_looks_by_itself_and_is_ready_without_the_replica(servers, standby):
    environment = {**environment_for(servers[0].uri("shop")), "DATABASE_REPLICA_URL": standby.uri("shop")}
    standby.stop()
    try:
        with service(environment) as process:
            eventually(lambda: made(httpx.get(process.url + "/readyz"))["replica"] == "away")
            eventually(lambda: "meta_be_replica_missed 1.0" in httpx.get(process.url + "/metrics").text)
            line = process.line(logger="app.db.replica_health", level="warning")
            assert line["message"].startswith("the replica is away: ")
    finally:
        standby.start()


@pytest.mark.parametrize("path", ["/statistics/trend", "/orders/export", "/orders/export?format=xlsx"])
def test_a_read_that_the_replica_breaks_off_is_done_at_the_primary(servers, standby, world, shop, path):
    merchant, customer, sku_id = shop
    made(world.api.platform.post("/orders", purchase(sku_id, customer.id)), 201)
    whole = merchant.get(path)
    waiting = "SELECT pid FROM pg_stat_activity WHERE application_name = 'meta_be' AND wait_event_type = 'Lock'"
    lock = psycopg2.connect(servers[0].uri("shop"))
    with ThreadPoolExecutor(1) as pool:
        lock.cursor().execute('LOCK TABLE "order" IN ACCESS EXCLUSIVE MODE')
        servers[0].run("SELECT pg_logical_emit_message(true, '', '')")  # the lock travels with the next commit
        answer = pool.submit(merchant.get, path)
        ((pid,),) = eventually(lambda: standby.run(waiting))
        standby.run("SELECT pg_terminate_backend(%s)", pid)
        lock.rollback()
        broken_off = answer.result(20)
    lock.close()
    assert broken_off.status_code == 200
    if "xlsx" not in path:
        assert broken_off.content == whole.content
    assert not replica.is_expected()
    assert len(broken_off.content) == pytest.approx(len(whole.content), abs=20)


def test_a_former_primary_is_no_replica(servers, shop, monkeypatch):
    primary, _ = servers
    monkeypatch.setattr(settings, "database_replica_url", primary.uri("shop") + "?target_session_attrs=any")
    replica.engine().dispose()
    monkeypatch.setattr(settings, "replica_patience", 0.1)
    assert orders_today(shop[0]) == 0
    assert not replica.is_expected()


def test_a_server_on_another_timeline_is_no_replica(servers, standby, shop, monkeypatch):
    primary, _ = servers
    position = primary.run(replica.POSITION.sql)[0]
    monkeypatch.setattr(settings, "replica_patience", 0.1)
    taken = replica.connection_at(position[0], position[1])
    assert taken is not None
    taken.close()
    assert replica.connection_at("0/1", "00000002") is None
