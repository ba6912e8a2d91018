"""Tallies: a trigger adds a row of `delta` per change, so that writers do not wait for each other; the worker folds them."""

from collections.abc import Callable

from sqlalchemy import bindparam, delete, func, insert, select, true

from app.db.statement import Statement
from app.db.types import Columns
from app.db.work import Work

CHUNK = 1000  # groups of rows in one fold


def folding(tally: Columns, *keys: str) -> Callable[[Work], int]:
    """What folds a tally: it makes one row of all that have the same `keys`, where one has come, and returns their number.

    The sums stay the same.
    """
    statement = _statement(tally, *keys)
    return lambda work: int(work.one(statement, chunk=CHUNK).folded)


def _statement(tally: Columns, *keys: str) -> Statement:
    changed = select(*(tally.c[key] for key in keys)).where(~tally.c.folded).distinct().limit(bindparam("chunk")).cte("changed")
    gone = (
        delete(tally)
        .where(*(tally.c[key] == changed.c[key] for key in keys))
        .returning(*(tally.c[key] for key in keys), tally.c.delta)
        .cte("gone")
    )
    of_group = [gone.c[key] for key in keys]
    sums = select(*of_group, func.sum(gone.c.delta), true()).group_by(*of_group)
    kept = insert(tally).from_select([*keys, "delta", "folded"], sums).returning(tally.c.id).cte("kept")
    number = select(func.count()).select_from(gone).scalar_subquery()
    return Statement(select(number.label("folded"), select(func.count()).select_from(kept).scalar_subquery().label("kept")))
