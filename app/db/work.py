"""Work: one use case being carried out, on one connection, by one actor, at one time."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self, TypeVar

from psycopg2.errors import QueryCanceled

from app.config import settings
from app.db import async_driver, parameters, read_batches, replica
from app.db.caller import KEY_IN_FORCE, proof
from app.db.connected import Connected
from app.db.failures import AWAY
from app.db.limits import WHOLE_TABLE
from app.db.read_batches import NOT_ASKED
from app.db.statement import Statement
from app.db.thread_driver import StreamedCursor
from app.errors import AppError, Disabled, NotAuthenticated, NotFound, ScopeMissing, WrongApiKey
from app.ops import tracing

_WHOLE = f"SET LOCAL statement_timeout = '{WHOLE_TABLE}s'; SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = %s"
MERCHANT, CUSTOMER, ADMIN, PLATFORM, SYSTEM = "merchant", "customer", "admin", "platform", "system"
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. With `session`, the digest of a token, nothing is done until that session is seen to be live.

    With `api_key_id` it is the digest of that key, which must have the `scope`.
    """

    kind: str
    id: int | None = None
    session: str | None = None
    api_key_id: int | None = None
    scope: str | None = None


class Claim(Protocol):
    """What a work has to hold before its first statement (see `app/services/idempotency.py`)."""

    def hold(self, work: "Work") -> None: ...


class Work(Connected):
    """What services are handed: they run statements on it; its owner commits.

    The connection is taken at the first statement and given back at the end. A reading work runs in autocommit.
    A writing one opens a transaction, unless its first statement is whole by itself.
    It may be entered again, and then proves its session again.
    With a `claim`, that is held before the first statement, unless the change is made as one of a batch.
    With `heavy` set, a reading one is done on the replica where there is one (see `app/db/replica.py`).
    Every statement finds `now` and the actor among its parameters, which no call can replace, and the deadlines.
    """

    def __init__(self, actor: Actor, *, writes: bool, now: int | None = None, request_id: str | None = None) -> None:
        super().__init__()
        self.actor: Actor = actor
        self.writes = writes
        self.now: int = int(time.time()) if now is None else now
        self.request_id: str | None = request_id
        self.claim: Claim | None = None
        self.heavy = False
        self._holds = False
        self._on_replica = False
        self._proved = actor.session is None
        self._parameters = parameters.values(self)

    def __enter__(self) -> Self:
        if self.heavy and replica.is_expected():
            self._go_to_replica()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        super().__exit__(kind, error, trace)
        self._proved, self._holds = self.actor.session is None, False

    def perform(self, act: Callable[[], Result]) -> Result:
        """What `act` makes of this work. A change is tried once; a read that the replica breaks off is done at the primary."""
        try:
            with self:
                return act()
        except AWAY as error:
            if not self._on_replica or isinstance(error, QueryCanceled):
                raise
            replica.leave_alone(error)
        with self:
            return act()

    def may_join(self) -> bool:
        """Whether a read or a whole change may be one of a batch (see `app/db/batching.py`): nothing has been done here yet."""
        return self._connection is None and async_driver.is_here()

    def rollback(self) -> None:
        """Undo what this work has done so far; it may go on."""
        super().rollback()
        self._holds = False

    def one(self, statement: Statement, **parameters: Any) -> Any:
        """The statement's first row, or None; a read may be one of a batch (see `app/db/read_batches.py`)."""
        row = self._one_of_a_batch(statement, parameters)
        if row is NOT_ASKED:
            self._run(statement, parameters)
            row = self._cursor.fetchone()
        if statement.guarded:
            self._prove(row)
        return row

    def body(self, statement: Statement, **parameters: Any) -> str:
        """The `body` of the statement's one row, JSON text; raises NotFound when it is null."""
        body = self.one(statement, **parameters).body
        if body is None:
            raise NotFound
        return str(body)

    def do(self, statement: Statement, **parameters: Any) -> int:
        """Run a statement that returns nothing; how many rows it touched."""
        self._run(statement, parameters)
        return int(self._cursor.rowcount)

    def begin(self) -> None:
        """Open the transaction now, so that statements that are whole by themselves run inside it too."""
        self._open(transaction=True)

    def prove(self, *, again: bool = False) -> None:
        """See that the session is live, for what no statement proves by itself; `again` when it may have ended meanwhile."""
        if not self._proved or (again and self.actor.session is not None):
            self._open(transaction=False)
            self._execute(proof(self.actor.kind), self._parameters)
            self._prove(self._cursor.fetchone())

    def copy(self, statement: Statement, file: BinaryIO, *, quoted: Sequence[str], **parameters: Any) -> None:
        """Write the statement's rows to `file` as CSV with a header, by COPY; the columns `quoted` always in quotes."""
        self._begin_whole()
        rows = self._cursor.mogrify(statement.sql, self._given(statement, parameters)).decode()
        names = ", ".join('"{}"'.format(name.replace('"', '""')) for name in quoted)
        force = f", FORCE_QUOTE ({names})" if names else ""
        with tracing.statement(statement.name):
            self._cursor.copy_expert(f"COPY ({rows}) TO STDOUT (FORMAT csv, HEADER, ENCODING 'UTF8'{force})", file)

    def stream(self, statement: Statement, **parameters: Any) -> Generator[tuple[Any, ...]]:
        """The statement's rows as plain tuples, a few at a time from a cursor of the server's."""
        self._begin_whole()
        with self._connection.cursor("streamed", cursor_factory=StreamedCursor) as rows:
            with tracing.statement(statement.name):
                rows.execute(statement.sql, self._given(statement, parameters))
            yield from rows

    def _begin_whole(self) -> None:
        """Open a transaction that reads whole tables, with patience, and tells times by the shop's clock."""
        self.begin()
        self.prove()
        self._cursor.execute(_WHOLE, (settings.timezone,))

    def _one_of_a_batch(self, statement: Statement, parameters: dict[str, Any]) -> Any:
        if self.writes or not self.may_join():
            return NOT_ASKED
        return read_batches.row(statement, parameters | self._parameters)

    def _run(self, statement: Statement, parameters: dict[str, Any]) -> None:
        if self.claim is not None and not self._holds:
            self._holds = True
            self.claim.hold(self)
        self._open(transaction=self.writes and not statement.whole)
        if not statement.guarded:
            self.prove()
        self._execute(statement, parameters | self._parameters)

    def _go_to_replica(self) -> None:
        """See at the primary that the session is live, then read where nothing is missing that the primary had by then."""
        with Work(self.actor, writes=False) as asked:
            asked.prove()
            position = asked.one(replica.POSITION)
        self._connection = replica.connection_at(position.lsn, position.timeline)
        if self._connection is not None:
            self._source, self._on_replica = replica.engine(), True
            self._cursor = self._connection.cursor()

    def _given(self, statement: Statement, parameters: dict[str, Any]) -> dict[str, Any]:
        return statement.values | parameters | self._parameters

    def _prove(self, row: Any) -> None:
        """See what a guarded statement says of the session, each time: it may end between two of them."""
        if row is None:
            raise self._stranger()
        if row.caller_status and self.actor.session is not None:
            raise Disabled
        self._proved = True

    def _stranger(self) -> AppError:
        """Why the actor is not let in: the session is not live, the key is not in force, or it lacks the scope."""
        if self.actor.api_key_id is None:
            return NotAuthenticated()
        self._open(transaction=False)
        self._execute(KEY_IN_FORCE, self._parameters)
        return WrongApiKey() if self._cursor.fetchone() is None else ScopeMissing(scope=self.actor.scope)
