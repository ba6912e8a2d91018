"""What tells an outage of the database from a statement that fails while the database is there."""

import psycopg2
import sqlalchemy.exc

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
