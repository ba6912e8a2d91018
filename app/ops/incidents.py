"""What fails in the background, where no caller is told of it: it is logged and counted, and the rest goes on."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from app.db.failures import is_away
from app.ops import metrics
from app.ops.redaction import told

_PASSING = ("40", "55P03", "57014")  # deadlock, lock timeout, statement timeout: no fault of ours, and tried again

log = logging.getLogger(__name__)


def expect(*names: str) -> None:
    """Show the counts of `names` from 0 on, so that the first failure is an increase already."""
    for name in names:
        metrics.BACKGROUND_FAILURES.labels(name)


@contextmanager
def survived(of: str, row: int | None = None) -> Iterator[None]:
    """Go on after what is inside, whether it fails or not; that the database is away is raised, for the rest would fail too."""
    try:
        yield
    except Exception as error:
        if is_away(error):
            raise
        note(of, error, row)


def note(of: str, error: Exception, row: int | None = None) -> None:
    """Log an error and count it under `of`; `row` is the id of the row that it happened to.

    That the database is away is only logged, for it has a figure of its own.
    """
    if is_away(error):
        log.warning("database: %s", told(error))
        return
    metrics.BACKGROUND_FAILURES.labels(of).inc()
    where = of if row is None else f"{of}, row {row}"
    if isinstance(error, psycopg2.Error) and (error.pgcode or "").startswith(_PASSING):
        log.warning("%s: %s, to be tried again", where, told(error))
    else:
        log.error("%s failed", where, exc_info=error)
