"""Whether files can be kept in DATA_DIR or the bucket, and whether time zones are known."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import obstore
from obstore.exceptions import BaseError

from app.config import ConfigurationError, settings
from app.services.uploads.storage.s3 import S3
from app.tools.check.finding import Finding, error, ok, warning

_LITTLE = 500_000_000  # bytes; less free space is a warning


def data_dir() -> Iterator[Finding]:
    """Whether DATA_DIR can be written to, where the database or the files are kept there."""
    name, path = "DATA_DIR", settings.data_dir.absolute()
    needed = settings.embedded or not settings.s3_endpoint
    at = next(each for each in (path, *path.parents) if os.path.exists(each))
    remedy = f"make {path} a directory that uid {os.getuid()} may write to, or set DATA_DIR to one"
    if not needed:
        yield ok(name, "is not needed: the database and the files lie elsewhere")
    elif not at.is_dir():
        yield error(name, f"{at} is not a directory", remedy)
    elif not _writable(at):
        yield error(name, f"{at} can not be written to", remedy)
    elif shutil.disk_usage(at).free < _LITTLE:
        yield warning(name, f"{at} has less than {_LITTLE // 1_000_000} MB free", "make room, or set DATA_DIR to another disk")
    else:
        yield ok(name, f"{path} can be written to")


def bucket() -> Iterator[Finding]:
    """Whether the configured bucket answers."""
    name = "S3"
    try:
        configured = settings.bucket
    except ConfigurationError as wrong:
        yield error(name, *_split(str(wrong)))
        return
    if configured is None:
        yield ok(name, f"is not configured: files are kept in {settings.data_dir / 'files'}")
    elif not configured.endpoint.startswith(("http://", "https://")):
        yield error("S3_ENDPOINT", "is no URL", "write it as https://s3.example.com")
    else:
        try:
            next(iter(obstore.list(S3(configured).store, chunk_size=1)), None)
        except (BaseError, OSError) as refused:
            yield error(name, f"the bucket {configured.name} does not answer", _remedy(str(refused)))
        else:
            yield ok(name, f"the bucket {configured.name} answers")


def timezones() -> Iterator[Finding]:
    """Whether this machine has a database of time zones (tzdata)."""
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        yield error("time zones", "are not known on this machine", "install the package tzdata, of the system or of Python")
    else:
        yield ok("TIMEZONE", settings.timezone)


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK | os.X_OK)


def _split(said: str) -> tuple[str, str]:
    what, _, remedy = said.partition(": ")
    return what.removeprefix("S3 "), remedy


def _remedy(said: str) -> str:
    known = {
        "NoSuchBucket": "make the bucket, or set S3_BUCKET to one that is there",
        "InvalidAccessKeyId": "S3_ACCESS_KEY is not known there",
        "SignatureDoesNotMatch": "S3_SECRET_KEY is wrong",
        "AccessDenied": "let this key list, read and write the bucket",
        "(403)": "see S3_ACCESS_KEY, S3_SECRET_KEY, and what this key may do",
    }
    fits = (remedy for sign, remedy in known.items() if sign in said)
    return next(fits, "see S3_ENDPOINT, and whether this machine reaches it")
