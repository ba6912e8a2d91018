"""Products of a merchant; their SKUs are in `skus.py`."""

from functools import cache, lru_cache
from typing import Any

from sqlalchemy import bindparam, func, insert, literal_column, select, update

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.work import Work
from app.errors import NotFound
from app.models import Product, RemovedProduct, Sku
from app.services.catalogue import skus
from app.services.events import audit
from app.services.paging import Page, answer, counted, page_statement

PRODUCT = Product.__table__
SKU = Sku.__table__
REMOVED = RemovedProduct.__table__

_MINE = (
    PRODUCT.c.business_id == ACTOR_ID,
    ~select(REMOVED.c.product_id).where(REMOVED.c.product_id == PRODUCT.c.id).exists(),
)
FILTERS = {"name": func.strpos(func.lower(PRODUCT.c.name), func.lower(bindparam("name"))) > 0}


def create(work: Work, values: dict[str, Any], new_skus: list[dict[str, Any]]) -> str:
    """A product with its SKUs, as JSON."""
    row = work.one(_CREATE, **values)
    audit.note(work, "create", "product", row.id, business_id=work.actor.id)
    for sku in new_skus:
        skus.create(work, row.id, sku)
    return get(work, row.id)


def get(work: Work, product_id: int) -> str:
    """One product of the merchant with its `skus`, as JSON; raises NotFound."""
    return work.body(_ONE, product_id=product_id)


def skus_of(work: Work, product_id: int, page: Page) -> str:
    """The SKUs of one product of the merchant, newest first, as JSON; raises NotFound."""
    if work.one(_EXISTS, product_id=product_id) is None:
        raise NotFound
    return skus.page(work, {"product_id": product_id}, page)


def page(work: Work, filters: dict[str, Any], page: Page) -> str:
    """The merchant's products with their `skus`, newest first, as JSON; `name` filters by a part of the name."""
    statement = _list(frozenset(filters), page.cursor is not None)
    return answer(work.one(statement, **filters, **page.parameters()), page)


def change(work: Work, product_id: int, values: dict[str, Any]) -> str:
    """Change the named columns; the product as JSON. Raises NotFound."""
    if values:
        if work.one(_change(frozenset(values)), product_id=product_id, **values) is None:
            raise NotFound
        audit.note(work, "change", "product", product_id, business_id=work.actor.id, details=values)
    return get(work, product_id)  # this also undoes the change of a product that was removed while we waited for its lock


def remove(work: Work, product_id: int) -> None:
    """Take a product and its SKUs off the shop; orders keep what they say. Raises NotFound."""
    if work.one(_LOCK, product_id=product_id) is None or work.one(_EXISTS, product_id=product_id) is None:
        raise NotFound
    for row in work.all(_SKUS_OF, product_id=product_id):
        skus.remove(work, row.id)
    work.do(_REMOVE, product_id=product_id)
    audit.note(work, "remove", "product", product_id, business_id=work.actor.id)


def _view() -> Any:
    rows = select(SKU).where(SKU.c.product_id == PRODUCT.c.id, skus.present()).order_by(SKU.c.id).correlate(PRODUCT)
    array = func.coalesce(func.json_agg(func.row_to_json(literal_column("s"))), literal_column("'[]'::json"))
    return select(PRODUCT, select(array).select_from(rows.subquery("s")).scalar_subquery().label("skus")).where(*_MINE)


@lru_cache(maxsize=16)
def _list(filters: frozenset[str], by_cursor: bool) -> Statement:
    conditions = [FILTERS[name] for name in sorted(filters)]
    total = counted(select(PRODUCT.c.id).where(*_MINE, *conditions))
    view = _view().where(*conditions)
    return page_statement(view, PRODUCT.c.create_time, PRODUCT.c.id, total=total, by_cursor=by_cursor, kind="merchant")


@cache
def _change(names: frozenset[str]) -> Statement:
    values = {name: bindparam(name) for name in sorted(names)}
    mine = (PRODUCT.c.id == bindparam("product_id"), *_MINE)
    changed = update(PRODUCT).where(*mine).values(**values, last_update=NOW)
    return Statement(changed.returning(PRODUCT.c.id))


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
_ONE = Statement(select(json_of(_view().where(PRODUCT.c.id == bindparam("product_id"))).label("body")))
_EXISTS = Statement(select(PRODUCT.c.id).where(PRODUCT.c.id == bindparam("product_id"), *_MINE))
_LOCK = Statement(select(PRODUCT.c.id).where(PRODUCT.c.id == bindparam("product_id"), *_MINE).with_for_update(of=PRODUCT))
_SKUS_OF = Statement(select(SKU.c.id).where(SKU.c.product_id == bindparam("product_id"), skus.present()).order_by(SKU.c.id))
_REMOVE = Statement(insert(REMOVED).values(product_id=bindparam("product_id"), create_time=NOW))
