"""Scenes (场景) of a merchant: built on a scene base, for live streams or the shop, of files that the merchant uploaded."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg2
from sqlalchemy import String, bindparam, cast, delete, insert, select

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import contains, json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import NotFound, UnknownSceneBase
from app.models import Scene
from app.services.events import audit
from app.services.named_columns import Change
from app.services.paging import Listing, Page
from app.services.uploads import files
from app.services.uploads.content import CONFIG, IMAGE
from app.services.uploads.taking import Wanted

SCENE = Scene.__table__
FILTERS = {
    "base_id": SCENE.c.base_id == bindparam("base_id"),
    "tag": SCENE.c.tag == bindparam("tag"),
    "name": contains(SCENE.c.name, "name"),
}

_FILES = {"thumbnail": IMAGE, "config": CONFIG}
_CREATOR = cast(ACTOR_ID, String)  # the merchant's id: names change
_MINE = SCENE.c.creator == _CREATOR


def create(work: Work, values: Mapping[str, object]) -> JsonText:
    """A new scene, as JSON; raises UnknownSceneBase, UnknownFile, WrongFileKind."""
    _take_files(work, values)
    with _on_a_known_base():
        row = work.one(_CREATE, **values)
    audit.note(work, "create", "scene", row.id, business_id=work.actor.id, details=values)
    return get(work, row.id)


def get(work: Work, scene_id: int) -> JsonText:
    """One scene of the merchant as JSON; raises NotFound."""
    return work.body(_ONE, scene_id=scene_id)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The merchant's scenes that pass all `filters` (names of FILTERS), newest first, as JSON."""
    return _LISTING.page(work, page, filters)


def change(work: Work, scene_id: int, values: Mapping[str, object]) -> JsonText:
    """Change the named columns; the scene as JSON. Raises NotFound, UnknownSceneBase, UnknownFile, WrongFileKind."""
    if values:
        if work.one(_LOCK, scene_id=scene_id) is None:
            raise NotFound
        _take_files(work, values)
        with _on_a_known_base():
            _CHANGE.make(work, values, scene_id=scene_id)
        audit.note(work, "change", "scene", scene_id, business_id=work.actor.id, details=values)
    return get(work, scene_id)


def remove(work: Work, scene_id: int) -> None:
    """Delete a scene; its files stay. Raises NotFound."""
    if not work.do(_REMOVE, scene_id=scene_id):
        raise NotFound
    audit.note(work, "remove", "scene", scene_id, business_id=work.actor.id)


def _take_files(work: Work, values: Mapping[str, object]) -> None:
    named = {field: str(values[field]) for field in _FILES if values.get(field) is not None}
    files.take(work, [Wanted(field, name, _FILES[field]) for field, name in named.items()])


@contextmanager
def _on_a_known_base() -> Iterator[None]:
    """Raise UnknownSceneBase where the scene would refer to a scene base that is not there."""
    try:
        yield
    except psycopg2.errors.ForeignKeyViolation:
        raise UnknownSceneBase(field="base_id") from None


_THIS = (SCENE.c.id == bindparam("scene_id"), _MINE)
_COLUMNS = ("name", "base_id", "tag", "thumbnail", "config")
_LISTING = Listing(select(SCENE), SCENE.c.id, time=SCENE.c.create_time, where=(_MINE,), filters=FILTERS)
_CHANGE = Change(SCENE, *_THIS)
_CREATE = Statement(
    insert(SCENE)
    .values(creator=_CREATOR, create_time=NOW, **{name: bindparam(name) for name in _COLUMNS})
    .returning(SCENE.c.id)
)
_ONE = Statement(select(json_of(select(SCENE).where(*_THIS)).label("body")))
_LOCK = Statement(select(SCENE.c.id).where(*_THIS).with_for_update())
_REMOVE = Statement(delete(SCENE).where(*_THIS))
