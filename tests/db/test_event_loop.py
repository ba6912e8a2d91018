"""Requests wait for the database on the event loop: what they do when it is slow, silent or gone."""

import asyncio
import gc
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg2
import pytest
from greenlet import greenlet
from sqlalchemy import text
from sqlalchemy.util import await_only

from app.config import settings
from app.db import pools
from app.db.async_driver import inside, on_loop
from app.db.statement import Statement
from app.db.work import SYSTEM, Actor, Work
from tests.conftest import using
from tests.support.api import Api, Caller
from tests.support.factories import World
from tests.support.servers import free_port
from tests.support.waiting import WAITING, eventually

pytestmark = pytest.mark.long


@pytest.fixture
def url(served):
    return served(POOL_SIZE="3", THREADS="1", STATEMENT_SECONDS="18")


@pytest.fixture
def locked(migrated, merchant):
    """Holds the merchant's row, so that what changes it waits."""
    blocker = psycopg2.connect(migrated)
    with blocker, blocker.cursor() as cursor:
        cursor.execute('SELECT FROM "user" WHERE id = %s FOR UPDATE', (merchant.id,))
        yield blocker
    blocker.close()


def renamed(url, merchant):
    headers = {"Authorization": f"Bearer {merchant.token}"}
    return httpx.patch(f"{url}/api/v1/merchant/me", json={"storename": "renamed"}, headers=headers, timeout=20)


def asked(url, merchant, path="/orders"):
    return httpx.get(f"{url}/api/v1/merchant{path}", headers={"Authorization": f"Bearer {merchant.token}"}, timeout=20)


def test_a_request_that_waits_for_a_lock_holds_up_nobody_else(url, merchant, locked, sql):
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(renamed, url, merchant)
        eventually(lambda: sql(WAITING))
        assert [asked(url, merchant).status_code for _ in range(5)] == [200] * 5
        locked.rollback()
        assert waiting.result().json()["storename"] == "renamed"


def test_a_connection_that_is_lost_under_way_is_told_and_replaced(url, merchant, locked, sql):
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(renamed, url, merchant)
        [(pid,)] = eventually(lambda: sql(WAITING))
        sql("SELECT pg_terminate_backend(%s)", pid)
        lost = waiting.result()
    assert (lost.status_code, lost.json()["code"]) == (503, "unavailable")
    assert lost.headers["retry-after"]
    locked.rollback()
    assert [asked(url, merchant).status_code for _ in range(5)] == [200] * 5
    assert asked(url, merchant, "/me").json()["storename"] != "renamed"


def test_more_requests_than_connections_take_turns(url, merchant, locked, sql):
    with ThreadPoolExecutor(20) as others:
        waiting = [others.submit(renamed, url, merchant) for _ in range(20)]
        eventually(lambda: len(sql(WAITING)) == 2)
        locked.rollback()
        assert [answer.result().status_code for answer in waiting] == [200] * 20


def test_who_gets_no_connection_in_time_is_told_to_come_back(url, merchant, locked, sql):
    with ThreadPoolExecutor(3) as others:
        waiting = [others.submit(renamed, url, merchant) for _ in range(3)]
        eventually(lambda: len(sql(WAITING)) == 2)
        eventually(lambda: any(answer.done() for answer in waiting))
        [refused] = [answer.result() for answer in waiting if answer.done()]
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        locked.rollback()
        assert sorted(answer.result().status_code for answer in waiting) == [200, 200, 503]


def test_a_session_that_ends_between_two_statements_of_a_request_is_over(url, world, merchant, customer, migrated, sql):
    order = world.order(merchant, customer)
    blocker = psycopg2.connect(migrated)
    with blocker.cursor() as cursor, ThreadPoolExecutor(1) as other:
        cursor.execute('UPDATE "order" SET status = 1, deliver_time = create_time WHERE id = %s', (order["id"],))
        cursor.execute('UPDATE "user" SET auth_token = NULL WHERE id = %s', (merchant.id,))
        with httpx.Client(base_url=url, timeout=20) as client:
            waiting = other.submit(world.ship, Caller(client, "merchant", merchant.token), order)
            eventually(lambda: sql(WAITING))
            blocker.commit()
            with pytest.raises(AssertionError, match="not_authenticated"):
                waiting.result()
    blocker.close()


@pytest.mark.parametrize(("silent", "patience"), [(True, 1), (False, 0)], ids=["says nothing", "is not there"])
def test_a_host_that_does_not_answer_is_passed_over(migrated, silent, patience):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if silent:
            listener.listen()
        port = listener.getsockname()[1] if silent else free_port()
        database, _, folder = migrated.partition("?host=")
        hosts = f"host=127.0.0.1,{folder}&port={port},5432&connect_timeout={patience}"
        with using(f"{database}?{hosts}"), Api() as api:
            World(api).merchant()


@pytest.mark.parametrize("writes", [False, True], ids=["reading", "writing"])
def test_who_stops_waiting_takes_no_connection_along(migrated, sql, writes):
    slow, quick = Statement(text("SELECT pg_sleep(30)")), Statement(text("SELECT 1 AS one"))

    def run(statement):
        with Work(Actor(SYSTEM), writes=writes) as work:
            return work.one(statement)

    async def stop_waiting():
        for patience in (0, 0.01, 0.2, 0.2):  # while connections are opened, waited for, and at work
            waiting = [asyncio.create_task(on_loop(run, slow)) for _ in range(2 * settings.pool_size)]
            await asyncio.wait(waiting, timeout=patience)
            for task in waiting:
                task.cancel()
            stopped = await asyncio.gather(*waiting, return_exceptions=True)
            assert {type(error) for error in stopped} == {asyncio.CancelledError}
        return await asyncio.gather(*(on_loop(run, quick) for _ in range(2 * settings.pool_size)))

    assert {answer.one for answer in asyncio.run(stop_waiting())} == {1}
    assert (pools.checked_out(), inside()) == (0, 0)
    sleeping = "FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(30)%%' AND pid <> pg_backend_pid()"
    sql(f"SELECT pg_terminate_backend(pid) {sleeping}")
    eventually(lambda: sql(f"SELECT count(*) {sleeping}") == [(0,)])


def test_calls_take_turns_however_fast_others_come_back(migrated):
    """Each of a crowd asks again as soon as it is answered: nobody has many turns while another one waits for its own."""
    pause = Statement(text("SELECT pg_sleep(0.001)"))
    crowd = range(4 * settings.pool_size)
    waiting = {}  # who had a turn since this one began to wait
    most = []

    def run(client):
        with Work(Actor(SYSTEM), writes=False) as work:
            work.begin()
            waiting.pop(client, None)
            for passed in waiting.values():
                passed[client] += 1
                most.append(passed[client])
            work.one(pause)

    async def ask(client):
        for _ in range(20):
            waiting[client] = Counter()
            await on_loop(run, client)

    async def together():
        await asyncio.gather(*(on_loop(run, client) for client in crowd))  # which opens the connections
        await asyncio.gather(*map(ask, crowd))

    asyncio.run(together())
    assert max(most) <= 2


def test_greenlets_of_a_crowd_are_not_kept():
    """A greenlet that nobody has any more ends only if nothing on its own stack names it."""

    def call(number):
        await_only(asyncio.sleep(0))
        if number % 7 == 0:
            raise ValueError(number)

    async def crowd():
        for _ in range(3):
            await asyncio.gather(*(on_loop(call, number) for number in range(300)), return_exceptions=True)
        return workers()

    def workers():
        gc.collect()
        return sum(isinstance(each, greenlet) for each in gc.get_objects())

    before = workers()
    assert asyncio.run(crowd()) - before <= 101  # those that are kept, and the one of the loop
