"""Deadlines: how long a row may stay in a state, and what follows when it stays longer.

A deadline gives the `deadline_at` of an answer, the `overdue` filter of a list, the rows that the sweep moves or flags, and
the gauge. A row is on time until that very second, and overdue from the next one on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import and_, case, null, or_

from app.db.parameters import NOW, ambient
from app.db.types import Columns, Condition, Expression
from app.services.lifecycle.table import State


@dataclass(frozen=True, slots=True)
class Deadline:
    """The seconds that a row may stay in `state` from `start` on (Unix seconds).

    `name` is the ambient parameter with the number of seconds; 0 switches the deadline off. With `reported`, somebody is
    expected to act: rows that are late are found by the lists' `overdue`, flagged by the sweep and counted by the gauge.
    `later` are the seconds by which the deadline of a single row is put off, none of them negative.
    """

    name: str
    state: State
    start: Callable[[Columns], Expression]
    reported: bool = False
    later: Callable[[Columns], Expression] | None = None

    @property
    def seconds(self) -> Expression:
        return ambient(self.name)

    @property
    def is_on(self) -> Condition:
        return self.seconds > 0

    def falls_at(self, row: Columns) -> Expression:
        """When the row's deadline falls, Unix seconds."""
        return self.runs_from(row) + self.seconds

    def runs_from(self, row: Columns) -> Expression:
        """When the row would have started, had its deadline not been put off."""
        return self.start(row) if self.later is None else self.start(row) + self.later(row)

    def has_passed(self, row: Columns, ahead: int = 0) -> Condition:
        """Whether the deadline has passed, or passes within `ahead` seconds, whatever the row's state; written for indexes."""
        latest = NOW - self.seconds + ahead if ahead else NOW - self.seconds
        put_off = [] if self.later is None else [self.runs_from(row) < latest]
        return and_(self.is_on, self.start(row) < latest, *put_off)  # an index finds the first, `later` leaves some out

    def is_missed(self, row: Columns, ahead: int = 0) -> Condition:
        """Whether the row is in the state and its deadline has passed, or passes within `ahead` seconds."""
        return and_(self.state.holds(row), self.has_passed(row, ahead))


def deadline_at(deadlines: Iterable[Deadline], row: Columns) -> Expression:
    """When the deadline of the row's state falls, Unix seconds; null if it has none or it is switched off."""
    put_off = {each.later for each in deadlines}
    assert len(put_off) == 1, "the deadlines of one table are put off together, by what is read once for a row"
    falls = case(
        *((and_(each.state.holds(row), each.is_on), each.start(row) + each.seconds) for each in deadlines), else_=null()
    )
    later = put_off.pop()
    return falls if later is None else falls + later(row)


def overdue(deadlines: Iterable[Deadline], row: Columns) -> Condition:
    """Whether a reported deadline of the row has passed."""
    return or_(*(each.is_missed(row) for each in deadlines if each.reported))
