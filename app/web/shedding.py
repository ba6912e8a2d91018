"""How many requests the event loop has in hand: more are refused at once, so that those in hand are answered soon.

Without a limit, what comes faster than it can be done waits ever longer, until nobody waits for its answer any more. Only what
works or waits at the database counts. Who sends slowly, follows the news or reads whole tables takes nobody's place.
"""

from collections.abc import Iterator
from contextlib import contextmanager

MOST = 200  # requests in a process: some tenths of a second's work
_in_hand = 0


def is_full() -> bool:
    """Whether so many requests are in hand that another one would wait too long."""
    return _in_hand >= MOST


@contextmanager
def in_hand() -> Iterator[None]:
    """For a request that is being carried out on the event loop."""
    global _in_hand
    _in_hand += 1
    try:
        yield
    finally:
        _in_hand -= 1
