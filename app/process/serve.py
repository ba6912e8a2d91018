"""One API process: `python -m app.process.serve` (supervisor program `be`). Several may share the port (SO_REUSEPORT)."""

import gc
import socket

import uvicorn

from app.config import settings
from app.process.draining import DrainingProtocol, DrainingServer
from app.process.proxy_protocol import ProxiedProtocol

BACKLOG = 2048  # connections that wait to be accepted
DRAIN = 20  # seconds that requests in flight get after SIGTERM; less than supervisor's stopwaitsecs
KEEP_ALIVE = 75  # seconds; longer than proxies keep an idle connection, so that they close it first


def main() -> None:
    """Serve until SIGTERM, then finish the requests in flight.

    No garbage is looked for among what is imported: it stays, and is so much that looking would stop all requests for 0.1 s.
    """
    gc.disable()
    config = uvicorn.Config(
        "app.main:app",
        http=DrainingProtocol,
        log_config=None,
        proxy_headers=False,  # app/web/forwarded.py reads them
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=DRAIN,
    )
    plain = [_bound(settings.host, settings.port)]
    proxied = [_bound(settings.host, settings.proxy_port)] if settings.proxy_port else []
    DrainingServer(config, proxied, ProxiedProtocol).run(sockets=plain)


def _bound(host: str, port: int) -> socket.socket:
    """A bound socket. uvicorn listens on it once the app is ready, so that no client connects before."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


if __name__ == "__main__":
    main()
