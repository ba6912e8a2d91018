"""Moves that callers make at the same time: one statement makes them all, each for the caller whose session it proves."""

from typing import Any

import orjson
from sqlalchemy import JSON, Integer, Text, bindparam, cast, column, func

from app.database import SPOILED, Statement
from app.micro_batches import MicroBatches
from app.work import Actor, Work

Asked = tuple[Work, dict[str, Any]]


def asked(columns: list[Any]) -> Any:
    """The rows of `moves`, one JSON array: a position, the caller, the session and the request, and `columns`."""
    own = [column("position", Integer), column("actor_id", Integer), column("session", Text), column("request_id", Text)]
    given = func.json_to_recordset(cast(bindparam("moves"), JSON))
    return given.table_valued(*own, *columns).render_derived(name="given", with_types=True)


class JointMoves:
    """The moves of one verb by callers of one kind; `statement` tells `position` and `body` of those that it made."""

    def __init__(self, statement: Statement, kind: str) -> None:
        self._statement = statement
        self._kind = kind
        self._batches = MicroBatches(self._move)

    def move(self, work: Work, subject_id: int, parameters: dict[str, Any]) -> str | None:
        """The row as JSON, moved; None when it was not, for which there may be any reason, or none."""
        return self._batches.do((work, {"id": subject_id, **parameters}))

    def _move(self, moves: list[Asked]) -> list[str | None]:
        given = [
            {
                "position": position,
                "actor_id": work.actor.id,
                "session": work.actor.session,
                "request_id": work.request_id,
                **values,
            }
            for position, (work, values) in enumerate(moves)
        ]
        together = Work(Actor(self._kind), writes=True)
        try:
            rows = together.perform(lambda: together.all(self._statement, moves=orjson.dumps(given).decode()))
        except SPOILED:
            return [None] * len(moves)
        bodies = {row.position: row.body for row in rows}
        return [bodies.get(position) for position in range(len(moves))]
