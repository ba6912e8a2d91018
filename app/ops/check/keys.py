"""The keys: there, long enough, and not the ones that examples are written with. And the doors that they do not lock."""

import base64
import binascii
import os
from collections.abc import Iterator
from pathlib import Path
from typing import AnyStr
from urllib.parse import urlsplit

from app.config import ConfigurationError, Settings, settings
from app.ops.check.finding import Finding, error, ok, warning

_PLACEHOLDERS = ("change", "secret", "example", "placeholder", "password", "default", "dummy", "xxxx", "12345", "<", ">")
_FEWEST = 10  # different characters, or bytes; 32 random hexadecimal digits have more
_MAKE_KEY = "make one with `openssl rand -base64 48`"
_MAKE_SECRET = "make one with `echo whsec_$(openssl rand -base64 32)`, and give it to the platform"  # noqa: S105 - how to make one


def secret_key() -> Iterator[Finding]:
    name, key = "SECRET_KEY", settings.secret_key
    if not key:
        yield from _unset(name, _MAKE_KEY)
    elif len(key.encode()) < 32:
        yield error(name, "is shorter than 32 bytes", _MAKE_KEY)
    elif _is_weak(key):
        yield error(name, "is easy to guess: a placeholder, or of few different characters", _MAKE_KEY)
    elif key in (settings.db_pwd, settings.platform_secret):
        yield error(name, "is used for something else too", _MAKE_KEY)
    else:
        yield ok(name, "is set")


def platform_secret() -> Iterator[Finding]:
    name = "PLATFORM_SECRET"
    if not settings.platform_secret:
        yield from _unset(name, _MAKE_SECRET)
        return
    several = [part.strip() for part in settings.platform_secret.split(",")]
    for number, secret in enumerate(several, 1):
        which = name if len(several) == 1 else f"{name} ({number} of {len(several)})"
        yield _of_platform(which, secret)


def doors() -> Iterator[Finding]:
    """What is open to everyone."""
    token = settings.metrics_token
    if token is None and not settings.embedded:
        yield warning("METRICS_TOKEN", "is not set: /metrics is open to whoever reaches the port", "set it, or close the path")
    elif token is not None and (len(token) < 16 or _is_weak(token)):
        yield error("METRICS_TOKEN", "is easy to guess", _MAKE_KEY)
    for origin in filter(None, map(str.strip, settings.cors_origins.split(","))):
        parts = urlsplit(origin)
        if origin == "*":
            yield warning("CORS_ORIGINS", "lets every web page call this API", "name the origins of your frontends")
        elif parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
            yield error("CORS_ORIGINS", f"{origin} is no origin: no browser sends it", "write it as https://shop.example.com")


def _of_platform(name: str, secret: str) -> Finding:
    try:
        _ = Settings.model_construct(platform_secret=secret).platform_secrets
    except ConfigurationError as wrong:
        return error(name, str(wrong).partition(": ")[0].removeprefix("PLATFORM_SECRET "), _MAKE_SECRET)
    except binascii.Error:
        return error(name, "is not base64", _MAKE_SECRET)
    text = secret.removeprefix("whsec_")
    raw = base64.b64decode(text)
    if _is_weak(text) or _is_monotonous(raw) or (raw.isascii() and _is_placeholder(raw.decode())):
        return error(name, "is easy to guess: a placeholder, or of few different characters", _MAKE_SECRET)
    return ok(name, "is set")


def _unset(name: str, make: str) -> Iterator[Finding]:
    kept = settings.data_dir / name.lower()
    if not settings.embedded:
        yield error(name, "is not set, and with a configured database it must be", make)
    elif not os.path.exists(kept):  # nor when its directory may not be looked into
        yield ok(name, f"is not set: one will be made and kept in {kept}")
    elif _readable_by_others(kept):
        yield warning(name, f"is kept in {kept}, which others may read", f"chmod 600 {kept}")
    else:
        yield ok(name, f"is kept in {kept}")


def _readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def _is_weak(secret: str) -> bool:
    return _is_monotonous(secret) or _is_placeholder(secret)


def _is_monotonous(secret: AnyStr) -> bool:
    repeats = (secret + secret).find(secret, 1) < len(secret)
    return repeats or len(set(secret)) < _FEWEST


def _is_placeholder(text: str) -> bool:
    plain = text.lower()
    return any(word in plain for word in _PLACEHOLDERS)
