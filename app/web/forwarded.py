"""X-Forwarded-For and X-Forwarded-Proto, believed from the proxies in TRUSTED_PROXIES only."""

import logging
import re

import uvicorn.config
from starlette.types import ASGIApp, Scope

from app.config import settings
from app.networks import address_of, is_in

FORWARDED_FOR, FORWARDED_PROTO = b"x-forwarded-for", b"x-forwarded-proto"

log = logging.getLogger(__name__)
_is_warned = False
_WITH_PORT = re.compile(r"([\d.]+):\d{1,5}|\[(.+)\](?::\d{1,5})?", re.ASCII)


def believe(scope: Scope) -> None:
    """Set the request's client and scheme to those that a trusted proxy names.

    The client is the last address in X-Forwarded-For, the one that the proxy saw itself. The client may have written
    the addresses before it.
    """
    client = scope["client"]
    if client is None:
        return
    named = protocol = None
    for name, value in scope["headers"]:
        if name == FORWARDED_FOR:
            named = value
        elif name == FORWARDED_PROTO:
            protocol = value
    if named is None and protocol is None:
        return
    if not is_in(settings.trusted_proxies, client[0]):
        _warn_once(client[0])
        return
    if protocol in (b"http", b"https"):
        scope["scheme"] = protocol.decode()
    address = address_of(_without_port(named.rpartition(b",")[2].strip().decode("latin-1"))) if named is not None else None
    if address is not None:
        scope["client"] = (str(address), 0)


def _without_port(text: str) -> str:
    """The address of `203.0.113.7:4711`, `[2001:db8::7]:4711` or `[2001:db8::7]`, as some proxies write it."""
    found = _WITH_PORT.fullmatch(text)
    return text if found is None else found[1] or found[2]


def _warn_once(host: str) -> None:
    """Warn about a private address that sends these headers: it may be a proxy that TRUSTED_PROXIES should name."""
    global _is_warned
    address = address_of(host)
    if not _is_warned and address is not None and not address.is_global:
        _is_warned = True
        log.warning("X-Forwarded-* from %s is not believed: TRUSTED_PROXIES does not name it", host)


def _unchanged(app: ASGIApp, trusted_hosts: object) -> ASGIApp:
    return app


# uvicorn believes these headers from every connection of this machine, and frpc connects from it for the whole internet.
# It looks this name up after it has imported the app.
uvicorn.config.ProxyHeadersMiddleware = _unchanged  # type: ignore[assignment, misc]
