"""SKUs changed by the hundred: prices and stocks, each row by itself."""

from typing import Any

from sqlalchemy import Integer, bindparam, cast, column, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.parameters import ACTOR_ID
from app.db.statement import Statement
from app.db.work import Work
from app.errors import DuplicateRow, NotFound, StockChanged
from app.models import Sku
from app.services.batch_row import Row, standing
from app.services.catalogue import skus, stock
from app.services.events.record import noted_from

SKU = Sku.__table__
REASON = "import"


def change(work: Work, rows: list[Row], *, dry_run: bool) -> None:
    """Set the prices and stocks that the rows give; the rows that are refused get their error.

    A stock that differs from the row's `expected_stock` is set where the SKU still stands there, and by a movement.
    """
    _refuse(standing(rows), _locked(work, [row.values["sku_id"] for row in standing(rows)]))
    if dry_run:
        return
    changes = [row.values for row in standing(rows)]
    prices = [(each["sku_id"], each["price"]) for each in changes if "price" in each]
    work.all(_PRICE, ids=[sku_id for sku_id, _ in prices], prices=[price for _, price in prices])
    for each in changes:
        if _delta(each):
            stock.change(work, each["sku_id"], _delta(each), reason=REASON)


def _locked(work: Work, ids: list[int]) -> dict[int, Any]:
    """The merchant's SKUs of these ids, locked, and looked at again once they are: whoever held one may have removed it."""
    locked = work.all(_LOCK, ids=ids)
    present = {sku.id for sku in work.all(_PRESENT, ids=ids)}
    return {sku.id: sku for sku in locked if sku.id in present}


def _refuse(rows: list[Row], found: dict[int, Any]) -> None:
    seen = set()
    for row in rows:
        sku = found.get(row.values["sku_id"])
        if sku is None:
            row.error = NotFound()
        elif sku.id in seen:
            row.error = DuplicateRow()
        elif _delta(row.values) and row.values["expected_stock"] != sku.stock:
            row.error = StockChanged(stock=sku.stock)
        seen.add(row.values["sku_id"])


def _delta(values: dict[str, Any]) -> int:
    """By how much the row changes the stock; a stock that was sent back as it was exported is no change."""
    return int(values["stock"] - values["expected_stock"]) if "stock" in values else 0


def _price() -> Statement:
    columns = (column("id", Integer), column("price", SKU.c.price.type))
    arrays = [cast(bindparam(name), ARRAY(each.type)) for name, each in zip(("ids", "prices"), columns, strict=True)]
    given = func.unnest(*arrays).table_valued(*columns).render_derived(name="given")
    changed = (
        update(SKU)
        .where(SKU.c.id == given.c.id, SKU.c.price != given.c.price)
        .values(price=given.c.price)
        .returning(SKU.c.id, SKU.c.price)
        .cte("changed")
    )
    details = func.jsonb_build_object(literal("price"), changed.c.price)
    noted = noted_from(changed, verb="change", subject=SKU.name, details=details, business_id=ACTOR_ID)
    return Statement(select(noted.c.id))


_IDS = func.any(cast(bindparam("ids"), ARRAY(Integer)))
_NAMED = (SKU.c.id == _IDS, *skus.conditions(()))
_LOCK = Statement(select(SKU.c.id, SKU.c.stock).where(*_NAMED).order_by(SKU.c.id).with_for_update(of=SKU))
_PRESENT = Statement(select(SKU.c.id).where(*_NAMED))
_PRICE = _price()
