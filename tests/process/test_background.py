"""The tasks that run beside requests: one that fails is logged and restarted, and all of them end with the app."""

import asyncio

import pytest

from app.ops import metrics
from app.process import background


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(background, "PAUSE", 0.01)


def failures_of(name):
    return metrics.BACKGROUND_FAILURES.labels(name)._value.get()


def test_one_that_fails_is_counted_told_of_and_started_again(caplog):
    async def fails():
        starts.append(1)
        if len(starts) < 3:
            raise KeyError("nobody foresaw this")
        went_on.set()
        await asyncio.Event().wait()

    async def app():
        async with background.going_on({"fails": fails}):
            await asyncio.wait_for(went_on.wait(), 10)

    starts, went_on, before = [], asyncio.Event(), failures_of("fails")
    asyncio.run(app())
    assert failures_of("fails") - before == 2
    assert [record.getMessage() for record in caplog.records] == ["fails failed"] * 2
    assert all(record.exc_info for record in caplog.records)


def test_at_the_end_all_end_whatever_one_of_them_raises():
    ended = []

    async def stubborn():
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("on the way out")

    async def plain():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("plain")

    async def done():
        ended.append("done")

    async def app():
        async with background.going_on({"stubborn": stubborn, "plain": plain, "done": done}):
            await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(app())
    assert ended == ["done", "plain"]
