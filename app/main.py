"""The app: `uvicorn app.main:app`."""

import asyncio
import contextlib
import functools
import logging
import os
import time
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.telemetry import TelemetryConfig
from fastapi.telemetry._asgi import ExceptionTelemetryMiddleware
from fastapi_offline import FastAPIOffline
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

from app import __version__
from app.config import settings
from app.db import migration, reaching, replica_health
from app.document.build import documented, route_of
from app.document.headers import EXPOSED
from app.ops import logs, metrics, startup, tracing
from app.process import alive, background
from app.routers import console, joined
from app.services.events.bell import bell
from app.web import middleware, problems, routing

MAX_BODY = 1_000_000  # bytes
SAMPLED = 1.0  # seconds between samples of the pool and the threads

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Refuse to start on incomplete settings, bring the database up, and run the background tasks as long as the app runs."""
    _ = settings.token_key, settings.platform_secrets, settings.bucket
    try:
        with tracing.running(), migration.running(waits=True):
            async with background.going_on(BACKGROUND):
                log.info("meta_be serves", extra={"fields": startup.described()})
                yield
    except reaching.Stopped:
        _exit_before_the_start()
    log.info("meta_be has stopped")


def _exit_before_the_start() -> None:
    """End the process with 0: uvicorn takes a lifespan that ends before its start for a failure."""
    log.info("stopped before the database was there")
    logs.STDOUT.flush()
    os._exit(0)


async def _sample() -> None:
    while True:
        metrics.sample(logs.STDOUT.lost)
        logs.STDOUT.flush()
        before = time.monotonic()
        await asyncio.sleep(SAMPLED)
        metrics.loop_was_late(time.monotonic() - before - SAMPLED)


BACKGROUND = {
    "bell": bell.watch,
    "replica_watch": replica_health.watch,
    "sample": _sample,
    "heartbeat": alive.beat_on_the_loop,
}


def build() -> FastAPI:
    """The app. Its routes are one flat list, from which a table is made that finds them."""
    logs.configure()
    app = FastAPIOffline(
        title="meta_be",
        summary="Merchant-side backend of a metaverse e-commerce platform (元宇宙电商平台商家端)",
        version=__version__,
        lifespan=lifespan,
        telemetry=_telemetry(),
    )
    app.router.routes[:0] = [*console.ROUTES, *joined(), route_of(app)]
    app.router.middleware_stack = routing.Table(app.routes, app.router.middleware_stack)
    problems.install(app)
    app.add_middleware(middleware.BodyLimit, max_body_size=MAX_BODY)
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED
        )
    app.add_middleware(middleware.HeadLimit)
    app.build_middleware_stack = functools.partial(_stack, app)  # type: ignore[method-assign]
    app.openapi = documented(app)  # type: ignore[method-assign]
    return app


def _telemetry() -> TelemetryConfig:
    """FastAPI's spans of requests, if they are wanted; `tracing.running` gives them somewhere to go."""
    return {
        "tracing": settings.trace_endpoint is not None,
        "metrics": False,  # ours are app/ops/metrics and app/ops/logs
        "logs": False,
        "operation_spans": False,
        "auto_configure": False,
        "exclude": lambda scope: scope["path"] in logs.PROBES,
    }


def _stack(app: FastAPI) -> ASGIApp:
    """What a request passes on its way to its route.

    FastAPI's own stack has four layers more. `Instrumentation` does what its outermost does, and the others do nothing here.
    """
    inner: ASGIApp = ExceptionMiddleware(app.router, handlers=app.exception_handlers)
    for layer in reversed(app.user_middleware):
        inner = layer.cls(inner, *layer.args, **layer.kwargs)
    return middleware.Instrumentation(inner if settings.trace_endpoint is None else ExceptionTelemetryMiddleware(inner))


app = build()
