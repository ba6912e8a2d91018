"""What to do about the answers of a database that lets nobody in."""

from collections.abc import Mapping

_REMEDIES = (
    ("password authentication failed", "see the password (DB_PWD, or in DATABASE_URL) and the user"),
    ("no password supplied", "give the password: DB_PWD, or in DATABASE_URL"),
    ("no pg_hba.conf entry", "let this machine and user in: pg_hba.conf on the server"),
    ("translate host name", "see the host; a / @ or : in the password must be percent-encoded in DATABASE_URL"),
    ("invalid integer value", "see the port; a / @ or : in the password must be percent-encoded in DATABASE_URL"),
    ("too many clients", "raise max_connections, or run fewer processes"),
    ("connection slots are reserved", "raise max_connections, or run fewer processes"),
    ("starting up", "wait until the server has started"),
    ("to be migrated", "`python -m app.cli migrate`, or MIGRATE=true"),
    ("SSL", "see sslmode in DATABASE_URL, and what the server offers"),
)
_BY_A_PERSON = ("password", "no pg_hba.conf entry", "does not exist", "invalid integer value")


def remedy(said: str, database: Mapping[str, object]) -> str:
    """What to do about the answer `said`; `database` has the connection's parameters as libpq names them."""
    if "does not exist" in said:
        return f"CREATE DATABASE {database.get('dbname', '…')} OWNER {database.get('user', '…')}, or see the names of both"
    return next((remedy for sign, remedy in _REMEDIES if sign in said), "see host and port, the server, and what lies between")


def needs_a_person(said: str) -> bool:
    """Whether the answer stays the same until somebody changes a setting or the server."""
    return any(sign in said for sign in _BY_A_PERSON)
