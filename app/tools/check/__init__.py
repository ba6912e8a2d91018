"""Checks the configuration before a start and finds all that is wrong with it. It changes nothing and shows no secret."""

from app.config import faults
from app.tools.check import access, database, files, keys, traces
from app.tools.check.finding import ERROR, OK, WARNING, Finding, error

__all__ = ["ERROR", "OK", "WARNING", "Finding", "findings"]

_CHECKS = (
    keys.secret_key,
    keys.platform_secret,
    access.access,
    database.database,
    files.data_dir,
    files.bucket,
    files.timezones,
    traces.traces,
)


def findings() -> list[Finding]:
    """All findings, good and bad. No fault keeps the other checks from running."""
    wrong = [error(name, said, "see .env.example for what it may be") for name, said in faults]
    return [*wrong, *(finding for check in _CHECKS for finding in check())]
