"""What operations ask: is it alive, is it ready."""

import orjson
from fastapi import APIRouter, Response
from sqlalchemy import text

from app.database import Statement, expected_revision
from app.work import Actor, Work

router = APIRouter(tags=["system"])

_REVISION = Statement(text("SELECT version_num FROM alembic_version"))


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Alive; does not ask the database."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz() -> Response:
    """Ready: the database answers, and its schema is the one that this code was written for."""
    with Work(Actor("system"), writes=False) as work:
        found = work.one(_REVISION)
    ready = found is not None and found.version_num == expected_revision()
    body = {"status": "ok" if ready else "pending_migration", "revision": found and found.version_num}
    return Response(orjson.dumps(body), 200 if ready else 503, media_type="application/json")
