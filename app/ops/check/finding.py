"""A thing that was looked at, and what to do about it."""

from dataclasses import dataclass

from app.ops.redaction import masked

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is OK, WARNING (it works, yet not well) or ERROR (it will not start, or must not)."""

    level: str
    subject: str
    said: str
    remedy: str = ""


def ok(subject: str, said: str) -> Finding:
    return Finding(OK, subject, masked(said))


def warning(subject: str, said: str, remedy: str) -> Finding:
    return Finding(WARNING, subject, masked(said), remedy)


def error(subject: str, said: str, remedy: str) -> Finding:
    return Finding(ERROR, subject, masked(said), remedy)
