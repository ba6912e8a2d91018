"""Whether /metrics and the API are open to more callers than they should be."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from app.config import settings
from app.tools.check.finding import Finding, error, warning
from app.tools.check.guessing import is_weak
from app.tools.check.keys import MAKE_KEY


def access() -> Iterator[Finding]:
    """The findings about METRICS_TOKEN and CORS_ORIGINS."""
    token = settings.metrics_token
    if token is None and not settings.embedded:
        yield warning("METRICS_TOKEN", "is not set: /metrics is open to whoever reaches the port", "set it, or close the path")
    elif token is not None and (len(token) < 16 or is_weak(token)):
        yield error("METRICS_TOKEN", "is easy to guess", MAKE_KEY)
    for origin in filter(None, map(str.strip, settings.cors_origins.split(","))):
        parts = urlsplit(origin)
        if origin == "*":
            yield warning("CORS_ORIGINS", "lets every web page call this API", "name the origins of your frontends")
        elif parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
            yield error("CORS_ORIGINS", f"{origin} is no origin: no browser sends it", "write it as https://shop.example.com")
