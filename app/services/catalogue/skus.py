"""SKUs of a merchant: what is sold, for how much, and how many there are."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg2.errors
from sqlalchemy import Integer, bindparam, delete, insert, literal, or_, select
from sqlalchemy.dialects import postgresql

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import contains, is_among, json_of
from app.db.statement import Statement
from app.db.types import Condition, JsonText
from app.db.work import Work
from app.errors import NotFound, ProductRemoved, SkuCodeTaken
from app.models import Product, Sku, SkuCode, SkuUpdate
from app.services.catalogue import low_stock, stock
from app.services.catalogue.removal import REMOVED_SKU, product_is_removed, sku_is_removed
from app.services.catalogue.views import sku_columns, updated_at
from app.services.events import audit
from app.services.named_columns import Change
from app.services.paging import Listing, Page, Sorting

SKU = Sku.__table__
PRODUCT = Product.__table__
CODE = SkuCode.__table__
UPDATE = SkuUpdate.__table__

_HAS_PART = (
    contains(SKU.c.sku_name, "q"),
    select(PRODUCT.c.id).where(PRODUCT.c.id == SKU.c.product_id, contains(PRODUCT.c.name, "q")).exists(),
    select(CODE.c.sku_id).where(CODE.c.sku_id == SKU.c.id, contains(CODE.c.code, "q")).exists(),
)
FILTERS = {
    "q": or_(*_HAS_PART),
    "sku_code": select(CODE.c.sku_id).where(CODE.c.sku_id == SKU.c.id, CODE.c.code == bindparam("sku_code")).exists(),
    "updated_after": updated_at(SKU) >= bindparam("updated_after", type_=Integer),
    "product_id": SKU.c.product_id == bindparam("product_id"),
    "status": SKU.c.status == bindparam("status"),
    "name": contains(SKU.c.sku_name, "name"),
    "low_stock": (SKU.c.stock <= low_stock.threshold(SKU.c.id, ACTOR_ID)) == bindparam("low_stock"),
}

_OF_MY_PRODUCT = select(PRODUCT.c.id).where(PRODUCT.c.id == SKU.c.product_id, PRODUCT.c.business_id == ACTOR_ID).exists()
_MINE = (_OF_MY_PRODUCT, ~sku_is_removed(SKU.c.id))
SORTS = {"oldest": Sorting(None, ascending=True), "stock": Sorting(SKU.c.stock, ascending=True)}
_THIS = (SKU.c.id == bindparam("sku_id"), *_MINE)


class LockedSku(NamedTuple):
    """A SKU whose row is locked until the transaction ends, and its stock."""

    id: int
    stock: int


def create(work: Work, product_id: int, values: Mapping[str, Any]) -> JsonText:
    """A SKU of the merchant's product, its `stock` written as the first movement; its JSON. Raises NotFound, SkuCodeTaken.

    `values` are the SKU's columns as `schemas.NewSku` checks them; `price` is in yuan.
    """
    columns = {name: value for name, value in values.items() if name not in ("stock", "sku_code")}
    work.one(_HOLD_PRODUCT, product_id=product_id)  # so that it is not removed between our check and our insert
    row = work.one(_CREATE, product_id=product_id, **columns)
    if row is None:
        raise NotFound
    _set_code(work, row.id, values.get("sku_code"))
    work.do(_TOUCH, sku_id=row.id)
    details = {"product_id": product_id, "sku_name": values["sku_name"], "price": values["price"]}
    audit.note(work, "create", "sku", row.id, business_id=work.actor.id, details=details)
    if values["stock"]:
        stock.change(work, row.id, values["stock"], reason=stock.INITIAL)
    return get(work, row.id)


def get(work: Work, sku_id: int) -> JsonText:
    """One SKU of the merchant as JSON; raises NotFound."""
    return work.body(_ONE, sku_id=sku_id)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The merchant's SKUs that pass all `filters` (names of FILTERS), as JSON; with `removed`, those taken off the shop."""
    left = {name: value for name, value in filters.items() if name != "removed"}
    return (_REMOVED if filters.get("removed") else _LISTING).page(work, page, left)


def change(work: Work, sku_id: int, values: Mapping[str, object]) -> JsonText:
    """Change name, attributes, price or code; the SKU as JSON. Orders keep the price they were placed at.

    Raises NotFound, SkuCodeTaken.
    """
    if values:
        _locked(work, sku_id)
        columns = {name: value for name, value in values.items() if name != "sku_code"}
        if columns:
            _CHANGE.make(work, columns, sku_id=sku_id)
        if "sku_code" in values:
            _set_code(work, sku_id, values["sku_code"])
        work.do(_TOUCH, sku_id=sku_id)
        audit.note(work, "change", "sku", sku_id, business_id=work.actor.id, details=values)
    return get(work, sku_id)


def adjust_stock(
    work: Work, sku_id: int, *, reason: str, delta: int | None = None, stock_: int | None = None, expected: int | None = None
) -> JsonText:
    """Change the stock by `delta`, or set it to `stock_` if it is still `expected`; the SKU as JSON.

    Raises NotFound, OutOfStock, StockTooLarge, StockChanged.
    """
    _locked(work, sku_id)
    if delta is not None:
        stock.change(work, sku_id, delta, reason=reason)
    else:
        assert stock_ is not None
        assert expected is not None
        stock.set_to(work, sku_id, stock_, expected=expected, reason=reason)
    return get(work, sku_id)


def check_mine(work: Work, sku_id: int) -> None:
    """Raise NotFound unless the merchant has this SKU on the shop."""
    if work.one(_EXISTS, sku_id=sku_id) is None:
        raise NotFound


def remove(work: Work, sku_id: int) -> None:
    """Take a SKU off the shop and write off its stock; orders keep what they say. Raises NotFound."""
    present_stock = _locked(work, sku_id).stock
    work.do(_REMOVE, sku_id=sku_id)
    _set_code(work, sku_id, None)
    if present_stock:
        stock.change(work, sku_id, -present_stock, reason=stock.REMOVED)
    audit.note(work, "remove", "sku", sku_id, business_id=work.actor.id)


def restore(work: Work, sku_id: int) -> JsonText:
    """Put a removed SKU back on the shop, with no stock and no code; its JSON. One that is on the shop stays as it is.

    Raises NotFound, ProductRemoved.
    """
    product = work.one(_HOLD_PRODUCT_OF, sku_id=sku_id)
    if product is None:
        raise NotFound
    if product.removed:
        raise ProductRemoved
    if work.do(_RESTORE, sku_id=sku_id):
        work.do(_TOUCH, sku_id=sku_id)
        audit.note(work, "restore", "sku", sku_id, business_id=work.actor.id)
    return get(work, sku_id)


def _set_code(work: Work, sku_id: int, code: object) -> None:
    """Give the SKU this code, or none (None); raises SkuCodeTaken."""
    if code is None:
        work.do(_UNSET_CODE, sku_id=sku_id)
        return
    try:
        work.do(_SET_CODE, sku_id=sku_id, code=code)
    except psycopg2.errors.UniqueViolation:
        raise SkuCodeTaken(field="sku_code") from None


def locked(work: Work, ids: Sequence[int]) -> dict[int, LockedSku]:
    """Lock the merchant's SKUs with these ids, then leave out those that whoever held the lock has removed."""
    found = work.all(_LOCK_MANY, ids=ids)
    present = {sku.id for sku in work.all(_PRESENT, ids=ids)}
    return {sku.id: LockedSku(*sku) for sku in found if sku.id in present}


def _locked(work: Work, sku_id: int) -> LockedSku:
    """Lock the SKU, then check that it is still there: whoever held the lock may have removed it. Raises NotFound."""
    row = work.one(_LOCK, sku_id=sku_id)
    if row is None or work.one(_EXISTS, sku_id=sku_id) is None:
        raise NotFound
    return LockedSku(*row)


def conditions(filters: Iterable[str]) -> list[Condition]:
    """The conditions that a SKU is the merchant's, still on the shop, and passes `filters` (names of FILTERS)."""
    return [*_MINE, *(FILTERS[name] for name in sorted(filters))]


def _create() -> Statement:
    names = ("sku_name", "sku_attr", "price")
    given = select(*(bindparam(name, type_=SKU.c[name].type).label(name) for name in names)).subquery("given")
    mine = (PRODUCT.c.id == bindparam("product_id"), PRODUCT.c.business_id == ACTOR_ID)
    return Statement(
        insert(SKU)
        .from_select(
            ["product_id", *names, "stock", "status"],
            select(PRODUCT.c.id, *given.c, literal(0), literal(0))
            .select_from(PRODUCT)
            .where(*mine, ~product_is_removed(PRODUCT.c.id)),
        )
        .returning(SKU.c.id)
    )


_VIEW = select(*sku_columns(SKU))
_LISTING = Listing(_VIEW, SKU.c.id, where=_MINE, filters=FILTERS, sorts=SORTS)
_REMOVED = Listing(_VIEW, SKU.c.id, where=(_OF_MY_PRODUCT, sku_is_removed(SKU.c.id)), filters=FILTERS, sorts=SORTS)
_CHANGE = Change(SKU, *_THIS)
_CREATE = _create()
_HOLD_PRODUCT = Statement(
    select(PRODUCT.c.id)
    .where(PRODUCT.c.id == bindparam("product_id"), PRODUCT.c.business_id == ACTOR_ID)
    .with_for_update(read=True)
)
_ONE = Statement(select(json_of(_VIEW.where(*_THIS)).label("body")))
_EXISTS = Statement(select(SKU.c.id).where(*_THIS))
_LOCK = Statement(select(SKU.c.id, SKU.c.stock).where(*_THIS).with_for_update(of=SKU))
_THESE = (is_among(SKU.c.id, "ids"), *_MINE)
_LOCK_MANY = Statement(select(SKU.c.id, SKU.c.stock).where(*_THESE).order_by(SKU.c.id).with_for_update(of=SKU))
_PRESENT = Statement(select(SKU.c.id).where(*_THESE))
_SET_CODE = Statement(
    postgresql.insert(CODE)
    .values(sku_id=bindparam("sku_id"), business_id=ACTOR_ID, code=bindparam("code"))
    .on_conflict_do_update(index_elements=[CODE.c.sku_id], set_={"code": bindparam("code")})
)
_UNSET_CODE = Statement(delete(CODE).where(CODE.c.sku_id == bindparam("sku_id")))
_TOUCH = Statement(
    postgresql.insert(UPDATE)
    .values(sku_id=bindparam("sku_id"), time=NOW)
    .on_conflict_do_update(index_elements=[UPDATE.c.sku_id], set_={"time": NOW})
)
_HOLD_PRODUCT_OF = Statement(
    select(product_is_removed(PRODUCT.c.id).label("removed"))
    .select_from(PRODUCT.join(SKU, SKU.c.product_id == PRODUCT.c.id))
    .where(SKU.c.id == bindparam("sku_id"), PRODUCT.c.business_id == ACTOR_ID)
    .with_for_update(read=True, of=PRODUCT)
)
_RESTORE = Statement(delete(REMOVED_SKU).where(REMOVED_SKU.c.sku_id == bindparam("sku_id")))
_REMOVE = Statement(insert(REMOVED_SKU).values(sku_id=bindparam("sku_id"), create_time=NOW))
