"""Errors made safe to log: what went wrong and where, without the values of rows and inputs, and without secrets."""

import re
import traceback
from collections.abc import Iterator
from itertools import chain

import psycopg2
import sqlalchemy.exc
from fastapi.exceptions import ValidationException
from pydantic import ValidationError

from app.config import settings

MASK = "***"
_SECRET = 6  # characters of the shortest secret that is masked; a shorter one may be a part of common words
_QUOTED = re.compile(r'"[^"\n]*"')
_MISTAKEN = re.compile(
    r'(value )"[^"\n]*(?=")|()"[^"\n]*(?=@)'
)  # part of a password that was not percent-encoded, in libpq's messages
_NAMES_ONLY = {
    "08",
    "23",
    "25",
    "28",
    "3D",
    "40",
    "42",
    "53",
    "55",
    "57",
}  # SQLSTATE classes whose messages quote names, never values
_SHAPES = (
    (re.compile(r"(://)[^\s/]*@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(password|pwd|passwd|token|secret)(\s*[=:]\s*)[^\s,;&]+"), rf"\1\2{MASK}"),
    (re.compile(r"(?i)\bbearer\s+\S+"), f"Bearer {MASK}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), MASK),
    (re.compile(r"\bwhsec_[\w+/=-]+"), f"whsec_{MASK}"),
    (re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), MASK),  # a mobile phone number
)


def redacted(error: BaseException) -> str:
    """The error in one line, without values: a database's message may quote rows, and a validator's the input."""
    if isinstance(error, sqlalchemy.exc.StatementError) and error.orig is not None:
        return redacted(error.orig)
    if isinstance(error, psycopg2.Error):
        return masked(_of_database(error))
    if isinstance(error, ValidationError | ValidationException):
        return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in error.errors())
    return masked(str(error))


def traceback_of(error: BaseException) -> str:
    """The traceback with the errors that caused it, each redacted."""
    return "".join(_frames(error, set())).rstrip()


def masked(text: str) -> str:
    """The text with this service's secrets masked, and whatever looks like a secret or a phone number."""
    for secret in _configured():
        text = text.replace(secret, MASK)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


def _of_database(error: psycopg2.Error) -> str:
    if error.pgcode is None:
        text = str(error).strip()
        text = _MISTAKEN.sub(rf'\1"{MASK}', text)
        return text if isinstance(error, psycopg2.OperationalError) else _QUOTED.sub(f'"{MASK}"', text)
    text = error.diag.message_primary or ""
    if error.pgcode[:2] not in _NAMES_ONLY:
        text = _QUOTED.sub(f'"{MASK}"', text)
    names = (("table", error.diag.table_name), ("column", error.diag.column_name), ("constraint", error.diag.constraint_name))
    where = ", ".join(f"{kind} {name}" for kind, name in names if name)
    return f"{error.pgcode} {text}" + (f" ({where})" if where else "")


def _frames(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Each error once: `seen` holds the ids of those before, since an error may be caused by a group that contains it."""
    seen.add(id(error))
    if error.__cause__ is not None and id(error.__cause__) not in seen:
        yield from _frames(error.__cause__, seen)
        yield "\nThe above exception was the direct cause of the following exception:\n\n"
    elif error.__context__ is not None and not error.__suppress_context__ and id(error.__context__) not in seen:
        yield from _frames(error.__context__, seen)
        yield "\nDuring handling of the above exception, another exception occurred:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    kind = type(error)
    yield f"{kind.__module__}.{kind.__qualname__}: {redacted(error)}\n".removeprefix("builtins.")
    if isinstance(error, BaseExceptionGroup):
        yield from chain.from_iterable(_frames(each, seen) for each in error.exceptions if id(each) not in seen)


def _configured() -> list[str]:
    keys = (settings.secret_key, settings.db_pwd, settings.s3_secret_key, settings.metrics_token)
    several = (settings.platform_secret or "").split(",")
    return [secret.strip() for secret in (*keys, *several) if secret and len(secret.strip()) >= _SECRET]
