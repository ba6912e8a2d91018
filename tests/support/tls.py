"""One TLS context for the clients of this process: each would read all authorities of the world, in more time than it asks."""

import os
import ssl
from functools import cache

import httpx


@cache
def _context(verify: ssl.SSLContext | str | bool, cert: None, trust_env: bool, *named: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context(verify, cert, trust_env)


def shared_context(verify: ssl.SSLContext | str | bool = True, cert: None = None, trust_env: bool = True) -> ssl.SSLContext:
    """What `httpx.create_ssl_context` makes of this and of the environment, made once."""
    return _context(verify, cert, trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


def share() -> None:
    """Let every client of httpx use it."""
    httpx._transports.default.create_ssl_context = shared_context
