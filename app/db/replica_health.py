"""How the replica is, looked at beside the requests: who asks whether the service is ready does not wait for it."""

import asyncio
import logging
from contextlib import closing

import psycopg2

from app.config import settings
from app.db import replica
from app.db.failures import AWAY
from app.db.threads import in_thread
from app.db.work import SYSTEM, Actor, Work
from app.redaction import redacted

INTERVAL = 5.0  # seconds between looks
PATIENCE = 1.0  # seconds at most that a look waits for what the primary has, for a stop waits for the look
FINE, BEHIND, GONE, UNKNOWN = "ok", "behind", "away", "unknown"

log = logging.getLogger(__name__)
_state = UNKNOWN


def state() -> str:
    """How it was when it was last seen; `behind` is one on another timeline, too."""
    return _state


def is_missed() -> bool:
    """Whether the primary is read because the replica can not be."""
    return _state in (BEHIND, GONE)


async def watch() -> None:
    """Look every few seconds until cancelled; not at all where no replica is configured."""
    while settings.database_replica_url is not None:
        await in_thread(look)
        await asyncio.sleep(INTERVAL)


def look() -> None:
    """See whether it has all that the primary has; while that is away too, nothing new is known."""
    try:
        with Work(Actor(SYSTEM), writes=False) as work:
            position = work.one(replica.POSITION)
    except AWAY:
        return
    try:
        with closing(replica.connect()) as connection:
            has_all = replica.has_all(connection, position.lsn, position.timeline, min(settings.replica_patience, PATIENCE))
    except psycopg2.Error as error:
        _note(GONE, f": {redacted(error)}")
    else:
        _note(FINE if has_all else BEHIND)


def _note(found: str, why: str = "") -> None:
    global _state
    if found != _state:
        log.log(logging.INFO if found == FINE else logging.WARNING, "the replica is %s%s", found, why)
    _state = found
