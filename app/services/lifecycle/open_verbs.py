"""The verbs that are open for a row, and why a move was refused."""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import Text, and_, case, cast, func, literal, null, or_
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.db.types import Columns, Expression
from app.errors import AppError, IllegalMove, NotFound
from app.services.lifecycle.table import Guard, Move, State


class Checked(Protocol):
    """A row of `checks`; beside these it has one boolean for each guard, under the code of the guard's error."""

    state: str
    starts: bool  # whether one of the moves starts from it
    actions: list[str]


def open_verbs(moves: list[Move], row: Columns) -> Expression:
    """The verbs of those `moves` that can be made now, as an array of text."""
    ways: dict[str, list[Expression]] = {}
    for move in moves:
        guards = [guard.holds(row) for guard in move.guards if not guard.of_input]
        ways.setdefault(move.verb, []).append(and_(move.starts_from(row), *guards))
    verbs = [case((or_(*conditions), literal(verb, Text)), else_=null()) for verb, conditions in ways.items()]
    return func.array_remove(cast(array(verbs), ARRAY(Text)), null())


def state_of(states: Iterable[State], row: Columns) -> Expression:
    """The name of the state that the row is in."""
    return case(*((state.holds(row), literal(state.name, Text)) for state in states), else_=null())


def checks(moves: list[Move], states: Iterable[State], row: Columns) -> list[Expression]:
    """The columns that `refusal` reads: the state that the row is in, whether a move starts there, whether each guard holds."""
    starts = or_(*(move.starts_from(row) for move in moves)).label("starts")
    return [
        state_of(states, row).label("state"),
        starts,
        *(guard.holds(row).label(guard.error.code) for guard in _guards(moves)),
    ]


def refusal(moves: list[Move], states: Iterable[State], checked: Checked | None) -> AppError:
    """The reason why none of the moves was made; without `checked` there is no such row for the caller."""
    if checked is None:
        return NotFound()
    if checked.starts:
        for guard in _guards(moves):
            if not getattr(checked, guard.error.code):
                return guard.error(actions=checked.actions)
    return refusal_of(states, checked.state)(actions=checked.actions)


def refusal_of(states: Iterable[State], name: str) -> type[IllegalMove]:
    """What the state of this name refuses a move with."""
    return next((state.refusal for state in states if state.name == name), IllegalMove)


def _guards(moves: list[Move]) -> list[Guard]:
    return list({guard.error.code: guard for move in moves for guard in move.guards}.values())
