"""Scene bases (基础场景): the templates that scenes are built on; admins keep them."""

from collections.abc import Mapping

import psycopg2
from sqlalchemy import bindparam, delete, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText, Query
from app.db.work import Work
from app.errors import InUse, NotFound, WrongFileKind
from app.models import PlatformFile, SceneBase, SceneBaseModel
from app.services.events import audit
from app.services.named_columns import Change
from app.services.paging import Listing, Page
from app.services.uploads import files, platform_files
from app.services.uploads.content import IMAGE, MODEL
from app.services.uploads.taking import Wanted

BASE = SceneBase.__table__
OF_BASE = SceneBaseModel.__table__
FILE = PlatformFile.__table__


def page(work: Work, page: Page) -> JsonText:
    """The scene bases, newest first, as JSON."""
    return _LISTING.page(work, page)


def create(work: Work, values: Mapping[str, object]) -> JsonText:
    """A new scene base, as JSON; raises UnknownFile, WrongFileKind."""
    row = work.one(_CREATE, name=values["name"], thumbnail=values["thumbnail"])
    _take_files(work, row.id, values)
    audit.note(work, "create", "scenebase", row.id, details=values)
    return work.body(_ONE, base_id=row.id)


def change(work: Work, base_id: int, values: Mapping[str, object]) -> JsonText:
    """Change the named columns, or the `model`; the scene base as JSON. Raises NotFound, UnknownFile, WrongFileKind."""
    if values:
        if work.one(_LOCK, base_id=base_id) is None:
            raise NotFound
        _take_files(work, base_id, values)
        columns = {name: value for name, value in values.items() if name != "model"}
        if columns:
            _CHANGE.make(work, columns, base_id=base_id)
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


def _take_files(work: Work, base_id: int, values: Mapping[str, object]) -> None:
    thumbnail, model = values.get("thumbnail"), values.get("model")
    if thumbnail is not None:
        platform_files.take(work, Wanted("thumbnail", str(thumbnail), IMAGE), or_any_merchants=True)
    if model is not None:
        platform_files.take(work, Wanted("model", str(model), MODEL))
        if not str(model).endswith(".glb"):
            raise WrongFileKind(field="model", kind=".glb")
        work.do(_SET_MODEL, base_id=base_id, file=model)
    elif "model" in values:
        work.do(_TAKE_MODEL, base_id=base_id)


def _view() -> Query:
    shown = select(
        OF_BASE.c.file,
        func.concat(files.URL, FILE.c.name).label("url"),
        FILE.c.size,
        files.bounding_box(FILE).label("bounding_box"),
    )
    row = shown.join(FILE, FILE.c.name == OF_BASE.c.file).where(OF_BASE.c.base_id == BASE.c.id).correlate(BASE)
    model = select(func.row_to_json(literal_column("shown"))).select_from(row.subquery("shown")).scalar_subquery()
    url = literal(files.URL).op("||")(BASE.c.thumbnail)
    return select(*BASE.c, url.label("thumbnail_url"), model.label("model"))


_THIS = BASE.c.id == bindparam("base_id")
_LISTING = Listing(_view(), BASE.c.id)
_CHANGE = Change(BASE, _THIS)
_CREATE = Statement(insert(BASE).values(name=bindparam("name"), thumbnail=bindparam("thumbnail")).returning(BASE.c.id))
_ONE = Statement(select(json_of(_view().where(_THIS)).label("body")))
_LOCK = Statement(select(BASE.c.id).where(_THIS).with_for_update(key_share=True))
_SET_MODEL = Statement(
    insert(OF_BASE)
    .values(base_id=bindparam("base_id"), file=bindparam("file"))
    .on_conflict_do_update(index_elements=[OF_BASE.c.base_id], set_={"file": bindparam("file")})
)
_TAKE_MODEL = Statement(delete(OF_BASE).where(OF_BASE.c.base_id == bindparam("base_id")))
_REMOVE = Statement(delete(BASE).where(_THIS))
