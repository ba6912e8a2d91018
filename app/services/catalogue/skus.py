"""SKUs of a merchant: what is sold, for how much, and how many there are."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, literal, select

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import contains, json_of
from app.db.statement import Statement
from app.db.types import Condition, JsonText
from app.db.work import Work
from app.errors import NotFound
from app.models import Product, Sku, StockMovement
from app.services.catalogue import low_stock, stock
from app.services.catalogue.removal import REMOVED_SKU, product_is_removed, sku_is_removed
from app.services.events import audit
from app.services.named_columns import Change
from app.services.paging import Listing, Page

SKU = Sku.__table__
PRODUCT = Product.__table__
MOVEMENT = StockMovement.__table__

FILTERS = {
    "product_id": SKU.c.product_id == bindparam("product_id"),
    "status": SKU.c.status == bindparam("status"),
    "name": contains(SKU.c.sku_name, "name"),
    "low_stock": (SKU.c.stock <= low_stock.threshold(SKU.c.id, ACTOR_ID)) == bindparam("low_stock"),
}

_OF_MY_PRODUCT = select(PRODUCT.c.id).where(PRODUCT.c.id == SKU.c.product_id, PRODUCT.c.business_id == ACTOR_ID).exists()
_MINE = (_OF_MY_PRODUCT, ~sku_is_removed(SKU.c.id))
_THIS = (SKU.c.id == bindparam("sku_id"), *_MINE)


class LockedSku(NamedTuple):
    """A SKU whose row is locked until the transaction ends, and its stock."""

    id: int
    stock: int


def create(work: Work, product_id: int, values: Mapping[str, Any]) -> JsonText:
    """A SKU of the merchant's product, its `stock` written as the first movement; its JSON. Raises NotFound.

    `values` are the SKU's columns as `schemas.NewSku` checks them; `price` is in yuan.
    """
    columns = {name: value for name, value in values.items() if name != "stock"}
    work.one(_HOLD_PRODUCT, product_id=product_id)  # so that it is not removed between our check and our insert
    row = work.one(_CREATE, product_id=product_id, **columns)
    if row is None:
        raise NotFound
    details = {"product_id": product_id, "sku_name": values["sku_name"], "price": values["price"]}
    audit.note(work, "create", "sku", row.id, business_id=work.actor.id, details=details)
    if values["stock"]:
        stock.change(work, row.id, values["stock"], reason=stock.INITIAL)
    return get(work, row.id)


def get(work: Work, sku_id: int) -> JsonText:
    """One SKU of the merchant as JSON; raises NotFound."""
    return work.body(_ONE, sku_id=sku_id)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The merchant's SKUs that pass all `filters` (names of FILTERS), newest first, as JSON."""
    return _LISTING.page(work, page, filters)


def change(work: Work, sku_id: int, values: Mapping[str, object]) -> JsonText:
    """Change name, attributes or price; the SKU as JSON. Orders keep the price they were placed at. Raises NotFound."""
    if values:
        _CHANGE.make(work, values, sku_id=sku_id)
        audit.note(work, "change", "sku", sku_id, business_id=work.actor.id, details=values)
    return get(work, sku_id)  # if the SKU was removed while we waited for its lock, this undoes the change


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


def movements(work: Work, sku_id: int, page: Page) -> JsonText:
    """The movements of a SKU's stock, newest first, as JSON; raises NotFound."""
    if work.one(_EXISTS, sku_id=sku_id) is None:
        raise NotFound
    return _MOVEMENTS.page(work, page, sku_id=sku_id)


def remove(work: Work, sku_id: int) -> None:
    """Take a SKU off the shop and write off its stock; orders keep what they say. Raises NotFound."""
    present_stock = _locked(work, sku_id).stock
    work.do(_REMOVE, sku_id=sku_id)
    if present_stock:
        stock.change(work, sku_id, -present_stock, reason=stock.REMOVED)
    audit.note(work, "remove", "sku", sku_id, business_id=work.actor.id)


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


_LISTING = Listing(select(SKU), SKU.c.id, where=_MINE, filters=FILTERS)
_MOVEMENTS = Listing(select(MOVEMENT), MOVEMENT.c.id, where=(MOVEMENT.c.sku_id == bindparam("sku_id"),))
_CHANGE = Change(SKU, *_THIS)
_CREATE = _create()
_HOLD_PRODUCT = Statement(
    select(PRODUCT.c.id)
    .where(PRODUCT.c.id == bindparam("product_id"), PRODUCT.c.business_id == ACTOR_ID)
    .with_for_update(read=True)
)
_ONE = Statement(select(json_of(select(SKU).where(*_THIS)).label("body")))
_EXISTS = Statement(select(SKU.c.id).where(*_THIS))
_LOCK = Statement(select(SKU.c.id, SKU.c.stock).where(*_THIS).with_for_update(of=SKU))
_REMOVE = Statement(insert(REMOVED_SKU).values(sku_id=bindparam("sku_id"), create_time=NOW))
