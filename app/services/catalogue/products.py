"""Products of a merchant; their SKUs are in `skus.py`."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import contains, json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import NotFound
from app.models import Product, Sku, UnlistedProduct
from app.services.catalogue import pictures, skus
from app.services.catalogue.removal import REMOVED_PRODUCT, REMOVED_SKU, product_is_removed, sku_is_removed
from app.services.catalogue.views import is_listed, product_columns
from app.services.events import audit
from app.services.named_columns import Change
from app.services.paging import Listing, Page

PRODUCT = Product.__table__
SKU = Sku.__table__

UNLISTED = UnlistedProduct.__table__

FILTERS = {
    "name": contains(PRODUCT.c.name, "name"),
    "listed": is_listed(PRODUCT.c.id) == bindparam("listed"),
}
_OF_MINE = PRODUCT.c.business_id == ACTOR_ID
_MINE = (_OF_MINE, ~product_is_removed(PRODUCT.c.id))
_THIS = (PRODUCT.c.id == bindparam("product_id"), *_MINE)


def create(work: Work, values: Mapping[str, Any], new_skus: Iterable[Mapping[str, Any]]) -> JsonText:
    """A product with its SKUs (each as `skus.create` takes it) and `pictures`, as JSON; raises UnknownFile, WrongFileKind."""
    row = work.one(_CREATE, **{name: values[name] for name in _COLUMNS})
    if values.get("pictures"):
        pictures.put(work, row.id, values["pictures"])
    audit.note(work, "create", "product", row.id, business_id=work.actor.id, details={"name": values["name"]})
    for sku in new_skus:
        skus.create(work, row.id, sku)
    return get(work, row.id)


def get(work: Work, product_id: int) -> JsonText:
    """One product of the merchant with its `skus`, as JSON; raises NotFound."""
    return work.body(_ONE, product_id=product_id)


def skus_of(work: Work, product_id: int, page: Page) -> JsonText:
    """The SKUs of one product of the merchant, newest first, as JSON; raises NotFound."""
    if work.one(_EXISTS, product_id=product_id) is None:
        raise NotFound
    return skus.page(work, {"product_id": product_id}, page)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The merchant's products with their `skus` that pass all `filters` (names of FILTERS), newest first, as JSON.

    With `removed`, those that were taken off the shop.
    """
    left = {name: value for name, value in filters.items() if name != "removed"}
    return (_REMOVED if filters.get("removed") else _LISTING).page(work, page, left)


def change(work: Work, product_id: int, values: Mapping[str, Any]) -> JsonText:
    """Change the named columns, `pictures`, or whether it is `listed`; the product as JSON.

    Raises NotFound, UnknownFile, WrongFileKind.
    """
    if values:
        columns = {name: value for name, value in values.items() if name in _COLUMNS}
        _CHANGE.make(work, columns, product_id=product_id)
        if "listed" in values:
            work.do(_LIST if values["listed"] else _UNLIST, product_id=product_id)
        if "pictures" in values:
            pictures.put(work, product_id, values["pictures"])
        audit.note(work, "change", "product", product_id, business_id=work.actor.id, details=values)
    return get(work, product_id)  # if the product was removed while we waited for its lock, this undoes the change


def remove(work: Work, product_id: int) -> None:
    """Take a product and its SKUs off the shop; orders keep what they say. Raises NotFound."""
    if work.one(_LOCK, product_id=product_id) is None or work.one(_EXISTS, product_id=product_id) is None:
        raise NotFound
    for row in work.all(_SKUS_OF, product_id=product_id):
        skus.remove(work, row.id)
    work.do(_REMOVE, product_id=product_id)
    audit.note(work, "remove", "product", product_id, business_id=work.actor.id)


def restore(work: Work, product_id: int) -> JsonText:
    """Put a removed product back on the shop, with the SKUs that were removed with it and no stock; its JSON.

    One that is on the shop stays as it is. Raises NotFound.
    """
    if work.one(_LOCK_ANY, product_id=product_id) is None:
        raise NotFound
    removed = work.one(_RESTORE, product_id=product_id)
    if removed is not None:
        work.do(_RESTORE_SKUS, product_id=product_id, removed=removed.create_time)
        audit.note(work, "restore", "product", product_id, business_id=work.actor.id)
    return get(work, product_id)


_VIEW = select(*product_columns(PRODUCT))
_LISTING = Listing(_VIEW, PRODUCT.c.id, time=PRODUCT.c.create_time, where=_MINE, filters=FILTERS)
_REMOVED = Listing(
    _VIEW, PRODUCT.c.id, time=PRODUCT.c.create_time, where=(_OF_MINE, product_is_removed(PRODUCT.c.id)), filters=FILTERS
)
_CHANGE = Change(PRODUCT, *_THIS, last_update=NOW)
_COLUMNS = ("name", "desc", "unit", "meta_obj_id")
_CREATE = Statement(
    insert(PRODUCT)
    .values(
        business_id=ACTOR_ID,
        create_time=NOW,
        last_update=NOW,
        **{name: bindparam(name) for name in _COLUMNS},
    )
    .returning(PRODUCT.c.id)
)
_ONE = Statement(select(json_of(_VIEW.where(*_THIS)).label("body")))
_EXISTS = Statement(select(PRODUCT.c.id).where(*_THIS))
_LOCK = Statement(select(PRODUCT.c.id).where(*_THIS).with_for_update(of=PRODUCT))
_SKUS_OF = Statement(
    select(SKU.c.id).where(SKU.c.product_id == bindparam("product_id"), ~sku_is_removed(SKU.c.id)).order_by(SKU.c.id)
)
_REMOVE = Statement(insert(REMOVED_PRODUCT).values(product_id=bindparam("product_id"), create_time=NOW))
_LOCK_ANY = Statement(select(PRODUCT.c.id).where(PRODUCT.c.id == bindparam("product_id"), _OF_MINE).with_for_update())
_RESTORE = Statement(
    delete(REMOVED_PRODUCT)
    .where(REMOVED_PRODUCT.c.product_id == bindparam("product_id"))
    .returning(REMOVED_PRODUCT.c.create_time)
)
_RESTORE_SKUS = Statement(
    delete(REMOVED_SKU).where(
        REMOVED_SKU.c.sku_id == SKU.c.id,
        SKU.c.product_id == bindparam("product_id"),
        REMOVED_SKU.c.create_time == bindparam("removed"),
    )
)
_UNLIST = Statement(
    postgresql.insert(UNLISTED).values(product_id=bindparam("product_id"), create_time=NOW).on_conflict_do_nothing()
)
_LIST = Statement(delete(UNLISTED).where(UNLISTED.c.product_id == bindparam("product_id")))
