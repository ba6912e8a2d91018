"""One result of the configuration check: how bad it is, and how to mend it."""

from dataclasses import dataclass

from app.redaction import masked

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about a subject. A `level` of WARNING works, but not well; with ERROR the service must not start."""

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
