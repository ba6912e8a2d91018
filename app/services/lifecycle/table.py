"""The vocabulary of a table of moves: states, guards, moves."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import and_, null

from app.db.types import Columns, Condition, Expression
from app.errors import AppError, IllegalMove

Argument = str | int | float | None
Arguments = dict[str, Argument]  # what a move is given, by the names of its bind parameters
BY_TICKET = "ticket"  # the kind of actor that moves an order when its ticket ends
BY_AGREEING = "agreeing"  # the kind that moves a ticket when less is agreed to than was asked


@dataclass(frozen=True, slots=True)
class State:
    """A state of a row: its stored status, and `where`, which tells apart the states that share one status.

    `refusal` is raised for a move that the state has no way for.
    """

    name: str
    status: int
    where: Callable[[Columns], Condition] | None = None
    refusal: type[IllegalMove] = IllegalMove

    def holds(self, row: Columns) -> Condition:
        is_status = row.c.status == self.status
        return is_status if self.where is None else and_(is_status, self.where(row))


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a move beside the state, and the error that is raised if it does not hold.

    With `of_input` it checks what the caller sends, so it has no influence on which verbs are open.
    """

    holds: Callable[[Columns], Condition]
    error: type[AppError]
    of_input: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One line of a table of moves: `sets` gives the columns that it writes, `notes` the details of its event.

    A move without `source` is the birth of a row, which the use case inserts itself.
    """

    verb: str
    source: State | None
    target: State
    who: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    sets: Callable[[Columns], dict[str, Expression]] = lambda row: {}
    notes: Callable[[Columns], Expression] = lambda row: null()

    def starts_from(self, row: Columns) -> Condition:
        """Whether the row is in the move's source; only for a move that has one."""
        return self.origin.holds(row)

    @property
    def origin(self) -> State:
        assert self.source is not None, f"{self.verb} is the birth of a row and moves none"
        return self.source
