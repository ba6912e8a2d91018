"""Scenes (场景) of a merchant: built on a scene base, for live streams or the shop, of files that the merchant uploaded."""

from functools import cache, lru_cache
from typing import Any

import psycopg2
from sqlalchemy import String, bindparam, cast, delete, func, insert, select, update

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.work import MERCHANT, Work
from app.errors import NotFound, UnknownSceneBase
from app.models import Scene
from app.services.events import audit
from app.services.paging import Page, answer, counted, page_statement
from app.services.uploads import files
from app.services.uploads.content import CONFIG, IMAGE

SCENE = Scene.__table__
FILTERS = {
    "base_id": SCENE.c.base_id == bindparam("base_id"),
    "tag": SCENE.c.tag == bindparam("tag"),
    "name": func.strpos(func.lower(SCENE.c.name), func.lower(bindparam("name"))) > 0,
}

_FILES = {"thumbnail": IMAGE, "config": CONFIG}
_CREATOR = cast(ACTOR_ID, String)  # the merchant's id: names change
_MINE = SCENE.c.creator == _CREATOR


def create(work: Work, values: dict[str, Any]) -> str:
    """A new scene, as JSON; raises UnknownSceneBase, UnknownFile, WrongFileKind."""
    _check_files(work, values)
    row = _written(work, _CREATE, **values)
    audit.note(work, "create", "scene", row.id, business_id=work.actor.id, details=values)
    return get(work, row.id)


def get(work: Work, scene_id: int) -> str:
    """One scene of the merchant as JSON; raises NotFound."""
    return work.body(_ONE, scene_id=scene_id)


def page(work: Work, filters: dict[str, Any], page: Page) -> str:
    """The merchant's scenes that pass all `filters` (names of FILTERS), newest first, as JSON."""
    statement = _list(frozenset(filters), page.cursor is not None)
    return answer(work.one(statement, **filters, **page.parameters()), page)


def change(work: Work, scene_id: int, values: dict[str, Any]) -> str:
    """Change the named columns; the scene as JSON. Raises NotFound, UnknownSceneBase, UnknownFile, WrongFileKind."""
    if values:
        if work.one(_LOCK, scene_id=scene_id) is None:
            raise NotFound
        _check_files(work, values)
        _written(work, _change(frozenset(values)), scene_id=scene_id, **values)
        audit.note(work, "change", "scene", scene_id, business_id=work.actor.id, details=values)
    return get(work, scene_id)


def remove(work: Work, scene_id: int) -> None:
    """Delete a scene; its files stay. Raises NotFound."""
    if not work.do(_REMOVE, scene_id=scene_id):
        raise NotFound
    audit.note(work, "remove", "scene", scene_id, business_id=work.actor.id)


def _check_files(work: Work, values: dict[str, Any]) -> None:
    for field, kind in _FILES.items():
        if values.get(field) is not None:
            files.check_mine(work, values[field], kind, field=field)


def _written(work: Work, statement: Statement, **values: Any) -> Any:
    try:
        return work.one(statement, **values)
    except psycopg2.errors.ForeignKeyViolation:
        raise UnknownSceneBase(field="base_id") from None


@lru_cache(maxsize=16)
def _list(filters: frozenset[str], by_cursor: bool) -> Statement:
    conditions = [_MINE, *(FILTERS[name] for name in sorted(filters))]
    total = counted(select(SCENE.c.id).where(*conditions))
    view = select(SCENE).where(*conditions)
    return page_statement(view, SCENE.c.create_time, SCENE.c.id, total=total, by_cursor=by_cursor, kind=MERCHANT)


@cache
def _change(names: frozenset[str]) -> Statement:
    values = {name: bindparam(name) for name in sorted(names)}
    return Statement(update(SCENE).where(*_THIS).values(**values).returning(SCENE.c.id))


_THIS = (SCENE.c.id == bindparam("scene_id"), _MINE)
_COLUMNS = ("name", "base_id", "tag", "thumbnail", "config")
_CREATE = Statement(
    insert(SCENE)
    .values(creator=_CREATOR, create_time=NOW, **{name: bindparam(name) for name in _COLUMNS})
    .returning(SCENE.c.id)
)
_ONE = Statement(select(json_of(select(SCENE).where(*_THIS)).label("body")))
_LOCK = Statement(select(SCENE.c.id).where(*_THIS).with_for_update())
_REMOVE = Statement(delete(SCENE).where(*_THIS))
