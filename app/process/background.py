"""The background tasks of a process. A task that fails is logged, counted and started again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from app.ops import incidents

PAUSE = 2.0  # seconds until a task that failed is started again

Act = Callable[[], Awaitable[None]]


@asynccontextmanager
async def going_on(acts: Mapping[str, Act]) -> AsyncIterator[None]:
    """Run the tasks, by name, while the context is open; at its end all are cancelled and awaited."""
    incidents.expect(*acts)
    tasks = [asyncio.create_task(_kept_going(name, act), name=name) for name, act in acts.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept_going(name: str, act: Act) -> None:
    """Run a task until it returns, starting it again after a pause when it fails."""
    task = asyncio.current_task()
    assert task is not None
    while True:
        try:
            await act()
            return
        except Exception as error:
            incidents.note(name, error)
        if task.cancelling():  # the error came up instead of CancelledError
            return
        await asyncio.sleep(PAUSE)
