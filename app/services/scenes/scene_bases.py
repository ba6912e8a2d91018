"""Scene bases (基础场景): the templates that scenes are built on; admins keep them."""

from functools import cache
from typing import Any

import psycopg2
from sqlalchemy import bindparam, delete, insert, select, update

from app.db.sql import json_of
from app.db.statement import Statement
from app.db.work import Work
from app.errors import InUse, NotFound
from app.models import SceneBase
from app.services.events import audit
from app.services.paging import Page, answer, counted, page_statement
from app.services.uploads import files
from app.services.uploads.content import IMAGE

BASE = SceneBase.__table__


def page(work: Work, page: Page) -> str:
    """The scene bases, newest first, as JSON."""
    return answer(work.one(_list(work.actor.kind, page.cursor is not None), **page.parameters()), page)


def create(work: Work, values: dict[str, Any]) -> str:
    """A new scene base, as JSON; raises UnknownFile, WrongFileKind."""
    _check(work, values)
    row = work.one(_CREATE, **values)
    audit.note(work, "create", "scenebase", row.id, details=values)
    return str(work.one(_ONE, base_id=row.id).body)


def change(work: Work, base_id: int, values: dict[str, Any]) -> str:
    """Change the named columns; the scene base as JSON. Raises NotFound, UnknownFile, WrongFileKind."""
    if values:
        _check(work, values)
        if work.one(_change(frozenset(values)), base_id=base_id, **values) is None:
            raise NotFound
        audit.note(work, "change", "scenebase", base_id, details=values)
    return work.body(_ONE, base_id=base_id)


def remove(work: Work, base_id: int) -> None:
    """Delete a scene base that no scene is built on; raises NotFound, InUse."""
    try:
        if not work.do(_REMOVE, base_id=base_id):
            raise NotFound
    except psycopg2.errors.ForeignKeyViolation:
        raise InUse from None
    audit.note(work, "remove", "scenebase", base_id)


def _check(work: Work, values: dict[str, Any]) -> None:
    if values.get("thumbnail") is not None:
        files.check_any(work, values["thumbnail"], IMAGE, field="thumbnail")


@cache
def _list(kind: str, by_cursor: bool) -> Statement:
    total = counted(select(BASE.c.id))
    return page_statement(select(BASE), None, BASE.c.id, total=total, by_cursor=by_cursor, kind=kind)


@cache
def _change(names: frozenset[str]) -> Statement:
    values = {name: bindparam(name) for name in sorted(names)}
    return Statement(update(BASE).where(BASE.c.id == bindparam("base_id")).values(**values).returning(BASE.c.id))


_CREATE = Statement(insert(BASE).values(name=bindparam("name"), thumbnail=bindparam("thumbnail")).returning(BASE.c.id))
_ONE = Statement(select(json_of(select(BASE).where(BASE.c.id == bindparam("base_id"))).label("body")))
_REMOVE = Statement(delete(BASE).where(BASE.c.id == bindparam("base_id")))
