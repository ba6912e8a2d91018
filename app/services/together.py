"""Changes that are made together: their rows as a statement is given them, and the micro-batches that run it."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import JSON, bindparam, cast, func

from app.database import SPOILED
from app.micro_batches import MicroBatches
from app.work import Actor, Work

Asked = TypeVar("Asked")
Told = TypeVar("Told")


def rows_of(parameter: str, columns: list[Any]) -> Any:
    """The rows that are given as one JSON array of objects, with these columns."""
    given = func.json_to_recordset(cast(bindparam(parameter), JSON))
    return given.table_valued(*columns).render_derived(name="given", with_types=True)


def batches(kind: str, act: Callable[[Work, list[Asked]], list[Told]], *, spoiled: Told) -> MicroBatches[Asked, Told]:
    """Micro-batches of what actors of this kind ask for; `spoiled` is told to all where one of a batch spoils it for them."""

    def carry_out(asked: list[Asked]) -> list[Told]:
        work = Work(Actor(kind), writes=True)
        try:
            return work.perform(lambda: act(work, asked))
        except SPOILED:
            return [spoiled] * len(asked)

    return MicroBatches(carry_out)
