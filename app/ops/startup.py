"""What a process logs about itself when it starts: its version, its database without the password, and its settings."""

from app import __version__
from app.config import settings
from app.db.reaching import where


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
        "traces": settings.trace_endpoint is not None,
    }
