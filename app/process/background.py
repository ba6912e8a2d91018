"""What a process does beside answering requests: each task is watched, so that none ends unnoticed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from app.ops import incidents

PAUSE = 2.0  # seconds until a task that failed is started again

Act = Callable[[], Awaitable[None]]


@asynccontextmanager
async def going_on(acts: Mapping[str, Act]) -> AsyncIterator[None]:
    """Keep the acts going; at the end all of them are cancelled and waited for, whatever one of them raises."""
    incidents.expect(*acts)
    tasks = [asyncio.create_task(_kept_going(name, act), name=name) for name, act in acts.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept_going(name: str, act: Act) -> None:
    """Start the act again after a pause when it fails; one that returns is done."""
    task = asyncio.current_task()
    assert task is not None
    while True:
        try:
            await act()
            return
        except Exception as error:
            incidents.note(name, error)
        if task.cancelling():  # what was raised hides the cancellation
            return
        await asyncio.sleep(PAUSE)
