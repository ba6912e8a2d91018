"""The headers that name a client behind a proxy: believed of the proxies in TRUSTED_PROXIES, and of nobody else."""

import logging

import uvicorn.config
from starlette.types import ASGIApp, Scope

from app.config import settings
from app.networks import address_of, is_in

FORWARDED_FOR, FORWARDED_PROTO = b"x-forwarded-for", b"x-forwarded-proto"

log = logging.getLogger(__name__)
_is_told = False


def believe(scope: Scope) -> None:
    """Give the request the client and the scheme that a trusted proxy names.

    The client is the last address of X-Forwarded-For, which is the one that the proxy saw itself: whatever stands before it
    may have been sent by the client.
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
        _tell(client[0])
        return
    if protocol in (b"http", b"https"):
        scope["scheme"] = protocol.decode()
    address = address_of(named.rpartition(b",")[2].strip().decode("latin-1")) if named is not None else None
    if address is not None:
        scope["client"] = (str(address), 0)


def _tell(host: str) -> None:
    """Say once that a neighbour forwards and is not believed: it may be a proxy that should be named."""
    global _is_told
    address = address_of(host)
    if not _is_told and address is not None and not address.is_global:
        _is_told = True
        log.warning("X-Forwarded-* from %s is not believed: TRUSTED_PROXIES does not name it", host)


def _unchanged(app: ASGIApp, trusted_hosts: object) -> ASGIApp:
    return app


# uvicorn by itself believes whoever connects from this machine, as frpc does for the whole internet, and does so before the
# app is called. It looks this name up after it has imported the app.
uvicorn.config.ProxyHeadersMiddleware = _unchanged  # type: ignore[assignment, misc]
