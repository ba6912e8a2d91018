"""Statements on a connection of the pool, which is taken at the first of them and given back at the end."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from app.db.failures import AWAY, READ_ONLY
from app.db.pools import engine, retire, take
from app.db.statement import Statement
from app.ops import tracing

MOST_KEPT = 200  # statements that one connection keeps prepared


class Connected:
    """Runs statements on one connection, in autocommit or in a transaction, and gives it back when it is left.

    What has not been committed by then is undone.
    """

    def __init__(self) -> None:
        self._source: Any = None  # the pool that the connection is from
        self._connection: Any = None
        self._cursor: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._connection is None:
            return
        with suppress(*AWAY):
            self.rollback()
        if isinstance(error, READ_ONLY):
            retire(self._source, self._connection)
        elif self._connection.connection.closed:
            self._connection.invalidate()
        else:
            self._connection.close()
        self._connection = self._cursor = self._source = None

    def all(self, statement: Statement, **parameters: Any) -> list[Any]:
        """All rows of the statement."""
        self._run(statement, parameters)
        return list(self._cursor.fetchall())

    def commit(self) -> None:
        """Make what was done lasting."""
        if self._in_transaction():
            with tracing.statement("COMMIT"):
                self._connection.commit()

    def rollback(self) -> None:
        """Undo what has been done so far; one may go on."""
        if self._in_transaction():
            self._connection.rollback()

    def _run(self, statement: Statement, parameters: dict[str, Any]) -> None:
        self._open(transaction=False)
        self._execute(statement, parameters)

    def _open(self, *, transaction: bool) -> None:
        if self._connection is None:
            self._source = engine()
            self._connection = take(self._source)
            self._connection.connection.autocommit = not transaction
            self._cursor = self._connection.cursor()
        elif transaction and self._connection.connection.autocommit:
            self._connection.connection.autocommit = False

    def _in_transaction(self) -> bool:
        return self._connection is not None and self._connection.connection.get_transaction_status() != TRANSACTION_STATUS_IDLE

    def _execute(self, statement: Statement, parameters: dict[str, Any]) -> None:
        with tracing.statement(statement.name, statement.asker):
            if statement.kept and self._prepared(statement):
                self._cursor.execute(statement.call, parameters)
            else:
                self._cursor.execute(statement.sql, statement.values | parameters)

    def _prepared(self, statement: Statement) -> bool:
        """Whether the connection keeps the statement prepared; it does from the first call on, up to a number of them."""
        kept = self._connection.info.setdefault("kept", set())
        if statement not in kept:
            if len(kept) >= MOST_KEPT:
                return False
            self._cursor.execute(statement.preparation(self._cursor))
            kept.add(statement)
        return True
