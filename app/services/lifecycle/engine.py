"""State machines as data: a table of moves, compiled into guarded statements that move rows and write their events.

This is the only module that assigns a status; births are written by the use cases, with `opening()`.
"""

from collections.abc import Callable

import orjson
from sqlalchemy import bindparam, column, false, func, select, true, update
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.visitors import replacement_traverse

from app.db.caller import ACCOUNTS, caller_id, is_live, proved
from app.db.sql import AS_JSON, json_of, rows_of
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, JsonText
from app.db.work import SYSTEM, Work
from app.errors import AppError, IllegalMove, NotFound
from app.services import idempotency
from app.services.events.record import noted_from
from app.services.lifecycle.concurrent_moves import CALLER, ConcurrentMoves
from app.services.lifecycle.deadlines import Deadline
from app.services.lifecycle.open_verbs import checks, open_verbs, refusal, refusal_of, state_of
from app.services.lifecycle.table import Argument, Arguments, Move, State
from app.services.ownership import Owners, owned


class Lifecycle:
    """The moves of one table.

    `states` are all that a row may be in, each told apart from the others. `owners` says whose a row is (see `ownership.py`),
    `subject` gives the `business_id` and `order_id` of an event, and `columns` what an answer shows beside `actions`.
    """

    def __init__(
        self,
        table: Columns,
        moves: tuple[Move, ...],
        *,
        states: tuple[State, ...],
        deadlines: tuple[Deadline, ...],
        owners: Owners,
        subject: Callable[[Columns], dict[str, Expression]],
        columns: Callable[[Columns], list[Expression]],
    ) -> None:
        self.table = table
        self.moves = moves
        self.deadlines = deadlines
        self.subject = subject
        self._states = states
        self._owners = owners
        self._columns = columns
        self._statements: dict[tuple[object, ...], Statement] = {}
        self._concurrent: dict[tuple[str, str, tuple[str, ...]], ConcurrentMoves] = {}

    def opening(self, verb: str | None = None) -> int:
        """The status that a row is born with, by this verb if there are several."""
        return next(move.target.status for move in self.moves if move.source is None and verb in (None, move.verb))

    def view(self, row: Columns, kind: str) -> list[Expression]:
        """The columns of an answer to an actor of this kind: those of the row, and the verbs that are open to the actor."""
        return [*self._columns(row), self.actions(row, kind).label("actions")]

    def actions(self, row: Columns, kind: str) -> Expression:
        """The verbs that are open to an actor of this kind, as an array of text."""
        return open_verbs(self._moves_of(kind), row)

    def get(self, work: Work, subject_id: int) -> JsonText:
        """The actor's row as a move answers it, as JSON; raises NotFound."""
        return work.body(self._kept(self._compile_row, work.actor.kind), subject_id=subject_id)

    def actions_now(self, work: Work, subject_id: int) -> list[str]:
        """The verbs that are open to the caller, for a use case that looks before it moves the row that it has locked."""
        return list(work.one(self._kept(self._compile_open, work.actor.kind), subject_id=subject_id).actions)

    def state_of(self, row: Columns) -> Expression:
        """The name of the state that the row is in."""
        return state_of(self._states, row)

    def refusal_of(self, state: str) -> type[IllegalMove]:
        """What the state of this name refuses a move with."""
        return refusal_of(self._states, state)

    def refusals(self, verb: str, kind: str) -> set[type[AppError]]:
        """All that the verb can be refused with, for an actor of this kind: by the row's state, and by the move's guards."""
        moves = self._moves_of(kind, verb)
        ways = {move.origin.name for move in moves}
        states = {state.refusal for state in self._states if state.name not in ways}
        return {NotFound} | states | {guard.error for move in moves for guard in move.guards} if moves else set()

    def move(
        self,
        work: Work,
        verb: str,
        subject_id: int,
        origin: State | None = None,
        /,
        *,
        by: str | None = None,
        **arguments: Argument,
    ) -> JsonText:
        """Move the row and write the event; the row as JSON. Raises NotFound, the refusal of its state or the guard's error.

        `by` is the kind of actor that makes the move if it is not the caller: a ticket that moves its order. With `origin`,
        only the verb's move from there is made.
        """
        kind = by or work.actor.kind
        if by is None and work.actor.session is not None and work.may_join():
            body = self._concurrently(verb, kind, tuple(arguments)).move(work, subject_id, arguments)
            if body is not None:
                return body
        moves = [move for move in self._moves_of(kind, verb) if origin in (None, move.source)]
        for move in moves:
            row = work.one(self._kept(self._compile_lone, move, kind), subject_id=subject_id, **arguments)
            if row.body is not None:
                return JsonText(row.body)
        raise self.why_not(work, verb, subject_id, origin, by=by, **arguments)

    def why_not(
        self,
        work: Work,
        verb: str,
        subject_id: int,
        origin: State | None = None,
        /,
        *,
        by: str | None = None,
        **arguments: Argument,
    ) -> AppError:
        """Why the row cannot make the move."""
        kind = by or work.actor.kind
        moves = [move for move in self._moves_of(kind, verb) if origin in (None, move.source)]
        checked = work.one(self._kept(self._compile_checks, verb, kind), subject_id=subject_id, **arguments)
        if checked is None:
            work.prove(again=True)  # to a session that ended while a row was waited for, nothing belongs
        return refusal(moves, self._states, checked)

    def move_many(self, work: Work, verb: str, rows: list[Arguments], *, origin: State | None = None) -> set[int]:
        """Make the verb's move from `origin`, by default its first, with each of the rows that can make it; the ids of those.

        A row is `id` and arguments. Waits for rows that others have locked.
        """
        if not rows:
            return set()
        move = next(move for move in self._moves_of(work.actor.kind, verb) if origin in (None, move.source))
        names = tuple(name for name in rows[0] if name != "id")
        statement = self._kept(self._compile_many, move, work.actor.kind, names)
        return {row.id for row in work.all(statement, moves=orjson.dumps(rows).decode())}

    def _concurrently(self, verb: str, kind: str, names: tuple[str, ...]) -> ConcurrentMoves:
        key = verb, kind, names
        if key not in self._concurrent:
            move = self._moves_of(kind, verb)[0]
            both = (self._compile_many(move, kind, names, concurrent=True, keyed=keyed) for keyed in (False, True))
            self._concurrent[key] = ConcurrentMoves(idempotency.BatchStatement(*both), kind)
        return self._concurrent[key]

    def _moves_of(self, kind: str, verb: str | None = None) -> list[Move]:
        return [move for move in self.moves if move.source and kind in move.who and verb in (None, move.verb)]

    def _kept(self, compiling: Callable[..., Statement], *key: object) -> Statement:
        """The statement that `compiling` makes of `key`; made when first asked for, as a process that starts needs few."""
        known = (compiling, *key)
        if known not in self._statements:
            self._statements[known] = compiling(*key)
        return self._statements[known]

    def _compile_row(self, kind: str) -> Statement:
        row = self.table
        found = select(*self.view(row, kind)).where(row.c.id == bindparam("subject_id"), self._owned(row, kind))
        return Statement(select(json_of(found).label("body")))

    def _compile_open(self, kind: str) -> Statement:
        row = self.table
        actions = self.actions(row, kind).label("actions")
        return Statement(select(actions).where(row.c.id == bindparam("subject_id"), self._owned(row, kind)))

    def _compile_lone(self, move: Move, kind: str) -> Statement:
        """The move of the row `subject_id`; `body` is the row as JSON, null if it was not moved.

        This is a statement of its own, as a lone move costs 8 % more as one of many.
        """
        row = self.table
        guards = [guard.holds(row) for guard in move.guards]
        moved = (
            update(row)
            .where(row.c.id == bindparam("subject_id"), self._owned(row, kind), move.starts_from(row), *guards)
            .values(status=move.target.status, **move.sets(row))
            .returning(*row.c)
            .cte("moved")
        )
        noted = self._noted(move, moved)
        body = json_of(select(*self.view(moved, kind)).select_from(moved.join(noted, true()))).label("body")
        if kind in ACCOUNTS:
            return Statement(proved(kind, body), guarded=True, whole=True)
        return Statement(select(body), whole=kind == SYSTEM)

    def _compile_many(
        self, move: Move, kind: str, names: tuple[str, ...], *, concurrent: bool = False, keyed: bool = False
    ) -> Statement:
        """The move of many rows: `moves` is a JSON array of objects with `id` and these `names`.

        It makes the moves of one caller and returns the ids of the rows that were moved. `concurrent`, it makes the moves of
        many callers, whose sessions it proves row by row; it skips what others have locked, and returns `position` and `body`.
        `keyed`, it keeps the answers of those that came with an Idempotency-Key, and skips what is not theirs to change.
        """
        row = self.table
        own = [column(name, row.c[name].type) for name in ("id", *names)]
        claim = idempotency.CLAIM if keyed else ()
        given = rows_of("moves", [*CALLER, *claim, *own] if concurrent else own)
        caller = [is_live(kind, given), self._owned(row, kind, given.c.actor_id)] if concurrent else [self._owned(row, kind)]
        free = [idempotency.is_free(given)] if keyed else []
        guards = [_of_each(guard.holds(row), given) for guard in move.guards]
        locked = (
            select(*given.c)
            .join(row, row.c.id == given.c.id)
            .where(move.starts_from(row), *caller, *guards, *free)
            .order_by(row.c.id)
            .with_for_update(of=row, key_share=True, skip_locked=concurrent)
            .cte("locked")
        )
        moved = (
            update(row)
            .where(row.c.id == locked.c.id)
            .values(status=move.target.status, **{name: _of_each(value, locked) for name, value in move.sets(row).items()})
            .returning(*row.c, *(each for each in locked.c if each.name not in row.c))
            .cte("moved")
        )
        if not concurrent:
            written = select(func.count()).select_from(self._noted(move, moved)).scalar_subquery()
            return Statement(select(moved.c.id, written.label("written")))
        noted = self._noted(move, moved, **{name: moved.c[name] for name in ("actor_id", "api_key_id", "request_id")})
        after = select(*(moved.c[each.name] for each in row.c)).subquery("after")
        view = select(*self.view(after, kind)).subquery("v")
        done = moved.join(view, view.c.id == moved.c.id).outerjoin(noted, false())
        answers = select(moved.c.position, AS_JSON.label("body"), *(moved.c[each.name] for each in claim)).select_from(done)
        return Statement(idempotency.kept(answers) if keyed else answers, whole=True)

    def _compile_checks(self, verb: str, kind: str) -> Statement:
        row = self.table
        columns = [*checks(self._moves_of(kind, verb), self._states, row), self.actions(row, kind).label("actions")]
        return Statement(select(*columns).where(row.c.id == bindparam("subject_id"), self._owned(row, kind)))

    def _owned(self, row: Columns, kind: str, caller: Expression = None) -> Condition:
        if caller is None and kind in ACCOUNTS:
            caller = caller_id(kind)
        return owned(self._owners, kind, row, caller)

    def _noted(self, move: Move, moved: Columns, **columns: Expression) -> Columns:
        """The CTE that writes the event of each moved row."""
        return noted_from(
            moved,
            verb=move.verb,
            subject=self.table.name,
            from_status=move.origin.status,
            to_status=move.target.status,
            details=move.notes(moved),
            **self.subject(moved),
            **columns,
        )


def _of_each(clause: Expression, given: Columns) -> Expression:
    """The clause of a lone move with columns of `given` in place of the bind parameters of the same names."""

    def own(element: Expression) -> Expression:
        return given.c[element.key] if isinstance(element, BindParameter) and element.key in given.c else None

    return replacement_traverse(clause, {}, own)
