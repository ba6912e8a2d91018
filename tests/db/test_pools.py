"""How the service connects: as its connection string says, and only to a server that takes changes."""

from collections.abc import Iterator

import pytest

from app.config import settings
from app.db import migration, pools
from tests.conftest import using
from tests.support.api import Api
from tests.support.factories import World, made, purchase
from tests.support.servers import Server, free_port, new_folder
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def server(postgres: str) -> Iterator[Server]:
    with new_folder() as folder:
        server = Server(folder / "primary").init().start()
        server.run("CREATE DATABASE shop")
        with using(server.uri("shop")):
            migration.migrate()
        yield server
        server.stop()


def shown(name: str) -> str:
    connection = pools.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SHOW {name}")
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


def test_what_the_url_says_is_kept_beside_our_own_settings(server):
    options = "options=-c%20work_mem%3D7MB%20-c%20lock_timeout%3D1s&application_name=mine"
    with using(f"{server.uri('shop')}?{options}"):
        assert [shown(name) for name in ("work_mem", "application_name")] == ["7MB", "mine"]
        assert [shown(name) for name in ("jit", "lock_timeout")] == ["off", "1s"]


def test_of_several_hosts_the_one_that_answers_is_used(server, monkeypatch):
    url = f"postgresql+psycopg2://postgres@127.0.0.1:{free_port()},127.0.0.1:{server.port}/shop"
    with using(url):
        assert shown("port") == str(server.port)
    keys = {"db_host": "127.0.0.9,127.0.0.1", "db_port": server.port, "db_user": "postgres", "db_pwd": "x", "db_name": "shop"}
    for key, value in {"database_url": None, **keys}.items():
        monkeypatch.setattr(settings, key, value)
    assert shown("port") == str(server.port)


def test_a_server_that_takes_no_changes_any_more_is_left(server):
    with using(server.uri("shop")), Api() as api:
        world = World(api)
        customer, sku = world.customer(), world.sku(merchant := world.merchant())
        read_only(server, "on")
        try:
            refused = api.platform.post("/orders", purchase(sku["id"], customer.id))
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert refused.headers["retry-after"]
            assert merchant.get("/orders").status_code == 503, "its connections are closed, and none is opened again"
        finally:
            read_only(server, "off")
        made(api.platform.post("/orders", purchase(sku["id"], customer.id)), 201)


def read_only(server: Server, value: str) -> None:
    server.run(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
    server.run("SELECT pg_reload_conf()")
    eventually(lambda: server.run("SHOW default_transaction_read_only") == [(value,)])
