"""A database whose disk is full: what cannot be stored is refused, nothing acknowledged is lost, it goes on with room again."""

import os
import shutil
import subprocess
from contextlib import ExitStack

import httpx
import pytest

from app.db import migration, pools
from tests.conftest import environment_for, serving, using
from tests.support.api import Api, Caller, Platform
from tests.support.effort import often
from tests.support.factories import World, made, purchase
from tests.support.invariants import broken
from tests.support.load import Load
from tests.support.servers import USER, Server, new_folder
from tests.support.waiting import eventually

pytestmark = pytest.mark.hard
SIZE = "160m"


@pytest.fixture
def small(postgres):
    """A folder that holds no more than SIZE, for the server's user."""
    with new_folder() as folder, ExitStack() as stack:
        mounted = folder / "small"
        mounted.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(mounted)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        stack.callback(subprocess.run, ["umount", "--lazy", str(mounted)], check=True)
        if USER:
            shutil.chown(mounted, USER)
        yield mounted


@pytest.fixture
def server(small):
    with ExitStack() as stack:
        server = Server(small / "primary").init().start(max_wal_size="48MB", min_wal_size="32MB", wal_keep_size="0")
        stack.callback(server.stop)
        server.run("CREATE DATABASE shop")
        with using(server.uri("shop")):
            migration.migrate()
            yield server


def fill(folder):
    """A file that takes all the room; what is left is less than a page."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"\0" * 4096)
            except OSError:
                return ballast


def test_it_is_borne(server, small, tried):
    with Api() as api:
        world = World(api)
        merchant, customer = world.merchant(), world.customer()
        sku = world.sku(merchant, stock=1_000_000)
    pools.leave()

    def place(client, key):
        return Platform(client, "platform").post("/orders", purchase(sku["id"], customer.id, order_number=key))

    times = often(1, 5)
    with serving(environment_for(server.uri("shop"))) as url, httpx.Client(base_url=url, timeout=20) as client:
        load = Load(url)
        for number in range(4):
            load.start(place, f"order-{number}-")
        for _ in range(times):
            before = load.acknowledged.qsize()
            eventually(lambda before=before: load.acknowledged.qsize() > before + 50)
            refused = load.answers[503]
            ballast = fill(small)
            eventually(lambda refused=refused: load.answers[503] > refused + 20, 40, told=lambda: str(load.answers))
            assert client.get("/healthz").status_code == 200
            os.unlink(ballast)
            if server.is_down():
                server.start(max_wal_size="48MB", min_wal_size="32MB", wal_keep_size="0")
            before = load.acknowledged.qsize()
            eventually(lambda before=before: load.acknowledged.qsize() > before + 50, 60)
        done = {key for _, key, _ in load.stop()}
        assert load.faults == []
        assert made(Caller(client, "merchant", merchant.token).get("/orders"))["items"]

    def sql(statement):
        return server.run(statement, database="shop")

    assert {number for (number,) in sql('SELECT order_number FROM "order"')} == done
    assert broken(sql) == {}
    tried("times that the database's disk was full", times)
