"""Whether SECRET_KEY and PLATFORM_SECRET are set, long enough and hard to guess."""

import base64
import binascii
import os
from collections.abc import Iterator
from pathlib import Path

from app.config import ConfigurationError, Settings, settings
from app.tools.check.finding import Finding, error, ok, warning
from app.tools.check.guessing import is_monotonous, is_placeholder, is_weak

MAKE_KEY = "make one with `openssl rand -base64 48`"
_MAKE_SECRET = "make one with `echo whsec_$(openssl rand -base64 32)`, and give it to the platform"  # noqa: S105 - how to make one


def secret_key() -> Iterator[Finding]:
    """Whether the key that signs tokens is a good one."""
    name, key = "SECRET_KEY", settings.secret_key
    if not key:
        yield from _unset(name, MAKE_KEY)
    elif len(key.encode()) < 32:
        yield error(name, "is shorter than 32 bytes", MAKE_KEY)
    elif is_weak(key):
        yield error(name, "is easy to guess: a placeholder, or of few different characters", MAKE_KEY)
    elif key in (settings.db_pwd, settings.platform_secret):
        yield error(name, "is used for something else too", MAKE_KEY)
    else:
        yield ok(name, "is set")


def platform_secret() -> Iterator[Finding]:
    """Whether each of the secrets that the platform signs with is a good one."""
    name = "PLATFORM_SECRET"
    if not settings.platform_secret:
        yield from _unset(name, _MAKE_SECRET)
        return
    several = [part.strip() for part in settings.platform_secret.split(",")]
    for number, secret in enumerate(several, 1):
        which = name if len(several) == 1 else f"{name} ({number} of {len(several)})"
        yield _of_platform(which, secret)


def _of_platform(name: str, secret: str) -> Finding:
    try:
        _ = Settings.model_construct(platform_secret=secret).platform_secrets
    except ConfigurationError as wrong:
        return error(name, str(wrong).partition(": ")[0].removeprefix("PLATFORM_SECRET "), _MAKE_SECRET)
    except binascii.Error:
        return error(name, "is not base64", _MAKE_SECRET)
    text = secret.removeprefix("whsec_")
    raw = base64.b64decode(text)
    if is_weak(text) or is_monotonous(raw) or (raw.isascii() and is_placeholder(raw.decode())):
        return error(name, "is easy to guess: a placeholder, or of few different characters", _MAKE_SECRET)
    return ok(name, "is set")


def _unset(name: str, make: str) -> Iterator[Finding]:
    kept = settings.data_dir / name.lower()
    if not settings.embedded:
        yield error(name, "is not set, and with a configured database it must be", make)
    elif not os.path.exists(kept):  # False too where its directory is not readable
        yield ok(name, f"is not set: one will be made and kept in {kept}")
    elif _readable_by_others(kept):
        yield warning(name, f"is kept in {kept}, which others may read", f"chmod 600 {kept}")
    else:
        yield ok(name, f"is kept in {kept}")


def _readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)
