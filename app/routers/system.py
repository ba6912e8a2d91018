"""What operations asks for: whether the service is alive and ready, and its metrics."""

import hmac

import orjson
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy import text
from starlette.responses import RedirectResponse

from app.config import settings
from app.db import replica_health
from app.db.async_driver import on_loop
from app.db.migration import expected_revision, is_newer
from app.db.pools import overdue_calls
from app.db.statement import Statement
from app.db.work import SYSTEM, Actor, Work
from app.errors import CallsOverdue, NotAuthenticated, PendingMigration
from app.routers import console
from app.services.monitoring import exposition

router = APIRouter(tags=["system"])

_REVISION = Statement(text("SELECT version_num FROM alembic_version"))


@router.get("/", include_in_schema=False)
async def root(request: Request) -> Response:
    """A browser to the console, anything else to the documentation."""
    wants_pages = "text/html" in request.headers.get("accept", "")
    return RedirectResponse(f"{console.PREFIX}/" if wants_pages and console.is_built() else "/docs")


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether the process is alive (存活检查). The database is not asked."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", response_model=dict[str, str])
async def readyz() -> Response:
    """Whether the service is ready (就绪检查). The database answers, and its schema is the one of this code, or a later one.

    Where a replica is configured, `replica` says how it is: ok, behind, away, or unknown at first. What is read there is
    then read from the primary, so this makes nothing unready.
    """
    if overdue_calls():  # another process serves better than one in which calls hang
        raise CallsOverdue(retry_after=2)
    revision = await on_loop(_revision)
    if revision != expected_revision() and not is_newer(revision):
        raise PendingMigration(revision=revision, retry_after=2)
    ready = {"status": "ok", "revision": revision}
    if settings.database_replica_url is not None:
        ready["replica"] = replica_health.state()
    return Response(orjson.dumps(ready), media_type="application/json")


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """Figures for Prometheus (监控指标); with METRICS_TOKEN set, for whoever sends it as a bearer token."""
    if settings.metrics_token is not None:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {settings.metrics_token}".encode()):
            raise NotAuthenticated
    return Response(exposition.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


def _revision() -> str | None:
    with Work(Actor(SYSTEM), writes=False) as work:
        found = work.one(_REVISION)
    return None if found is None else str(found.version_num)
