"""State machines as data: a table of moves, compiled at import into one guarded statement per move."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.visitors import replacement_traverse

from app.db.caller import ACCOUNTS, caller_id, is_live, proved
from app.db.sql import AS_JSON, json_of
from app.db.statement import Statement
from app.db.work import SYSTEM, Work
from app.errors import AppError, IllegalMove, NotFound
from app.services.events.record import noted_from
from app.services.lifecycle.concurrent_moves import JointMoves, asked
from app.services.lifecycle.deadlines import Deadline
from app.services.lifecycle.table import Guard, Move, Row, State
from app.services.ownership import Owners, owned


class Lifecycle:
    """The moves of one table. `move()` is the only code that assigns its `status`.

    `owners` tells whose a row is (see `ownership.py`), `subject` gives the event's business_id and order_id, `columns` what
    an answer shows beside `actions`.
    """

    def __init__(
        self,
        table: Any,
        moves: tuple[Move, ...],
        *,
        deadlines: tuple[Deadline, ...],
        owners: Owners,
        subject: Callable[[Row], dict[str, Any]],
        columns: Callable[[Row], list[Any]],
    ) -> None:
        self.table = table
        self.moves = moves
        self.deadlines = deadlines
        self._owners = owners
        self.subject = subject
        self._columns = columns
        self._statements: dict[tuple[str, str], list[Statement]] = {}
        self._joints: dict[tuple[str, str], JointMoves] = {}
        self._reasons: dict[tuple[str, str], Statement] = {}
        for move in moves:
            for kind in move.who if move.source else ():
                self._statements.setdefault((move.verb, kind), []).append(self._compile(move, kind))
        for verb, kind in self._statements:
            self._reasons[verb, kind] = self._compile_reason(verb, kind)

    def opening(self) -> int:
        """The status that a row is born with."""
        return next(move.target.status for move in self.moves if move.source is None)

    def move(self, work: Work, verb: str, subject_id: int, *, by: str | None = None, **parameters: Any) -> str:
        """Move the row and write the event; its JSON. Raises NotFound, IllegalMove or the guard's error.

        `by` is who makes the move, where that is not the actor: a ticket that moves its order.
        """
        kind = by or work.actor.kind
        if by is None and work.actor.session is not None and work.may_join():
            body = self._joint(verb, kind, tuple(parameters)).move(work, subject_id, parameters)
            if body is not None:
                return body
        for statement in self._statements[verb, kind]:
            row = work.one(statement, subject_id=subject_id, **parameters)
            if row.body is not None:
                return str(row.body)
        raise self._why_not(work, verb, kind, subject_id, parameters)

    def batch(self, verb: str, source: State, kind: str, *names: str) -> Statement:
        """The statement for `move_many`: one move of the table; `names` are the parameters that each row has of its own."""
        move = next(move for move in self._moves_of(kind) if (move.verb, move.source) == (verb, source))
        return self._compile_batch(move, kind, names)

    def move_many(self, work: Work, batch: Statement, ids: list[int], **values: Any) -> set[int]:
        """Move the rows that can be moved, each with its own `values`, and write their events; the ids of those that moved."""
        return {row.id for row in work.all(batch, ids=ids, **values)}

    def view(self, row: Row, kind: str) -> list[Any]:
        """The columns of an answer to an actor of this kind: the row's, and the verbs open to the actor."""
        return [*self._columns(row), self.actions(row, kind).label("actions")]

    def actions(self, row: Row, kind: str) -> Any:
        """The verbs open to an actor of this kind, as an array."""
        verbs: dict[str, list[Any]] = {}
        for move in self._moves_of(kind):
            guards = [guard.holds(row) for guard in move.guards if not guard.of_input]
            verbs.setdefault(move.verb, []).append(and_(_source(move).holds(row), *guards))
        cases = [case((or_(*open_), literal(verb, Text)), else_=null()) for verb, open_ in verbs.items()]
        return func.array_remove(cast(array(cases), ARRAY(Text)), null())

    def _moves_of(self, kind: str) -> list[Move]:
        return [move for move in self.moves if move.source and kind in move.who]

    def _owned(self, row: Row, kind: str, caller: Any = None) -> Any:
        return owned(self._owners, kind, row, caller_id(kind) if caller is None and kind in ACCOUNTS else caller)

    def _compile(self, move: Move, kind: str) -> Statement:
        row, source = self.table, _source(move)
        guards = [guard.holds(row) for guard in move.guards]
        moved = (
            update(row)
            .where(row.c.id == bindparam("subject_id"), self._owned(row, kind), source.holds(row), *guards)
            .values(status=move.target.status, **move.sets(row))
            .returning(*row.c)
            .cte("moved")
        )
        noted = self._note(move, moved)
        view = select(*self.view(moved, kind)).select_from(moved.join(noted, true()))
        body = json_of(view).label("body")
        if kind in ACCOUNTS:
            return Statement(proved(kind, body), guarded=True, whole=True)
        return Statement(select(body), whole=kind == SYSTEM)

    def _joint(self, verb: str, kind: str, names: tuple[str, ...]) -> JointMoves:
        """The first of the verb's moves, as callers make it at the same time, each with parameters of these `names`."""
        if (verb, kind) not in self._joints:
            move = next(move for move in self._moves_of(kind) if move.verb == verb)
            self._joints[verb, kind] = JointMoves(self._compile_joint(move, kind, names), kind)
        return self._joints[verb, kind]

    def _compile_joint(self, move: Move, kind: str, names: tuple[str, ...]) -> Statement:
        row = self.table
        given = asked([column(name, row.c[name].type) for name in ("id", *names)])
        moved = self._moved(move, given, is_live(kind, given), self._owned(row, kind, given.c.actor_id), skip_locked=True)
        noted = self._note(move, moved, actor_id=moved.c.actor_id, request_id=moved.c.request_id)
        after = select(*(moved.c[each.name] for each in row.c)).subquery("after")
        view = select(*self.view(after, kind)).subquery("v")
        done = moved.join(view, view.c.id == moved.c.id).outerjoin(noted, false())
        return Statement(select(moved.c.position, AS_JSON.label("body")).select_from(done), whole=True)

    def _compile_batch(self, move: Move, kind: str, names: tuple[str, ...]) -> Statement:
        given = _given(self.table, id="ids", **{name: name for name in names})
        moved = self._moved(move, given, self._owned(self.table, kind))
        noted = self._note(move, moved)
        written = select(func.count()).select_from(noted).scalar_subquery()
        return Statement(select(moved.c.id, written.label("written")))

    def _moved(self, move: Move, given: Row, *conditions: Any, skip_locked: bool = False) -> Any:
        """The CTE that moves each row that `given` names by `id`, with the values that it gives; it returns these too."""
        row, source = self.table, _source(move)
        guards = [_of_each(guard.holds(row), given) for guard in move.guards]
        locked = (
            select(*given.c)
            .join(row, row.c.id == given.c.id)
            .where(source.holds(row), *conditions, *guards)
            .order_by(row.c.id)
            .with_for_update(of=row, key_share=True, skip_locked=skip_locked)
            .cte("locked")
        )
        own = [each for each in locked.c if each.name not in row.c]
        return (
            update(row)
            .where(row.c.id == locked.c.id)
            .values(status=move.target.status, **{name: _of_each(value, locked) for name, value in move.sets(row).items()})
            .returning(*row.c, *own)
            .cte("moved")
        )

    def _note(self, move: Move, moved: Row, **columns: Any) -> Any:
        return noted_from(
            moved,
            verb=move.verb,
            subject=self.table.name,
            from_status=_source(move).status,
            to_status=move.target.status,
            details=move.notes(moved),
            **self.subject(moved),
            **columns,
        )

    def _compile_reason(self, verb: str, kind: str) -> Statement:
        row = self.table
        moves = [move for move in self._moves_of(kind) if move.verb == verb]
        in_source = or_(*(_source(move).holds(row) for move in moves))
        guards = [guard.holds(row).label(guard.error.code) for guard in _guards(moves)]
        return Statement(
            select(in_source.label("in_source"), self.actions(row, kind).label("actions"), *guards).where(
                row.c.id == bindparam("subject_id"), self._owned(row, kind)
            )
        )

    def _why_not(self, work: Work, verb: str, kind: str, subject_id: int, parameters: dict[str, Any]) -> AppError:
        row = work.one(self._reasons[verb, kind], subject_id=subject_id, **parameters)
        if row is None:
            return NotFound()
        moves = [move for move in self._moves_of(kind) if move.verb == verb]
        for guard in _guards(moves) if row.in_source else ():
            if not getattr(row, guard.error.code):
                return guard.error(actions=row.actions)
        return IllegalMove(actions=row.actions)


def _given(row: Row, **parameters: str) -> Any:
    """The rows that are given as arrays, one parameter per column of `row`."""
    columns = [column(name, row.c[name].type) for name in parameters]
    arrays = [cast(bindparam(parameters[each.name]), ARRAY(each.type)) for each in columns]
    return func.unnest(*arrays).table_valued(*columns).render_derived(name="given")


def _of_each(clause: Any, given: Row) -> Any:
    """The clause of a single move with the row's own values in place of the parameters of these names."""

    def own(element: Any) -> Any:
        return given.c[element.key] if isinstance(element, BindParameter) and element.key in given.c else None

    return replacement_traverse(clause, {}, own)


def _guards(moves: list[Move]) -> list[Guard]:
    return list({guard.error.code: guard for move in moves for guard in move.guards}.values())


def _source(move: Move) -> State:
    assert move.source is not None, f"{move.verb} opens a life and moves nothing"
    return move.source
