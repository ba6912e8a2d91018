"""Moves that many callers make at the same time, made by one statement that proves the session of each of them."""

from typing import NamedTuple

import orjson
from sqlalchemy import Integer, Text, column

from app.db.change_batches import batches
from app.db.types import JsonText
from app.db.work import Work
from app.services.idempotency import BatchStatement, claim_of, columns_of, mark_kept, repeated
from app.services.lifecycle.table import Arguments

# What each row of the statement's `moves` says of its caller.
CALLER = (
    column("position", Integer),
    column("actor_id", Integer),
    column("session", Text),
    column("api_key_id", Integer),
    column("scope", Text),
    column("request_id", Text),
)


class Request(NamedTuple):
    """One caller's move of one row."""

    work: Work
    arguments: Arguments


class ConcurrentMoves:
    """The moves of one verb by callers of one kind; `statement` returns `position` and `body` of each move that it made."""

    def __init__(self, statement: BatchStatement, kind: str) -> None:
        self._statement = statement
        self._batches = batches(kind, self._move, spoiled=None)

    def move(self, work: Work, subject_id: int, arguments: Arguments) -> JsonText | None:
        """The moved row as JSON; None if it was skipped, and the caller retries alone."""
        return self._batches.do(Request(work, {"id": subject_id, **arguments}))

    def _move(self, work: Work, requests: list[Request]) -> list[JsonText | None]:
        claims = [claim_of(request.work) for request in requests]
        again = repeated(claims)
        moves = [
            {
                "position": position,
                "actor_id": request.work.actor.id,
                "session": request.work.actor.session,
                "api_key_id": request.work.actor.api_key_id,
                "scope": request.work.actor.scope,
                "request_id": request.work.request_id,
                **request.arguments,
                **columns_of(claim),
            }
            for position, (request, claim) in enumerate(zip(requests, claims, strict=True))
            if position not in again
        ]
        rows = work.all(self._statement.of(claims), moves=orjson.dumps(moves).decode())
        bodies: dict[int, JsonText] = {row.position: row.body for row in rows}
        mark_kept(claims, bodies)
        return [bodies.get(position) for position in range(len(requests))]
