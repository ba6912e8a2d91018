"""The database: statements compiled once, its schema brought up to date, and what tells that it is away."""

import contextlib
import itertools
import logging
import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.postgresql import psycopg2 as psycopg2_dialect

from app import connections, reaching
from app.config import require_sense, settings
from app.redaction import told

_ROOT = Path(__file__).parent.parent
_numbers = itertools.count()
_PARAMETER = re.compile(r"%\((\w+)\)s")
_INTEGERS = ("now", "actor_id", "auto_receive", "answer", "return_goods", "return_receive", "after_sale", "ship")
_TYPES = {"actor_kind": "text", "session": "text", "request_id": "text", "trusted": "boolean"} | dict.fromkeys(
    _INTEGERS, "integer"
)  # of the parameters that `Work` gives to every statement; PostgreSQL infers the others

_ATTEMPTS = 20  # at a migration

log = logging.getLogger(__name__)

READ_ONLY = psycopg2.errors.ReadOnlySqlTransaction
"""What a server answers to a change when it is no primary any more."""

AWAY = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    READ_ONLY,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.TimeoutError,
)
"""What is raised when the database can not be reached, or says that it can not go on."""

SPOILED = (
    psycopg2.IntegrityError,
    psycopg2.DataError,
    psycopg2.errors.LockNotAvailable,
    psycopg2.extensions.TransactionRollbackError,
)
"""What one of many changes that are made by one statement can raise for all of them."""


class Statement:
    """A Core statement, compiled once into the SQL that psycopg2 sends.

    `guarded`: it proves the caller's session by itself (see `services/sessions.py`).
    `whole`: it is a complete change by itself, so it needs no transaction around it.
    Both kinds are the ones called often: each connection keeps them prepared, for planning costs more than running them;
    unless they are `varied`, so that the right plan depends on what is looked for.
    """

    __slots__ = ("call", "guarded", "kept", "name", "sql", "values", "whole")

    def __init__(self, clause: Any, *, guarded: bool = False, whole: bool = False, varied: bool = False) -> None:
        compiled = clause.compile(dialect=psycopg2_dialect.dialect())
        self.sql = str(compiled)
        self.values = {name: value for name, value in compiled.params.items() if value is not None}
        self.guarded = guarded
        self.whole = whole
        self.kept = (guarded or whole) and not varied
        self.name = f"statement_{next(_numbers)}"
        given = ", ".join(f"%({name})s" for name in self._parameters())
        self.call = f"EXECUTE {self.name} ({given})" if given else f"EXECUTE {self.name}"

    def preparation(self, cursor: Any) -> str:
        """The PREPARE of this statement: what is known by now as literals, what a call gives as parameters."""
        parameters = self._parameters()

        def written(found: re.Match[str]) -> str:
            name = found[1]
            if name in self.values:
                return str(cursor.mogrify("%s", (self.values[name],)).decode())
            return f"${parameters.index(name) + 1}"

        sql = _PARAMETER.sub(written, self.sql).replace("%%", "%")
        types = ", ".join(_TYPES.get(name, "unknown") for name in parameters)
        return f"PREPARE {self.name}{f' ({types})' if types else ''} AS {sql}"

    def _parameters(self) -> list[str]:
        return [name for name in dict.fromkeys(_PARAMETER.findall(self.sql)) if name not in self.values]


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
            log.warning("a table is in use, migrating again: %s", told(error.orig))
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
    raises `reaching.Stopped`; else for 30 seconds.
    """
    require_sense()
    try:
        if waits and not settings.embedded:
            reaching.until_done(migrate)
        else:
            _wait_until_reachable()
            migrate()
        yield
    finally:
        connections.leave()
        if settings.embedded:
            connections.embedded_server().cleanup()
            connections.embedded_server.cache_clear()


def _wait_until_reachable(seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            connections.thread_engine().raw_connection().close()
            return
        except AWAY:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
