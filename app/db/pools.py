"""Connections: to the configured server or to the embedded one, pooled for the event loop and for the threads."""

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
from app.db import async_driver, overdue
from app.db.arrays import ArrayLiteral
from app.db.embedded import embedded_server
from app.db.overdue import WatchedConnection, WatchedCursor

POOL_TIMEOUT = 5  # seconds that a connection is waited for
TRIES = 3  # at a connection: an idle one that was lost, a new one in its place, and that one may be lost at once

_SESSION = (
    "-c jit=off -c plan_cache_mode=force_generic_plan -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1"
    " -c idle_in_transaction_session_timeout=60s"
)
_LINK = {
    "application_name": "meta_be",
    "connect_timeout": 3,  # for each host
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 6000,  # milliseconds
}  # a machine that is gone without a word is noticed within 6 s

register_adapter(list, ArrayLiteral)


def engine() -> Engine:
    """The pool to take a connection from: that of the event loop, or that of the threads."""
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
        poolclass=AsyncAdaptedQueuePool,
        use_native_hstore=False,
        _initialize=False,
    )


def pool(creator: Callable[[], Any], size: int, **options: Any) -> Engine:
    """A pool of connections, the warmest first; none is opened before it is asked for.

    Who gives one back has ended its transaction.
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
    """A connection of the pool `source`, whose next user gets it by `close()`, and a new one by `invalidate()`.

    One that the server has closed while it was idle is replaced here.
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
    """Close this connection of the pool now, and the others that are open now as soon as they are not at work."""
    source.pool._invalidate(connection)


class _CancelledWhileOpening(Exception):
    """In place of CancelledError, at which SQLAlchemy 1.4 forgets to take the connection's place in the pool back."""


def _open_for_loop() -> Any:
    try:
        return await_only(asyncio.to_thread(_loop_connection))
    except asyncio.CancelledError:
        raise _CancelledWhileOpening from None


def _is_lost(connection: Any) -> bool:
    """An idle server says nothing, unless that it leaves."""
    heard = connection.info.get("heard")
    if heard is None:
        heard = connection.info["heard"] = select.poll()
        heard.register(connection.connection.fileno(), select.POLLIN)
    return bool(connection.connection.closed or heard.poll(0))


def checked_out() -> int:
    """How many connections are at work."""
    return sum(pooled().pool.checkedout() for pooled in (loop_engine, thread_engine))


def waiting() -> int:
    """How many calls on the event loop wait for a connection."""
    return max(0, async_driver.inside() - int(loop_engine().pool.size()))


def overdue_calls() -> int:
    """How many calls and waits for the database are past their deadline: none, unless something hangs."""
    return async_driver.calls.overdue() + overdue.watchdog().overdue()


def leave() -> None:
    """Close the connections that are idle, and forget the pools."""
    for pooled in (loop_engine, thread_engine):
        pooled().dispose()
        pooled.cache_clear()


def connect() -> Any:
    """A connection of its own to the primary, for a thread; starts the embedded server first when no database is configured."""
    return connected(_uri(), target_session_attrs="read-write")


def connected(uri: str, **wanted: str) -> Any:
    """A connection to the first host of `uri` that is as `wanted`; what `uri` says itself wins."""
    given = _given(uri, overdue.thread_seconds(), **wanted)
    return psycopg2.connect(**given, connection_factory=WatchedConnection, cursor_factory=WatchedCursor)


def connect_to_migrate() -> Any:
    """A connection of its own to the primary, whose statements may take as long as they need."""
    return psycopg2.connect(**_given(_uri(), 0, target_session_attrs="read-write"))


def _loop_connection() -> Any:
    return async_driver.connected(_hosts(_given(_uri(), settings.statement_seconds, target_session_attrs="read-write")))


def _hosts(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The connection parameters of each host, where several are named; libpq takes one port for all of them."""
    named = {name: str(given[name]).split(",") for name in ("host", "hostaddr", "port") if name in given}
    number = max(map(len, named.values()), default=1)
    return [given | {name: values[min(at, len(values) - 1)] for name, values in named.items()} for at in range(number)]


def _given(uri: str, seconds: int, **wanted: str) -> dict[str, Any]:
    """The parameters of a connection on which a statement may take so many seconds, and wait half of them for a lock."""
    given = parse_dsn(uri)
    limits = f"-c statement_timeout={seconds}s -c lock_timeout={seconds * 500}ms"
    given["options"] = f"{_SESSION} {limits} {given.get('options', '')}"
    return {**_LINK, **wanted, **given}


def _uri() -> str:
    return str(embedded_server().get_uri()) if settings.embedded else settings.configured_database()
