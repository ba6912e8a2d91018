"""Products of a merchant; their SKUs are in `skus.py`."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import contains, json_array, json_of
from app.db.statement import Statement
from app.db.types import JsonText, Query
from app.db.work import Work
from app.errors import NotFound
from app.models import Product, Sku
from app.services.catalogue import skus
from app.services.catalogue.removal import REMOVED_PRODUCT, product_is_removed, sku_is_removed
from app.services.events import audit
from app.services.named_columns import Change
from app.services.paging import Listing, Page

PRODUCT = Product.__table__
SKU = Sku.__table__

_MINE = (PRODUCT.c.business_id == ACTOR_ID, ~product_is_removed(PRODUCT.c.id))
_THIS = (PRODUCT.c.id == bindparam("product_id"), *_MINE)


def create(work: Work, values: Mapping[str, object], new_skus: Iterable[Mapping[str, Any]]) -> JsonText:
    """A product with its SKUs (each as `skus.create` takes it), as JSON."""
    row = work.one(_CREATE, **values)
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
    """The merchant's products with their `skus`, newest first, as JSON; `name` filters by a part of the name."""
    return _LISTING.page(work, page, filters)


def change(work: Work, product_id: int, values: Mapping[str, object]) -> JsonText:
    """Change the named columns; the product as JSON. Raises NotFound."""
    if values:
        _CHANGE.make(work, values, product_id=product_id)
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


def _view() -> Query:
    its_skus = select(SKU).where(SKU.c.product_id == PRODUCT.c.id, ~sku_is_removed(SKU.c.id)).order_by(SKU.c.id)
    return select(PRODUCT, json_array(its_skus.correlate(PRODUCT)).label("skus"))


_LISTING = Listing(
    _view(), PRODUCT.c.id, time=PRODUCT.c.create_time, where=_MINE, filters={"name": contains(PRODUCT.c.name, "name")}
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
_ONE = Statement(select(json_of(_view().where(*_THIS)).label("body")))
_EXISTS = Statement(select(PRODUCT.c.id).where(*_THIS))
_LOCK = Statement(select(PRODUCT.c.id).where(*_THIS).with_for_update(of=PRODUCT))
_SKUS_OF = Statement(
    select(SKU.c.id).where(SKU.c.product_id == bindparam("product_id"), ~sku_is_removed(SKU.c.id)).order_by(SKU.c.id)
)
_REMOVE = Statement(insert(REMOVED_PRODUCT).values(product_id=bindparam("product_id"), create_time=NOW))
