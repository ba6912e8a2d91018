"""Failures in the background, where no caller sees them: they are logged and counted, and the other work goes on."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from app.db.failures import is_away
from app.ops import metrics, tracing
from app.redaction import redacted

_PASSING = ("40", "55P03", "57014")  # SQLSTATEs of a deadlock, a lock timeout and a statement timeout: tried again

log = logging.getLogger(__name__)


def expect(*names: str) -> None:
    """Show the counters of `names` at 0, so that Prometheus sees the first failure as an increase."""
    for name in names:
        metrics.BACKGROUND_FAILURES.labels(name)


@contextmanager
def survived(of: str, row: int | None = None) -> Iterator[None]:
    """Note an error of the block and go on. An error that says the database is away is raised: the rest would fail too."""
    try:
        yield
    except Exception as error:
        if is_away(error):
            raise
        note(of, error, row)


def note(of: str, error: Exception, row: int | None = None) -> None:
    """Log an error and count it under `of`; `row` is the id of the row that was worked on.

    When the database is away this is only logged, since `meta_be_database_up` shows it.
    """
    tracing.failed(error)
    if is_away(error):
        log.warning("database: %s", redacted(error))
        return
    metrics.BACKGROUND_FAILURES.labels(of).inc()
    where = of if row is None else f"{of}, row {row}"
    if isinstance(error, psycopg2.Error) and (error.pgcode or "").startswith(_PASSING):
        log.warning("%s: %s, to be tried again", where, redacted(error))
    else:
        log.error("%s failed", where, exc_info=error)
