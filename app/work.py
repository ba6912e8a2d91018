"""Work: one use case being carried out, on one connection, by one actor, at one time."""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from app.config import DAY, HOUR, settings
from app.database import Statement, engine
from app.errors import Disabled, NotAuthenticated
from app.services.sessions import proof

MERCHANT, CUSTOMER, ADMIN, PLATFORM, SYSTEM = "merchant", "customer", "admin", "platform", "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. With `session`, the digest of a token, nothing is done until that session is seen to be live."""

    kind: str
    id: int | None = None
    session: str | None = None


class Work:
    """What services are handed: they run statements on it; its owner commits.

    The connection is taken at the first statement and given back at the end. A reading work runs in autocommit.
    A writing one opens a transaction, unless its first statement is whole by itself.
    Every statement finds `now`, the actor and the deadlines among its parameters.
    """

    def __init__(self, actor: Actor, *, writes: bool, now: int | None = None, request_id: str | None = None) -> None:
        self.actor = actor
        self.writes = writes
        self.now = int(time.time()) if now is None else now
        self.request_id = request_id
        self._proved = actor.session is None
        self._connection: Any = None
        self._cursor: Any = None
        self._parameters = {
            "now": self.now,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "session": actor.session,
            "trusted": actor.session is None,
            "request_id": request_id,
            **deadlines(),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._connection is None:
            return
        if self._connection.connection.closed:
            self._connection.invalidate()
            engine().dispose()
        else:
            self._connection.close()
        self._connection = self._cursor = None

    def commit(self) -> None:
        if self._connection is not None:
            self._connection.commit()

    def rollback(self) -> None:
        """Undo what this work has done so far; it may go on."""
        if self._connection is not None:
            self._connection.rollback()

    def one(self, statement: Statement, **parameters: Any) -> Any:
        """The statement's first row, or None."""
        self._run(statement, parameters)
        row = self._cursor.fetchone()
        if statement.guarded:
            self._prove(row)
        return row

    def all(self, statement: Statement, **parameters: Any) -> list[Any]:
        """All rows of the statement."""
        self._run(statement, parameters)
        return list(self._cursor.fetchall())

    def do(self, statement: Statement, **parameters: Any) -> int:
        """Run a statement that returns nothing; how many rows it touched."""
        self._run(statement, parameters)
        return int(self._cursor.rowcount)

    def begin(self) -> None:
        """Open the transaction now, so that statements that are whole by themselves run inside it too."""
        self._open(transaction=True)

    def _run(self, statement: Statement, parameters: dict[str, Any]) -> None:
        self._open(transaction=self.writes and not statement.whole)
        if not self._proved and not statement.guarded:
            self._execute(proof(self.actor.kind), {})
            self._prove(self._cursor.fetchone())
        self._execute(statement, parameters)

    def _open(self, *, transaction: bool) -> None:
        if self._connection is None:
            self._connection = engine().raw_connection()
            self._connection.connection.autocommit = not transaction
            self._cursor = self._connection.cursor()
        elif transaction and self._connection.connection.autocommit:
            self._connection.connection.autocommit = False

    def _execute(self, statement: Statement, parameters: dict[str, Any]) -> None:
        self._cursor.execute(statement.sql, {**statement.values, **self._parameters, **parameters})

    def _prove(self, row: Any) -> None:
        if self._proved:
            return
        if row is None:
            raise NotAuthenticated
        if row.caller_status:
            raise Disabled
        self._proved = True


def deadlines() -> dict[str, int]:
    """The deadlines in seconds, as statements name them; 0 is off."""
    return {
        "auto_receive": settings.auto_receive_days * DAY,
        "answer": settings.answer_hours * HOUR,
        "return_goods": settings.return_days * DAY,
        "return_receive": settings.return_receive_days * DAY,
        "after_sale": settings.after_sale_days * DAY,
        "ship": settings.ship_hours * HOUR,
    }
