"""How long a statement, and a call that is made of several, may take before we give it up."""

from app.config import settings

MARGIN = 2.0  # seconds that we wait longer than the server's own statement_timeout
CALL = 60.0  # seconds; a call that takes longer hangs, since each of its waits ends long before
WHOLE_TABLE = 600  # seconds that the server gives a statement that exports a whole table


def request_ends() -> float:
    """Seconds after which a statement of a request ends, whatever has become of the server."""
    return settings.statement_seconds + MARGIN


def thread_seconds() -> int:
    """Seconds that the server gives a statement of a thread: an import, statistics, a sweep."""
    return 3 * settings.statement_seconds


def thread_ends() -> float:
    """Seconds after which such a statement ends, whatever has become of the server."""
    return thread_seconds() + MARGIN
