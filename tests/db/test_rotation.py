"""Changing the secrets of a running shop, as docs/operations.md says: what ends, what stays, and that nothing stops."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import orjson
import psycopg2
import pytest

from app.config import settings
from app.db import migration, pools
from tests.conftest import environment_for, using
from tests.support.api import PREFIX, Api, Caller, Platform, signature
from tests.support.documents import documented
from tests.support.factories import PASSWORD, World, made, purchase
from tests.support.load import Load
from tests.support.processes import Process, running
from tests.support.receivers import Receiver
from tests.support.servers import Server, free_port, new_folder
from tests.support.waiting import eventually

ACCESS = """
host all postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


def test_another_secret_key_ends_sessions_and_changes_webhooks_and_nothing_else(world, served, environment, monkeypatch):
    monkeypatch.setattr(settings, "webhook_allow_private", True)  # the receiver is on loopback
    merchant, customer = world.merchant(), world.customer()
    sku = world.sku(merchant)
    order = world.order(merchant, customer, 1, sku=sku)
    more = {"path": f"/skus/{sku['id']}/stock", "body": {"delta": 3, "reason": "found"}}
    with Receiver() as receiver:
        made(merchant.post(**more, headers={"Idempotency-Key": "found-3"}))
        hook = made(merchant.post("/webhooks", {"url": receiver.url, "verbs": ["place"]}), 201)

        changed = {"SECRET_KEY": secrets.token_urlsafe(48), "WEBHOOK_ALLOW_PRIVATE": "true"}
        after = Caller(httpx.Client(base_url=served(**changed)), "merchant", merchant.token)
        assert after.get("/me").status_code == 401
        after.token = made(after.post("/login", {"name": merchant.account["name"], "password": PASSWORD}))["access_token"]
        assert made(after.get("/me"))["id"] == merchant.id
        assert made(after.get(f"/orders/{order['id']}")) == order
        again = after.post(**more, headers={"Idempotency-Key": "found-3"})
        assert (again.status_code, again.json()["code"]) == (422, "key_reused")
        assert made(after.post(**more, headers={"Idempotency-Key": "found-3-more"}))["stock"] == sku["stock"] - 1 + 3 + 3

        platform = Platform(after.client, "platform")
        with running({**environment, **changed}, "app.worker"):
            made(platform.post("/orders", purchase(sku["id"], customer.id)), 201)
            assert not receiver.wait_for(1)[0].signed_by(hook["secret"])
            rotated = made(after.patch(f"/webhooks/{hook['id']}", {"rotate_secret": True}))
            made(platform.post("/orders", purchase(sku["id"], customer.id)), 201)
            assert receiver.wait_for(2)[1].signed_by(rotated["secret"])


def test_the_platform_signs_with_either_secret_while_both_are_given(world, served):
    sku, customer = world.sku(world.merchant()), world.customer()
    old, new = ("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))

    def place(url: str, secret: str) -> int:
        body = orjson.dumps(purchase(sku["id"], customer.id))
        headers = {**signature(body, secret=secret), "Content-Type": "application/json"}
        return httpx.post(f"{url}{PREFIX}/platform/orders", content=body, headers=headers).status_code

    both = served(PLATFORM_SECRET=f"{new},{old}")
    assert [place(both, secret) for secret in (old, new)] == [201, 201]
    one = served(PLATFORM_SECRET=new)
    assert [place(one, secret) for secret in (old, new)] == [401, 201]


@pytest.fixture
def server(postgres: str) -> Iterator[Server]:
    """A server that asks for passwords, with the role `app` and its database."""
    with new_folder() as folder, ExitStack() as stack:
        server = Server(folder / "data").init()
        (server.data / "pg_hba.conf").write_text(ACCESS)
        stack.callback(server.stop)
        server.start()
        server.run("CREATE ROLE app LOGIN PASSWORD 'first'")
        server.run("CREATE DATABASE shop OWNER app")
        yield server


def as_role(server: Server, role: str, password: str) -> str:
    return server.uri("shop").replace("postgres@", f"{role}:{password}@")


def test_another_role_takes_over_from_the_one_before_and_no_request_fails(server):
    first, second = as_role(server, "app", "first"), as_role(server, "app2", "second")
    port = str(free_port())
    with ExitStack() as stack:
        stack.enter_context(using(first))
        migration.migrate()
        world = World(stack.enter_context(Api()))
        sku, customer = world.sku(world.merchant(), stock=1_000_000), world.customer()
        pools.leave()

        def start(uri: str) -> Process:
            return stack.enter_context(running({**environment_for(uri), "PORT": port}, "app.process.serve"))

        def place(client: httpx.Client, key: str) -> httpx.Response:
            return Platform(client, "platform").post("/orders", purchase(sku["id"], customer.id, order_number=key))

        def goes_on() -> None:
            done = load.acknowledged.qsize()
            eventually(lambda: load.acknowledged.qsize() > done + 20)

        processes = [start(first), start(first)]
        for process in processes:
            process.line(message="meta_be serves")
        load = Load(f"http://127.0.0.1:{port}")
        for name in ("a", "b", "c"):
            load.start(place, name)
        goes_on()
        server.run(documented("CREATE ROLE app2").replace("…", "second"))
        for process in processes:
            process.stop()
            start(second).line(message="meta_be serves")
            goes_on()
        server.run("ALTER ROLE app NOLOGIN")
        goes_on()
        assert server.run("SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name = 'meta_be'") == [("app2",)]
        done = load.stop()
        assert (load.faults, load.answers) == ([], {201: len(done)})

    with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
        psycopg2.connect(first)
    later = psycopg2.connect(second)
    with later.cursor() as cursor:
        cursor.execute('ALTER TABLE "order" ADD later integer; CREATE TABLE later ()')  # as a migration does
        cursor.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert cursor.fetchall() == [("app",)]
    later.close()
