"""What a process logs about itself when it starts: its version, its database without the password, and its settings."""

import psycopg2
from psycopg2.extensions import parse_dsn

from app import __version__
from app.config import ConfigurationError, settings


def described() -> dict[str, str | int | bool]:
    """The fields of that log line."""
    bucket = settings.bucket
    return {
        "version": __version__,
        "database": where(),
        "files": str(settings.data_dir / "files") if bucket is None else f"{bucket.endpoint}/{bucket.name}",
        "pool_size": settings.pool_size,
        "threads": settings.threads,
        "timezone": settings.timezone,
        "auto_agree": settings.auto_agree,
        "trusted_proxies": settings.trusted_proxies,
        "metrics_token": settings.metrics_token is not None,
    }


def where() -> str:
    """The database's address as `host:port/name`, or the directory of the embedded one. It holds no password."""
    if settings.embedded:
        return f"embedded in {settings.data_dir / 'postgres'}"
    try:
        parts = parse_dsn(settings.configured_database())
    except (ConfigurationError, psycopg2.ProgrammingError):
        return "not readable"
    address = f"{parts.get('host', 'a local socket')}:{parts.get('port', '5432')}/{parts.get('dbname', '')}"
    return address.rpartition("@")[2]  # before the @: a part of a password that was not percent-encoded
