"""Connections to the configured or the embedded server, in one pool for the event loop and one for the threads."""

import asyncio
import select
from collections.abc import Callable
from functools import cache
from typing import Any

import psycopg2
from psycopg2.extensions import parse_dsn, register_adapter
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only

from app.config import settings
from app.db import async_driver, limits
from app.db.arrays import ArrayLiteral
from app.db.embedded import embedded_server
from app.db.thread_driver import WatchedConnection, WatchedCursor, watchdog
from app.db.turns import Turns

POOL_TIMEOUT = 5  # seconds that a call waits for a connection
TRIES = 3  # an idle connection may be lost, and so may the new one in its place

_SESSION = (
    "-c jit=off -c plan_cache_mode=force_generic_plan -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1"
    " -c cpu_tuple_cost=0.03"
    " -c idle_in_transaction_session_timeout=60s"
)
_LINK = {
    "application_name": "meta_be",
    "connect_timeout": 3,  # for each host
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 6000,  # milliseconds
}  # a machine that vanishes is noticed within 6 s

register_adapter(list, ArrayLiteral)


def engine() -> Engine:
    """The pool of the event loop if called there, else that of the threads."""
    return loop_engine() if async_driver.is_here() else thread_engine()


@cache
def thread_engine() -> Engine:
    """The pool of the threads, one connection for each."""
    return pool(connect, settings.threads)


@cache
def loop_engine() -> Engine:
    """The pool of the event loop; the connections are opened in threads (see `app/db/async_driver.py`)."""
    return pool(
        _open_for_loop,
        settings.pool_size - settings.threads,
        poolclass=_LoopPool,
        use_native_hstore=False,
        _initialize=False,
    )


def pool(creator: Callable[[], Any], size: int, **options: Any) -> Engine:
    """A pool that opens connections on demand and hands out the most recently used first.

    A connection must be given back outside a transaction: the pool does not roll back.
    """
    return create_engine(
        "postgresql+psycopg2://",
        creator=creator,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        **options,
    )


def take(source: Engine) -> Any:
    """Take a connection from the pool; `close()` gives it back, `invalidate()` closes it for good.

    One that the server closed while it was idle is replaced. Raises what psycopg2 raises when it cannot connect.
    """
    for _ in range(TRIES):
        try:
            connection = source.raw_connection()
        except _CancelledWhileOpening:
            raise asyncio.CancelledError from None
        if not _is_lost(connection):
            return connection
        connection.invalidate()
    raise psycopg2.OperationalError("the server closes what it has just opened")


def retire(source: Engine, connection: Any) -> None:
    """Close this connection now, and each other connection open now before its next use."""
    source.pool._invalidate(connection)


class _LoopPool(AsyncAdaptedQueuePool):
    _queue_class = Turns
    _sqla_logger_namespace = "sqlalchemy.pool"  # else its lines would be logged as ours


class _CancelledWhileOpening(Exception):
    """Stands in for CancelledError, on which SQLAlchemy 1.4 loses the connection's place in the pool."""


def _open_for_loop() -> Any:
    try:
        return await_only(asyncio.to_thread(_loop_connection))
    except asyncio.CancelledError:
        raise _CancelledWhileOpening from None


def _is_lost(connection: Any) -> bool:
    """Whether the connection is closed, or can be read: an idle server sends nothing but its farewell."""
    heard = connection.info.get("heard")
    if heard is None:
        heard = connection.info["heard"] = select.poll()
        heard.register(connection.connection.fileno(), select.POLLIN)
    return bool(connection.connection.closed or heard.poll(0))


def checked_out() -> int:
    """The number of connections in use."""
    return sum(pooled().pool.checkedout() for pooled in (loop_engine, thread_engine))


def waiting() -> int:
    """The number of calls on the event loop that wait for a connection."""
    return max(0, async_driver.inside() - int(loop_engine().pool.size()))


def overdue_calls() -> int:
    """The number of calls and waits past their limit; 0 unless something hangs."""
    return async_driver.calls.overdue() + watchdog().overdue()


def leave() -> None:
    """Close the idle connections and forget the pools."""
    for pooled in (loop_engine, thread_engine):
        pooled().dispose()
        pooled.cache_clear()


def connect() -> Any:
    """Connect to the primary outside the pools, for a thread; starts the embedded server if no database is configured."""
    return connected(_uri(), target_session_attrs="read-write")


def connected(uri: str, **wanted: str) -> Any:
    """Connect to the first host of `uri` that fits `wanted`; parameters in `uri` take precedence."""
    given = _given(uri, limits.thread_seconds(), **wanted)
    return psycopg2.connect(**given, connection_factory=WatchedConnection, cursor_factory=WatchedCursor)


def connect_to_migrate() -> Any:
    """Connect to the primary without a limit on how long a statement takes."""
    return psycopg2.connect(**_given(_uri(), 0, target_session_attrs="read-write"))


def _loop_connection() -> Any:
    return async_driver.connected(_hosts(_given(_uri(), settings.statement_seconds, target_session_attrs="read-write")))


def _hosts(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The connection parameters of each named host; one port, if only one is given, serves all of them."""
    named = {name: str(given[name]).split(",") for name in ("host", "hostaddr", "port") if name in given}
    number = max(map(len, named.values()), default=1)
    return [given | {name: values[min(at, len(values) - 1)] for name, values in named.items()} for at in range(number)]


def _given(uri: str, seconds: int, **wanted: str) -> dict[str, Any]:
    """Connection parameters that let a statement take `seconds`, and wait half of that for a lock; 0 is no limit."""
    given = parse_dsn(uri)
    limits = f"-c statement_timeout={seconds}s -c lock_timeout={seconds * 500}ms"
    given["options"] = f"{_SESSION} {limits} {given.get('options', '')}"
    return {**_LINK, **wanted, **given}


def _uri() -> str:
    return str(embedded_server().get_uri()) if settings.embedded else settings.configured_database()
