"""Whether the database is reachable, new enough, writable, has connections for us, and has our schema."""

import os
import pwd
import shutil
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import psycopg2.extensions
from psycopg2.extensions import parse_dsn

from app.config import ConfigurationError, settings
from app.db.migration import expected_revision, is_newer
from app.db.reaching import where
from app.db.remedies import remedy
from app.redaction import redacted
from app.tools.check.finding import Finding, error, ok, warning

NAME = "database"
OLDEST, TESTED = 12, 15  # major versions: the oldest for our statements, the oldest that we ran it on
BESIDE = 1  # connections of a process besides its pool: the one for metrics
SKEW = 5  # seconds that the clocks may differ

_FACTS = """
SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS read_only,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS taken,
    extract(epoch FROM clock_timestamp())::float8 AS now, to_regclass('alembic_version') IS NOT NULL AS has_schema,
    has_schema_privilege(coalesce(current_schema(), 'public'), 'CREATE') AS may_create
"""


def database() -> Iterator[Finding]:
    """The findings about the embedded database or the configured one."""
    if settings.embedded:
        yield from _embedded()
        return
    if settings.database_url is not None and settings.db_host is not None:
        yield warning(NAME, "DATABASE_URL and DB_HOST are both set: DB_HOST is not looked at", "unset one of them")
    try:
        parts = parse_dsn(settings.configured_database())
    except ConfigurationError as wrong:
        yield error(NAME, *str(wrong).split(": ", 1))
    except psycopg2.ProgrammingError:  # its text holds the address, and with it the password
        written = "write it as postgresql://user:password@host:5432/name; a / @ or : in the password is percent-encoded"
        yield error(NAME, "DATABASE_URL can not be read", written)
    else:
        yield from _configured(parts)


def _embedded() -> Iterator[Finding]:
    stray = [key for key in ("db_user", "db_pwd", "db_name") if getattr(settings, key) is not None]
    if stray:
        names = ", ".join(key.upper() for key in stray)
        yield error(NAME, f"{names} set without DB_HOST: the embedded one would be used", "set DB_HOST, or unset them")
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        said = f"uid {os.geteuid()} has no passwd entry, which the embedded PostgreSQL needs"
        yield error(NAME, said, "add one (useradd), or configure a database")
        return
    if os.geteuid() == 0 and not _has_server_user():
        yield error(NAME, "as root, the embedded PostgreSQL needs useradd", "run as another user, or configure a database")
        return
    yield ok(NAME, where())


def _configured(parts: dict[str, str]) -> Iterator[Finding]:
    try:
        with closing(psycopg2.connect(settings.configured_database(), connect_timeout=5)) as connection:
            connection.autocommit = True
            yield from _looked_at(connection)
    except psycopg2.Error as refused:
        yield error(NAME, f"{where()}: {' '.join(redacted(refused).split())}", remedy(str(refused), parts))


def _looked_at(connection: psycopg2.extensions.connection) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(_FACTS)
        facts = dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))
        cursor.execute("SELECT version_num FROM alembic_version" if facts["has_schema"] else "SELECT NULL")
        row = cursor.fetchone()
    yield version(facts["version"])
    if facts["read_only"]:
        yield error(NAME, "is read-only: a standby, or set so", "name the primary; with several hosts add target_session_attrs")
    if facts["encoding"] != "UTF8":
        yield error(NAME, f"its encoding is {facts['encoding']}", "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0")
    skew = abs(facts["now"] - time.time())
    if skew > SKEW:
        yield warning("clock", f"is {skew:.0f} s off the database's", "run a time service (chrony) on both machines")
    yield _connections(facts["connections"], facts["taken"])
    yield _schema(row[0] if row else None, facts["may_create"])


def version(major: int) -> Finding:
    """Whether PostgreSQL's major version is supported."""
    said = f"PostgreSQL {major} at {where()}"
    if major < OLDEST:
        return error(NAME, f"{said} is too old", f"upgrade to {TESTED} or later")
    if major < TESTED:
        return warning(NAME, f"{said} is older than what this service is tested with", f"upgrade to {TESTED} or later")
    return ok(NAME, said)


def _connections(most: int, taken: int) -> Finding:
    need, free = settings.pool_size + BESIDE, most - taken
    said = f"a process needs {need} connections, {free} of the server's {most} are free"
    if need > most:
        return error("POOL_SIZE", said, "lower POOL_SIZE and THREADS, or raise max_connections")
    if need > free:
        return warning(
            "POOL_SIZE", said, "lower POOL_SIZE and THREADS, stop what else uses the server, or raise max_connections"
        )
    return ok("POOL_SIZE", said)


def _schema(found: str | None, may_create: bool) -> Finding:
    if found == expected_revision():
        return ok("schema", f"is at {found}")
    if is_newer(found):
        return warning("schema", f"is at {found}, of a later version, and stays as it is", "fine until the update is complete")
    said = f"is {'not there yet' if found is None else f'at {found}'}, to be migrated to {expected_revision()}"
    if not may_create:
        return error("schema", f"{said}, which this user may not", "GRANT CREATE ON SCHEMA public, or let its owner migrate")
    remedy = "`python -m app.cli migrate` does it"
    return warning("schema", said, f"{remedy}; so does the next start" if settings.migrate else remedy)


def _has_server_user() -> bool:
    try:
        pwd.getpwnam("pgserver")
    except KeyError:
        return shutil.which("useradd") is not None
    return True
