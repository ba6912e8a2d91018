"""The CPU microseconds that the log line and the metrics of a request cost, compared to a request without them.

`python -m bench.middleware`; with PROMETHEUS_MULTIPROC_DIR set to an empty directory, the metrics are shared in files.
"""

import asyncio
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.main import app
from app.ops import logs, metrics
from app.ops.nonblocking_writer import NonblockingWriter
from app.web.middleware import Instrumentation
from bench.load import print_row

ROUNDS, REQUESTS = 60, 300


class Route:
    path = "/api/v1/merchant/orders/{order_id}"


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """A minimal app, so that the cost of the instrumentation shows."""
    scope["route"] = Route
    scope["state"]["actor"] = "merchant:3"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b"{}"})


def bare(inner: ASGIApp) -> ASGIApp:
    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["request_id"] = "none"
        await inner(scope, receive, send)

    return named


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Message) -> None:
    pass


def asking(through: ASGIApp, path: str) -> Callable[[], Coroutine[Any, Any, None]]:
    headers = [(b"host", b"bench"), (b"user-agent", b"bench"), (b"accept", b"*/*"), (b"authorization", b"Bearer none")]
    server = {"server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "scheme": "http", "http_version": "1.1", "root_path": ""}

    async def ask() -> None:
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", **server}
        await through({**scope, "headers": headers, "state": {}}, receive, send)

    return ask


async def measured(cases: dict[str, Callable[[], Coroutine[Any, Any, None]]]) -> dict[str, float]:
    """The CPU microseconds of a request in each case: the median of rounds that take turns."""
    figures: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, ask in cases.items():
            start = time.process_time()
            for _ in range(REQUESTS):
                await ask()
            figures[name].append((time.process_time() - start) / REQUESTS * 1e6)
    return {name: statistics.median(each) for name, each in figures.items()}


def main() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
        assert reader.stdin is not None
        logs.STDOUT = NonblockingWriter(os.dup(reader.stdin.fileno()), lambda lines: b"")
        reader.stdin.close()
        whole = app.build_middleware_stack()
        assert isinstance(whole, Instrumentation)
        cases = {
            "an empty app": (asking(bare(answer), "/"), asking(Instrumentation(answer), "/")),
            "the service, an address not there": (asking(bare(whole.app), "/nowhere"), asking(whole, "/nowhere")),
        }
        print_row("us of CPU per request", "bare", "observed", "difference", "ratio")
        for name, (without, instrumented) in cases.items():
            cost = asyncio.run(measured({"bare": without, "instrumented": instrumented}))
            before, after = cost["bare"], cost["instrumented"]
            print_row(name, before, after, after - before, after / before)
        print(f"counted {'in files' if metrics.SHARED else 'in memory'}; {logs.STDOUT.lost} lines lost")
        os.close(logs.STDOUT._descriptor)


if __name__ == "__main__":
    main()
