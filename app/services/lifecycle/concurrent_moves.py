"""Moves that callers make at the same time: one statement makes them all, each for the caller whose session it proves."""

from typing import Any

import orjson
from sqlalchemy import Integer, Text, column

from app.db.batching import batches
from app.db.sql import rows_of
from app.db.statement import Statement
from app.db.work import Work

Asked = tuple[Work, dict[str, Any]]


def asked(columns: list[Any]) -> Any:
    """The rows of `moves`, one JSON array: a position, the caller, the session and the request, and `columns`."""
    own = [column("position", Integer), column("actor_id", Integer), column("session", Text), column("request_id", Text)]
    return rows_of("moves", [*own, *columns])


class JointMoves:
    """The moves of one verb by callers of one kind; `statement` tells `position` and `body` of those that it made."""

    def __init__(self, statement: Statement, kind: str) -> None:
        self._statement = statement
        self._batches = batches(kind, self._move, spoiled=None)

    def move(self, work: Work, subject_id: int, parameters: dict[str, Any]) -> str | None:
        """The row as JSON, moved; None when it was not, for which there may be any reason, or none."""
        return self._batches.do((work, {"id": subject_id, **parameters}))

    def _move(self, together: Work, moves: list[Asked]) -> list[str | None]:
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
        rows = together.all(self._statement, moves=orjson.dumps(given).decode())
        bodies = {row.position: row.body for row in rows}
        return [bodies.get(position) for position in range(len(moves))]
