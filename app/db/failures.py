"""What the driver raises, by what it means for the service."""

import psycopg2
import psycopg2.errors
import psycopg2.extensions
import sqlalchemy.exc

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

_STATES = ("08", "53300", "57P", "25006")  # connection lost, too many connections, server stopping or starting, no primary


def is_away(error: BaseException | None) -> bool:
    """Whether the database is away, so that the next statement would fail too.

    A lock timeout, a deadlock or a cancelled statement is none of that, though psycopg2 calls them OperationalError too.
    """
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return True
    if isinstance(error, sqlalchemy.exc.DBAPIError):
        return is_away(error.orig)
    if not isinstance(error, psycopg2.Error):
        return False
    if error.pgcode is None:
        return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return str(error.pgcode).startswith(_STATES)
