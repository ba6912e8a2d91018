"""3D models that a merchant names, of files that the merchant uploaded; products show them by their ids.

Their ids start where the platform's numbers of models do not reach, and a product shows a model of its own merchant only.
"""

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, func, insert, literal, literal_column, select

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import contains, json_of
from app.db.statement import Statement
from app.db.types import Columns, Expression, JsonText, Query
from app.db.work import Work
from app.errors import InUse, NotFound, WrongFileKind
from app.models import Model, Product
from app.services.catalogue.removal import product_is_removed
from app.services.events import audit
from app.services.named_columns import Change
from app.services.paging import Listing, Page
from app.services.uploads import files
from app.services.uploads.content import IMAGE, MODEL
from app.services.uploads.taking import Wanted

MODELS = Model.__table__
PRODUCT = Product.__table__
FILE = files.FILE


def create(work: Work, values: Mapping[str, object]) -> JsonText:
    """A new model, as JSON; raises UnknownFile, WrongFileKind."""
    _take_files(work, values)
    row = work.one(_CREATE, **values)
    audit.note(work, "create", "model", row.id, business_id=work.actor.id, details=values)
    return get(work, row.id)


def get(work: Work, model_id: int) -> JsonText:
    """One model of the merchant as JSON; raises NotFound."""
    return work.body(_ONE, model_id=model_id)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The merchant's models, newest first, as JSON; `name` filters by a part of the name."""
    return _LISTING.page(work, page, filters)


def change(work: Work, model_id: int, values: Mapping[str, object]) -> JsonText:
    """Change the named columns; the model as JSON. Raises NotFound, UnknownFile, WrongFileKind."""
    if values:
        if work.one(_LOCK, model_id=model_id) is None:
            raise NotFound
        _take_files(work, values)
        _CHANGE.make(work, values, model_id=model_id)
        audit.note(work, "change", "model", model_id, business_id=work.actor.id, details=values)
    return get(work, model_id)


def remove(work: Work, model_id: int) -> None:
    """Delete a model that no product shows; its files stay. Raises NotFound, InUse."""
    if work.one(_LOCK, model_id=model_id) is None:
        raise NotFound
    if not work.do(_REMOVE, model_id=model_id):
        raise InUse
    audit.note(work, "remove", "model", model_id, business_id=work.actor.id)


def shown_on(product: Columns) -> Expression:
    """The model of a product as JSON, found by its key; null where `meta_obj_id` is a number of the platform's."""
    view = _view().where(MODELS.c.id == product.c.meta_obj_id, MODELS.c.business_id == product.c.business_id)
    row = view.with_only_columns([view.selected_columns[name] for name in _ON_PRODUCT]).correlate(product).subquery("shown")
    return select(func.row_to_json(literal_column("shown"))).select_from(row).scalar_subquery()


def _take_files(work: Work, values: Mapping[str, object]) -> None:
    named = {field: str(values[field]) for field in _FILES if values.get(field) is not None}
    files.take(work, [Wanted(field, name, _FILES[field]) for field, name in named.items()])
    if not named.get("file", ".glb").endswith(".glb"):
        raise WrongFileKind(field="file", kind=".glb")


def _view() -> Query:
    return select(
        MODELS.c.id,
        MODELS.c.name,
        MODELS.c.file,
        func.concat(files.URL, MODELS.c.file).label("url"),
        MODELS.c.thumbnail,
        literal(files.URL).op("||")(MODELS.c.thumbnail).label("thumbnail_url"),
        FILE.c.size,
        files.bounding_box(FILE).label("bounding_box"),
        MODELS.c.create_time,
        MODELS.c.last_update,
    ).join(FILE, (FILE.c.business_id == MODELS.c.business_id) & (FILE.c.name == MODELS.c.file))


_FILES = {"file": MODEL, "thumbnail": IMAGE}
_ON_PRODUCT = ("id", "name", "url", "thumbnail_url", "size", "bounding_box")
_MINE = MODELS.c.business_id == ACTOR_ID
_THIS = (MODELS.c.id == bindparam("model_id"), _MINE)
_LISTING = Listing(
    _view(), MODELS.c.id, time=MODELS.c.create_time, where=(_MINE,), filters={"name": contains(MODELS.c.name, "name")}
)
_CHANGE = Change(MODELS, *_THIS, last_update=NOW)
_CREATE = Statement(
    insert(MODELS)
    .values(
        business_id=ACTOR_ID,
        create_time=NOW,
        last_update=NOW,
        **{name: bindparam(name) for name in ("name", "file", "thumbnail")},
    )
    .returning(MODELS.c.id)
)
_ONE = Statement(select(json_of(_view().where(*_THIS)).label("body")))
_LOCK = Statement(select(MODELS.c.id).where(*_THIS).with_for_update())
_SHOWN = (
    select(PRODUCT.c.id)
    .where(PRODUCT.c.business_id == ACTOR_ID, PRODUCT.c.meta_obj_id == MODELS.c.id, ~product_is_removed(PRODUCT.c.id))
    .correlate(MODELS)
    .exists()
)
_REMOVE = Statement(delete(MODELS).where(*_THIS, ~_SHOWN))
