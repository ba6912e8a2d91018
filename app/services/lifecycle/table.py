"""What a table of moves is written in: states, guards, moves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, null

from app.errors import AppError

Row = Any  # a table, or a CTE with its columns
BY_TICKET = "ticket"  # who moves an order at the end of its ticket


@dataclass(frozen=True, slots=True)
class State:
    """A state of a row: its stored status and, where one status stands for several states, what tells them apart."""

    name: str
    status: int
    where: Callable[[Row], Any] | None = None

    def holds(self, row: Row) -> Any:
        is_status = row.c.status == self.status
        return is_status if self.where is None else and_(is_status, self.where(row))


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a move beside the state, and the error that says it does not hold.

    `of_input` marks one that judges what the caller sends, so it has no say in which verbs are open.
    """

    holds: Callable[[Row], Any]
    error: type[AppError]
    of_input: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One line of a table of moves; `sets` names the columns that it writes, `notes` what the event keeps of it."""

    verb: str
    source: State | None
    target: State
    who: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    sets: Callable[[Row], dict[str, Any]] = lambda row: {}
    notes: Callable[[Row], Any] = lambda row: null()
