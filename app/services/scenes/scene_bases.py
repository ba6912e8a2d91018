"""Scene bases (基础场景): the templates that scenes are built on; admins keep them."""

from collections.abc import Mapping

import psycopg2
from sqlalchemy import bindparam, delete, insert, select

from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import InUse, NotFound
from app.models import SceneBase
from app.services.events import audit
from app.services.named_columns import Change
from app.services.paging import Listing, Page
from app.services.uploads import files
from app.services.uploads.content import IMAGE

BASE = SceneBase.__table__


def page(work: Work, page: Page) -> JsonText:
    """The scene bases, newest first, as JSON."""
    return _LISTING.page(work, page)


def create(work: Work, values: Mapping[str, object]) -> JsonText:
    """A new scene base, as JSON; raises UnknownFile, WrongFileKind."""
    _check(work, values)
    row = work.one(_CREATE, **values)
    audit.note(work, "create", "scenebase", row.id, details=values)
    return work.body(_ONE, base_id=row.id)


def change(work: Work, base_id: int, values: Mapping[str, object]) -> JsonText:
    """Change the named columns; the scene base as JSON. Raises NotFound, UnknownFile, WrongFileKind."""
    if values:
        _check(work, values)
        _CHANGE.make(work, values, base_id=base_id)
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


def _check(work: Work, values: Mapping[str, object]) -> None:
    thumbnail = values.get("thumbnail")
    if thumbnail is not None:
        files.check_any(work, str(thumbnail), IMAGE, field="thumbnail")


_THIS = BASE.c.id == bindparam("base_id")
_LISTING = Listing(select(BASE), BASE.c.id)
_CHANGE = Change(BASE, _THIS)
_CREATE = Statement(insert(BASE).values(name=bindparam("name"), thumbnail=bindparam("thumbnail")).returning(BASE.c.id))
_ONE = Statement(select(json_of(select(BASE).where(_THIS)).label("body")))
_REMOVE = Statement(delete(BASE).where(_THIS))
