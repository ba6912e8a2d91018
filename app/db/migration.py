"""The schema: brought up to date, and a database that is ready for as long as a process runs."""

import contextlib
import logging
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg2.errors
import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.config import require_sense, settings
from app.db import embedded, pools, reaching
from app.db.failures import AWAY
from app.redaction import redacted

_ROOT = Path(__file__).parent.parent.parent
_ATTEMPTS = 20  # at a migration

log = logging.getLogger(__name__)


def migrate(revision: str = "head") -> None:
    """Bring the schema to `revision`; the processes that start together take turns (see `migrations/env.py`).

    Where a table is in use for long, lets those who wait for it pass and tries again, up to 20 times.
    """
    step = command.downgrade if revision == "base" else command.upgrade
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            step(alembic_config(), revision)
            return
        except sqlalchemy.exc.OperationalError as error:
            if not isinstance(error.orig, psycopg2.errors.LockNotAvailable) or attempt == _ATTEMPTS:
                raise
            log.warning("a table is in use, migrating again: %s", redacted(error.orig))
            time.sleep(1)


def alembic_config() -> Config:
    config = Config(str(_ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    return config


@cache
def expected_revision() -> str:
    """The revision that the code of this process was written for."""
    return str(_scripts().get_current_head())


def is_newer(revision: str | None) -> bool:
    """Whether it is of a later release, whose schema this one can use too (see docs/operations.md)."""
    return revision is not None and revision not in _known_revisions()


@cache
def _known_revisions() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


@contextlib.contextmanager
def running(*, waits: bool = False) -> Iterator[None]:
    """The database ready to use, and left tidy: migrated at the start, the embedded server stopped by its last user.

    A configured database that is away is waited for: with `waits` without end, until the process is told to stop, which
    raises `reaching.Stopped`; else for 30 seconds. With MIGRATE=false a process that waits also waits until
    others have migrated the schema.
    """
    require_sense()
    try:
        if waits and not settings.embedded:
            reaching.until_done(migrate if settings.migrate else _require_migrated)
        else:
            _wait_until_reachable()
            migrate()
        yield
    finally:
        pools.leave()
        if settings.embedded:
            embedded.embedded_server().cleanup()
            embedded.embedded_server.cache_clear()


def _require_migrated() -> None:
    """Raise `reaching.NotYet` while the schema is older than this code."""
    with contextlib.closing(pools.connect_to_migrate()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('alembic_version')")
        found = None
        if cursor.fetchone() != (None,):
            cursor.execute("SELECT max(version_num) FROM alembic_version")
            (found,) = cursor.fetchone()
    if found != expected_revision() and not is_newer(found):
        raise reaching.NotYet(f"the schema is at {found or 'nothing'}, to be migrated to {expected_revision()}")


def _wait_until_reachable(seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            pools.take(pools.thread_engine()).close()
            return
        except AWAY:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
