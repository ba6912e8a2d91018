"""Slowing down an address from which many tries at passwords fail: each try waits, holding no connection and no thread."""

import asyncio
import math
from collections import Counter

from app.errors import TooManyTries
from app.ops import metrics

FREE = 20  # failed tries from an address, within the window of tries, before it is slowed down
STEP, LONGEST = 0.1, 5.0  # seconds that each further failure adds to the delay, and the longest delay
MOST_COUNTED = FREE + round(LONGEST / STEP)  # more make the delay no longer
PER_SOURCE, IN_ALL = 20, 200  # tries that wait in this process, each as costly as an idle connection

_waiting: Counter[str] = Counter()


def delay(failed: int) -> float:
    """Seconds that a try waits after this many failed ones."""
    return min(LONGEST, STEP * max(0, failed - FREE))


def require_place(source: str, seconds: float) -> None:
    """Raise TooManyTries when too many tries are waiting already for this one to wait `seconds` too."""
    if seconds and (_waiting[source] >= PER_SOURCE or _waiting.total() >= IN_ALL):
        raise TooManyTries(retry_after=math.ceil(seconds))


async def wait(source: str, seconds: float) -> None:
    """Wait that long, after `require_place` has found room for it."""
    if not seconds:
        return
    metrics.LOGIN_DELAYS.inc()
    _waiting[source] += 1
    try:
        await asyncio.sleep(seconds)
    finally:
        _waiting[source] -= 1
        if not _waiting[source]:
            del _waiting[source]
