"""SKUs of a merchant: what is sold, for how much, and how many there are."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import bindparam, func, insert, literal, select, update

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.work import MERCHANT, Work
from app.errors import NotFound
from app.models import Product, RemovedProduct, RemovedSku, Sku, StockMovement
from app.services.catalogue import low_stock, stock
from app.services.events import audit
from app.services.paging import Page, answer, counted, page_statement

SKU = Sku.__table__
PRODUCT = Product.__table__
REMOVED = RemovedSku.__table__
REMOVED_PRODUCT = RemovedProduct.__table__
MOVEMENT = StockMovement.__table__


def present() -> Any:
    """The condition that a SKU is still on the shop."""
    return ~select(REMOVED.c.sku_id).where(REMOVED.c.sku_id == SKU.c.id).exists()


def _mine() -> Any:
    owned = select(PRODUCT.c.id).where(PRODUCT.c.id == SKU.c.product_id, PRODUCT.c.business_id == ACTOR_ID)
    return owned.exists() & present()


FILTERS = {
    "product_id": SKU.c.product_id == bindparam("product_id"),
    "status": SKU.c.status == bindparam("status"),
    "name": func.strpos(func.lower(SKU.c.sku_name), func.lower(bindparam("name"))) > 0,
    "low_stock": (SKU.c.stock <= low_stock.threshold(SKU.c.id, ACTOR_ID)) == bindparam("low_stock"),
}
_MINE = _mine()


def create(work: Work, product_id: int, values: dict[str, Any]) -> str:
    """A SKU of the merchant's product, its stock written as the first movement; its JSON. Raises NotFound."""
    opening = values.pop("stock")
    work.one(_HOLD_PRODUCT, product_id=product_id)  # so that it is not removed between our look and our insert
    row = work.one(_CREATE, product_id=product_id, **values)
    if row is None:
        raise NotFound
    if opening:
        stock.change(work, row.id, opening, reason=stock.INITIAL)
    audit.note(work, "create", "sku", row.id, business_id=work.actor.id, details={"price": values["price"]})
    return get(work, row.id)


def get(work: Work, sku_id: int) -> str:
    """One SKU of the merchant as JSON; raises NotFound."""
    return work.body(_ONE, sku_id=sku_id)


def page(work: Work, filters: dict[str, Any], page: Page) -> str:
    """The merchant's SKUs that pass all `filters` (names of FILTERS), newest first, as JSON."""
    statement = _list(frozenset(filters), page.cursor is not None)
    return answer(work.one(statement, **filters, **page.parameters()), page)


def change(work: Work, sku_id: int, values: dict[str, Any]) -> str:
    """Change name, attributes or price; the SKU as JSON. Orders keep the price they were placed at. Raises NotFound."""
    if values:
        if work.one(_change(frozenset(values)), sku_id=sku_id, **values) is None:
            raise NotFound
        audit.note(work, "change", "sku", sku_id, business_id=work.actor.id, details=values)
    return get(work, sku_id)  # this also undoes the change of a SKU that was removed while we waited for its lock


def adjust_stock(
    work: Work, sku_id: int, *, reason: str, delta: int | None = None, stock_: int | None = None, expected: int | None = None
) -> str:
    """Change the stock by `delta`, or set it to `stock_` where it still stands at `expected`; the SKU as JSON.

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


def movements(work: Work, sku_id: int, page: Page) -> str:
    """The movements of a SKU's stock, newest first, as JSON; raises NotFound."""
    if work.one(_EXISTS, sku_id=sku_id) is None:
        raise NotFound
    return answer(work.one(_movements(page.cursor is not None), sku_id=sku_id, **page.parameters()), page)


def remove(work: Work, sku_id: int) -> None:
    """Take a SKU off the shop, its stock written off; orders keep what they say. Raises NotFound."""
    present_stock = _locked(work, sku_id).stock
    work.do(_REMOVE, sku_id=sku_id)
    if present_stock:
        stock.change(work, sku_id, -present_stock, reason=stock.REMOVED)
    audit.note(work, "remove", "sku", sku_id, business_id=work.actor.id)


def _locked(work: Work, sku_id: int) -> Any:
    """The SKU, locked, and looked at again once it is: whoever held it may have removed it. Raises NotFound."""
    row = work.one(_LOCK, sku_id=sku_id)
    if row is None or work.one(_EXISTS, sku_id=sku_id) is None:
        raise NotFound
    return row


def conditions(filters: Iterable[str]) -> list[Any]:
    """The conditions that a SKU is the merchant's, still on the shop, and passes `filters` (names of FILTERS)."""
    return [_MINE, *(FILTERS[name] for name in sorted(filters))]


@lru_cache(maxsize=64)
def _list(filters: frozenset[str], by_cursor: bool) -> Statement:
    chosen = conditions(filters)
    total = counted(select(SKU.c.id).where(*chosen))
    return page_statement(select(SKU).where(*chosen), None, SKU.c.id, total=total, by_cursor=by_cursor, kind=MERCHANT)


@cache
def _change(names: frozenset[str]) -> Statement:
    values = {name: bindparam(name) for name in sorted(names)}
    return Statement(update(SKU).where(SKU.c.id == bindparam("sku_id"), _MINE).values(**values).returning(SKU.c.id))


@cache
def _movements(by_cursor: bool) -> Statement:
    rows = MOVEMENT.c.sku_id == bindparam("sku_id")
    total = counted(select(MOVEMENT.c.id).where(rows))
    view = select(MOVEMENT).where(rows)
    return page_statement(view, None, MOVEMENT.c.id, total=total, by_cursor=by_cursor, kind=MERCHANT)


def _create() -> Statement:
    names = ("sku_name", "sku_attr", "price")
    given = select(*(bindparam(name, type_=SKU.c[name].type).label(name) for name in names)).subquery("given")
    mine = (PRODUCT.c.id == bindparam("product_id"), PRODUCT.c.business_id == ACTOR_ID)
    gone = select(REMOVED_PRODUCT.c.product_id).where(REMOVED_PRODUCT.c.product_id == PRODUCT.c.id).exists()
    return Statement(
        insert(SKU)
        .from_select(
            ["product_id", *names, "stock", "status"],
            select(PRODUCT.c.id, *given.c, literal(0), literal(0)).select_from(PRODUCT).where(*mine, ~gone),
        )
        .returning(SKU.c.id)
    )


_CREATE = _create()
_HOLD_PRODUCT = Statement(
    select(PRODUCT.c.id)
    .where(PRODUCT.c.id == bindparam("product_id"), PRODUCT.c.business_id == ACTOR_ID)
    .with_for_update(read=True)
)
_ONE = Statement(select(json_of(select(SKU).where(SKU.c.id == bindparam("sku_id"), _MINE)).label("body")))
_EXISTS = Statement(select(SKU.c.id).where(SKU.c.id == bindparam("sku_id"), _MINE))
_LOCK = Statement(select(SKU.c.id, SKU.c.stock).where(SKU.c.id == bindparam("sku_id"), _MINE).with_for_update(of=SKU))
_REMOVE = Statement(insert(REMOVED).values(sku_id=bindparam("sku_id"), create_time=NOW))
