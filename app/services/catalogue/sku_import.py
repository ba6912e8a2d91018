"""Prices and stocks of many SKUs changed at once, each row by itself."""

from typing import Any

from sqlalchemy import Integer, cast, column, false, func, literal, select, update
from sqlalchemy.dialects import postgresql

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import unnest
from app.db.statement import Statement
from app.db.work import Work
from app.errors import DuplicateRow, StockChanged, UnknownSkuId
from app.models import Sku, SkuUpdate
from app.services.batch_row import BatchRow, standing
from app.services.catalogue import naming, skus, stock
from app.services.catalogue.skus import LockedSku
from app.services.events.record import noted_from

SKU = Sku.__table__
UPDATE = SkuUpdate.__table__
REASON = "import"


def change(work: Work, rows: list[BatchRow], *, dry_run: bool) -> None:
    """Set the prices and stocks that the rows give, each naming its SKU by id or code; a refused row gets its `error`.

    A stock is set, by a movement, if the SKU's stock is still the row's `expected_stock`.
    """
    naming.find(work, standing(rows))
    _refuse(standing(rows), skus.locked(work, [row.values["sku_id"] for row in standing(rows)]))
    if dry_run:
        return
    changes = [row.values for row in standing(rows)]
    prices = [(each["sku_id"], each["price"]) for each in changes if "price" in each]
    work.all(_PRICE, ids=[sku_id for sku_id, _ in prices], prices=[price for _, price in prices])
    for each in changes:
        if _delta(each):
            stock.change(work, each["sku_id"], _delta(each), reason=REASON)


def _refuse(rows: list[BatchRow], found: dict[int, LockedSku]) -> None:
    seen = set()
    for row in rows:
        sku = found.get(row.values["sku_id"])
        if sku is None:
            row.error = UnknownSkuId(field="sku_id")
        elif sku.id in seen:
            row.error = DuplicateRow(field="sku_id")
        elif _delta(row.values) and row.values["expected_stock"] != sku.stock:
            row.error = StockChanged(field="stock", stock=sku.stock)
        seen.add(row.values["sku_id"])


def _delta(values: dict[str, Any]) -> int:  # numbers, as SkuRow has checked
    """By how much the row changes the stock; 0 for a stock that was sent back as it was exported."""
    return int(values["stock"] - values["expected_stock"]) if "stock" in values else 0


def _price() -> Statement:
    given = unnest({"ids": column("id", Integer), "prices": column("price", SKU.c.price.type)})
    changed = (
        update(SKU)
        .where(SKU.c.id == given.c.id, SKU.c.price != given.c.price)
        .values(price=given.c.price)
        .returning(SKU.c.id, SKU.c.price)
        .cte("changed")
    )
    details = func.jsonb_build_object(literal("price"), changed.c.price)
    noted = noted_from(changed, verb="change", subject=SKU.name, details=details, business_id=ACTOR_ID)
    touched = postgresql.insert(UPDATE).from_select(["sku_id", "time"], select(changed.c.id, cast(NOW, Integer)))
    touched = touched.on_conflict_do_update(index_elements=[UPDATE.c.sku_id], set_={"time": NOW}).returning(UPDATE.c.sku_id)
    return Statement(select(noted.c.id).select_from(noted.outerjoin(touched.cte("touched"), false())))


_PRICE = _price()
