"""The queue of requests that wait for the next batch."""

import asyncio

from app.db.async_driver import on_loop
from app.db.batching import MicroBatches


def test_who_leaves_before_it_begins_has_asked_for_nothing():
    done = []

    def act(asked):
        done.append(asked)
        return [each * 2 for each in asked]

    async def ask():
        doubled = MicroBatches(act)
        asking = [asyncio.create_task(on_loop(doubled.do, number)) for number in range(3)]
        await asyncio.sleep(0)
        asking[1].cancel()
        return await asyncio.gather(*asking, return_exceptions=True)

    first, left, last = asyncio.run(ask())
    assert (first, type(left), last) == (0, asyncio.CancelledError, 4)
    assert done == [[0, 2]]


def test_an_error_is_told_to_all_and_the_next_batch_is_done():
    def act(asked):
        if "bad" in asked:
            raise ValueError
        return asked

    async def ask(*words):
        return await asyncio.gather(*(on_loop(echo.do, word) for word in words), return_exceptions=True)

    echo = MicroBatches(act)
    assert [type(told) for told in asyncio.run(ask("good", "bad"))] == [ValueError, ValueError]
    assert asyncio.run(ask("good", "better")) == ["good", "better"]
