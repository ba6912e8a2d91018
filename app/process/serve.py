"""One API process: `python -m app.process.serve` (supervisor program `be`); several share the port, each with its own queue."""

import socket

import uvicorn

from app.config import settings
from app.process.draining import DrainingProtocol, DrainingServer
from app.process.proxy_protocol import ProxiedProtocol

BACKLOG = 2048  # connections that wait to be accepted
DRAIN = 20  # seconds that requests in flight get after SIGTERM; less than supervisor's stopwaitsecs
KEEP_ALIVE = 75  # seconds; longer than proxies keep an idle connection, so that they close it and not this side


def main() -> None:
    """Serve until SIGTERM, then finish what was begun."""
    config = uvicorn.Config(
        "app.main:app",
        http=DrainingProtocol,
        log_config=None,
        proxy_headers=False,  # ours are believed in app/web/forwarded.py
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=DRAIN,
    )
    plain = [_bound(settings.host, settings.port)]
    proxied = [_bound(settings.host, settings.proxy_port)] if settings.proxy_port else []
    DrainingServer(config, proxied, ProxiedProtocol).run(sockets=plain)


def _bound(host: str, port: int) -> socket.socket:
    """The address, bound: uvicorn listens on it when the app is ready, so that nobody is let in to wait for that."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


if __name__ == "__main__":
    main()
