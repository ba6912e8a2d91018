"""Processes killed under load, ours and the database's: nothing acknowledged is lost, and asking again settles the rest."""

import os
import signal
import time
from contextlib import ExitStack

import pytest

from app.db import pools
from tests.conftest import environment_for, serving
from tests.support.api import Api, Platform
from tests.support.effort import often
from tests.support.factories import World, purchase
from tests.support.invariants import broken
from tests.support.load import Load
from tests.support.processes import running
from tests.support.servers import free_port
from tests.support.waiting import answers, eventually

BACKEND = "SELECT pid FROM pg_stat_activity WHERE application_name = 'meta_be' ORDER BY random() LIMIT 1"


@pytest.fixture
def shop(server):
    """Makes purchases; each client asks again until it has an answer."""
    with Api() as api:
        world = World(api)
        merchant, customer = world.merchant(), world.customer()
        sku = world.sku(merchant, stock=1_000_000)
    pools.leave()
    return lambda client, key: Platform(client, "platform").post("/orders", purchase(sku["id"], customer.id, order_number=key))


def under_load(url, shop, attack, times):
    """Clients buy at `url` while `attack` is made so often, each time until they succeed again; what was acknowledged."""
    load = Load(url, asks_again=True)
    for number in range(6):
        load.start(shop, f"order-{number}-")
    for _ in range(times):
        before = load.acknowledged.qsize()
        eventually(lambda before=before: load.acknowledged.qsize() > before + 20, 40)
        attack()
    before = load.acknowledged.qsize()
    eventually(lambda: load.acknowledged.qsize() > before + 20, 40)
    done = {key for _, key, _ in load.stop()}
    assert load.faults == []
    return done


def judge(server, done):
    """Every order that was acknowledged is there, and no other."""

    def sql(statement):
        return server.run(statement, database="shop")

    assert {number for (number,) in sql('SELECT order_number FROM "order"')} == done
    assert broken(sql) == {}


@pytest.mark.hard
def test_a_process_of_the_service_is_killed(server, shop, tried):
    times, port = often(2, 100), free_port()
    environment = {**environment_for(server.uri("shop")), "PORT": str(port)}
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:

        def start():
            return stack.enter_context(running(environment, "app.process.serve"))

        started = [start()]
        eventually(lambda: answers(f"{url}/readyz"), 40, told=started[0].text)

        def kill():
            started[-1].process.kill()
            started[-1].process.wait(10)
            started.append(start())

        done = under_load(url, shop, kill, times)
    judge(server, done)
    tried("processes of the service killed", times)


@pytest.mark.hard
def test_a_backend_is_killed_and_the_database_recovers(server, shop, tried):
    """PostgreSQL then ends all connections and starts again from its log."""
    times = often(3, 100)
    with serving(environment_for(server.uri("shop"))) as url:

        def kill():
            ((pid,),) = server.run(BACKEND)
            os.kill(pid, signal.SIGKILL)

        done = under_load(url, shop, kill, times)
    judge(server, done)
    tried("backends killed", times)


@pytest.mark.hard
def test_the_database_is_stopped_at_once_and_started_again(server, shop, tried):
    times = often(2, 20)
    with serving(environment_for(server.uri("shop"))) as url:

        def restart():
            server.end(signal.SIGQUIT)
            server.start()

        done = under_load(url, shop, restart, times)
    judge(server, done)
    tried("databases stopped at once (pg_ctl -m immediate)", times)


@pytest.mark.hard
def test_the_database_stands_still(server, shop, tried):
    seconds = often(5, 30)
    with serving({**environment_for(server.uri("shop")), "STATEMENT_SECONDS": "2"}) as url:

        def freeze():
            server.send(signal.SIGSTOP)
            time.sleep(seconds)
            server.send(signal.SIGCONT)

        done = under_load(url, shop, freeze, 1)
    judge(server, done)
    tried("seconds that the database stood still", seconds)
