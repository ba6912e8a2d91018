"""The streaming replica: heavy reads go to it, once it has replayed all that the primary had written when they were asked.

A replica that is away, that lags, or that is none any more is left alone for a while; the primary answers instead.
"""

import logging
import time
from functools import cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Engine

from app.config import settings
from app.db.failures import AWAY
from app.db.pools import connected, pool, retire, take
from app.db.statement import Statement
from app.redaction import redacted

PAUSE = 5.0  # seconds that it is left alone
_GLANCE = 0.01  # seconds between looks at how far it is

# What is committed can be seen once it is flushed, or before where the server is told not to wait for that.
POSITION = Statement(
    text("""
        SELECT lsn, left(pg_walfile_name(lsn), 8) AS timeline FROM (SELECT CASE current_setting('synchronous_commit')
            WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END) AS written (lsn)
    """)
)
"""How far the primary has written: all that can be seen there lies before."""

# A server that left the primary's timeline may be further on, and yet lack what was written since.
_HAS_ALL = """
SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn
    AND (SELECT min_recovery_end_timeline FROM pg_control_recovery()) = %s AS has_all
"""

log = logging.getLogger(__name__)
_back_at = 0.0


def is_expected() -> bool:
    """Whether a replica is configured, and is not left alone just now."""
    return settings.database_replica_url is not None and time.monotonic() >= _back_at


@cache
def engine() -> Engine:
    """The pool of connections to the replica."""
    return pool(connect, settings.threads)


def connect() -> Any:
    """A connection of its own to the replica."""
    return connected(settings.configured_replica(), target_session_attrs="standby")


def connection_at(lsn: str, timeline: str) -> Any:
    """A connection to the replica, which has replayed all before `lsn`; None when it has not, nor does soon."""
    try:
        connection = take(engine())
    except AWAY as error:
        leave_alone(error)
        return None
    try:
        if has_all(connection.connection, lsn, timeline, settings.replica_patience):
            return connection
        leave_alone("it lags, or follows another primary")
        connection.close()
    except AWAY as error:
        leave_alone(error)
        retire(engine(), connection)
    return None


def has_all(connection: Any, lsn: str, timeline: str, patience: float) -> bool:
    """Whether the replica comes to have replayed all before `lsn`, within `patience` seconds."""
    connection.autocommit = True
    deadline = time.monotonic() + patience
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_HAS_ALL, (lsn, int(timeline, 16)))
            if cursor.fetchone().has_all:
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_GLANCE)


def leave_alone(why: BaseException | str) -> None:
    """Read from the primary for a while."""
    global _back_at
    _back_at = time.monotonic() + PAUSE
    log.warning("reading from the primary, not the replica: %s", why if isinstance(why, str) else redacted(why))
