"""The threads for what would hold up the event loop: files, and what reads whole tables. Each has a connection of its own."""

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from app.config import settings

Result = TypeVar("Result")


async def in_thread(act: Callable[..., Result], *arguments: Any) -> Result:
    """What `act` returns, called in one of the threads, in the context of the caller."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), contextvars.copy_context().run, act, *arguments)


def waiting() -> int:
    """How many calls wait for a thread."""
    return _threads()._work_queue.qsize()


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.threads, thread_name_prefix="work")
