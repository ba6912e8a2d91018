"""The event loop's driver, and the waits of threads: whatever becomes of the server, a call ends and the next one works."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import httpx
import psycopg2
import pytest
import uvloop
from sqlalchemy import text
from sqlalchemy.util import await_only

from app.config import settings
from app.db import batching, limits, pools
from app.db.async_driver import inside, on_loop
from app.db.batching import MicroBatches
from app.db.failures import AWAY
from app.db.statement import Statement
from app.db.work import SYSTEM, Actor, Work
from app.main import app
from tests.conftest import using
from tests.support.waiting import eventually
from tests.support.wire import Wire

QUICK = Statement(text("SELECT 1 AS one"))
KEPT = Statement(text("SELECT 1 AS one"), whole=True)
SLOW = Statement(text("SELECT 1 AS one FROM pg_sleep(30)"))
LARGE = Statement(text("SELECT repeat('x', 4000000) AS one"))
SLEEPING = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
IN_TIME = 5  # seconds; each wait ends after 1.2, or 3.2 in a thread
FAULTS = ("reset", "half_close", "freeze")

pytestmark = [pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"]), pytest.mark.long]

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def wire(migrated, monkeypatch):
    monkeypatch.setattr(settings, "statement_seconds", 1)
    monkeypatch.setattr(limits, "MARGIN", 0.2)
    with Wire(migrated) as wire, using(wire.uri):
        yield wire


@pytest.fixture
def sleeping(sql):
    """Waits until a statement is at work at the server."""
    return partial(asyncio.to_thread, eventually, lambda: sql(SLEEPING))


def asked(statement, *, writes=False):
    with Work(Actor(SYSTEM), writes=writes) as work:
        return work.one(statement).one


async def lost(call):
    """The call ends in time, and says that the database is away."""
    with pytest.raises(AWAY):
        await asyncio.wait_for(call, IN_TIME)


async def all_is_well():
    """As many calls as twice the connections are answered, and leave nothing behind."""
    async with asyncio.timeout(IN_TIME):
        answers = await asyncio.gather(*(on_loop(asked, QUICK) for _ in range(2 * settings.pool_size)))
    assert answers == [1] * len(answers)
    assert (pools.checked_out(), inside(), pools.overdue_calls()) == (0, 0, 0)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("writes", [False, True], ids=["reading", "writing"])
def test_a_call_that_waits_for_its_answer_ends(run: Run, wire, sleeping, fault, writes):
    async def act():
        await all_is_well()
        waiting = asyncio.create_task(on_loop(partial(asked, SLOW, writes=writes)))
        await sleeping()
        getattr(wire, fault)()
        await lost(waiting)
        wire.heal()
        await all_is_well()

    run(act())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("before", [1, 100_000], ids=["at its first byte", "in the middle"])
def test_a_call_whose_answer_breaks_off_ends(run: Run, wire, fault, before):
    async def act():
        await all_is_well()
        wire.fault, wire.left = getattr(wire, fault), before
        await lost(on_loop(asked, LARGE))
        wire.heal()
        await all_is_well()

    run(act())


@pytest.mark.parametrize("fault", ["reset", "half_close"])
def test_idle_connections_that_were_lost_are_replaced_before_anybody_meets_them(run: Run, wire, fault):
    async def act():
        await all_is_well()
        getattr(wire, fault)()
        await all_is_well()

    run(act())


def test_a_server_that_falls_silent_ends_every_call_and_is_asked_again_when_it_is_back(run: Run, wire):
    async def act():
        await all_is_well()
        wire.freeze()
        calls = [asyncio.create_task(on_loop(asked, QUICK)) for _ in range(2 * settings.pool_size)]
        done, waiting = await asyncio.wait(calls, timeout=4 * IN_TIME)
        assert (len(waiting), {isinstance(call.exception(), AWAY) for call in done}) == (0, {True})
        wire.heal()
        await all_is_well()

    run(act())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_transaction_that_is_lost_between_two_statements_ends(run: Run, wire, fault):
    def twice():
        with Work(Actor(SYSTEM), writes=True) as work:
            work.one(QUICK)
            getattr(wire, fault)()
            work.one(QUICK)

    async def act():
        await all_is_well()
        await lost(on_loop(twice))
        wire.heal()
        await all_is_well()

    run(act())


def test_a_prepared_statement_is_prepared_again_on_a_new_connection(run: Run, wire):
    async def act():
        for _ in range(3):
            assert await on_loop(asked, KEPT) == 1
            wire.reset()

    run(act())


def test_who_is_cancelled_while_a_lost_connection_is_opened_again_leaves_its_place(run: Run, wire):
    async def act():
        for _ in range(3):
            await all_is_well()
            wire.freeze()
            wire.reset()
            calls = [asyncio.create_task(on_loop(asked, QUICK)) for _ in range(2 * settings.pool_size)]
            await asyncio.wait(calls, timeout=0.2)
            for call in calls:
                call.cancel()
            ends = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(end) for end in ends} == {asyncio.CancelledError}
            wire.heal()
        await all_is_well()

    run(act())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_thread_that_waits_for_its_answer_ends(run: Run, wire, sleeping, fault):
    async def act():
        waiting = asyncio.create_task(asyncio.to_thread(asked, SLOW))
        await sleeping()
        getattr(wire, fault)()
        await lost(waiting)
        wire.heal()
        assert await asyncio.to_thread(asked, QUICK) == 1
        assert (pools.checked_out(), pools.overdue_calls()) == (0, 0)

    run(act())


class TestBatches:
    def test_one_that_is_not_done_in_time_fails_and_the_next_one_begins(self, run: Run, monkeypatch):
        def act(asked):
            if "stuck" in asked:
                await_only(asyncio.Event().wait())
            return asked

        async def ask():
            echo = MicroBatches(act)
            stuck = asyncio.create_task(on_loop(echo.do, "stuck"))
            await asyncio.sleep(0.05)
            late = asyncio.create_task(on_loop(echo.do, "late"))
            with pytest.raises(psycopg2.OperationalError):
                await asyncio.wait_for(stuck, IN_TIME)
            return await asyncio.wait_for(late, IN_TIME)

        monkeypatch.setattr(batching, "LIMIT", 0.2)
        assert run(ask()) == "late"
        assert inside() == 0


class TestReadiness:
    def test_a_process_with_a_call_that_hangs_is_not_ready_and_says_so(self, run: Run, migrated, monkeypatch):
        async def act():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
                assert (await client.get("/readyz")).status_code == 200
                end = asyncio.Event()
                monkeypatch.setattr(limits, "CALL", 0.0)
                hanging = asyncio.create_task(on_loop(lambda: await_only(end.wait())))
                await asyncio.sleep(0.01)
                refused = await client.get("/readyz")
                figures = (await client.get("/metrics")).text
                end.set()
                await hanging
                monkeypatch.undo()
                assert (refused.status_code, refused.json()["code"]) == (503, "calls_overdue")
                assert refused.headers["retry-after"]
                assert "\nmeta_be_overdue_calls 1.0\n" in figures
                assert (await client.get("/readyz")).status_code == 200

        run(act())
