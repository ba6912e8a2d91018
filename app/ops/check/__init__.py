"""What is wrong with a configuration, told before a start: looks everywhere, changes nothing, shows no secret."""

from app.config import faults
from app.ops.check import database, files, keys
from app.ops.check.finding import ERROR, OK, WARNING, Finding, error

__all__ = ["ERROR", "OK", "WARNING", "Finding", "findings"]

_CHECKS = (keys.secret_key, keys.platform_secret, keys.doors, database.database, files.data_dir, files.bucket, files.timezones)


def findings() -> list[Finding]:
    """Everything that was looked at, good and bad; all of it, however much is wrong."""
    wrong = [error(name, said, "see .env.example for what it may be") for name, said in faults]
    return [*wrong, *(finding for check in _CHECKS for finding in check())]
