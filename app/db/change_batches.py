"""Changes that arrive together are made together, in one transaction (see `batching.py`)."""

from collections.abc import Callable
from typing import TypeVar

from app.db.batching import MicroBatches
from app.db.failures import SPOILED
from app.db.work import Actor, Work

Request = TypeVar("Request")
Result = TypeVar("Result")


def batches(kind: str, act: Callable[[Work, list[Request]], list[Result]], *, spoiled: Result) -> MicroBatches[Request, Result]:
    """Micro-batches of requests by actors of one kind; all get `spoiled` if one of them makes the statement fail."""

    def carry_out(requests: list[Request]) -> list[Result]:
        work = Work(Actor(kind), writes=True)
        try:
            return work.perform(lambda: act(work, requests))
        except SPOILED:
            return [spoiled] * len(requests)

    return MicroBatches(carry_out)
