"""Stocks of many SKUs changed at once, each row by itself: how a merchant's own system keeps them in step."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import or_, select

from app.db.sql import is_among
from app.db.statement import Statement
from app.db.work import Work
from app.errors import AppError, NotFound, OutOfStock, StockChanged, StockTooLarge
from app.models import Sku, SkuCode
from app.services.batch_row import BatchRow, standing
from app.services.catalogue import skus, stock

SKU = Sku.__table__
CODE = SkuCode.__table__


class NamedSku(NamedTuple):
    """A SKU that rows name, by its id or by the merchant's code."""

    id: int
    code: str | None


def adjust(work: Work, rows: list[BatchRow], *, dry_run: bool) -> None:
    """Change stocks as the rows say, one after another; a row that is refused gets its `error`.

    A row names its SKU by `sku_id` or `sku_code`, and gives a `delta`, or a `stock` and the `expected_stock` that it replaces.
    """
    _find(work, standing(rows))
    ids = [row.values["sku_id"] for row in standing(rows)]
    stocks = {sku.id: sku.stock for sku in skus.locked(work, ids).values()}
    for row in standing(rows):
        sku_id = row.values["sku_id"]
        row.error = NotFound() if sku_id not in stocks else _refusal(row.values, stocks[sku_id])
        if row.error is None:
            delta = _delta(row.values)
            stocks[sku_id] += delta
            if delta and not dry_run:
                stock.change(work, sku_id, delta, reason=row.values["reason"])


def _find(work: Work, rows: list[BatchRow]) -> None:
    """Fill in the ids of the SKUs, and refuse the rows that name none of the merchant's."""
    ids = [row.values["sku_id"] for row in rows if row.values.get("sku_id")]
    codes = [row.values["sku_code"] for row in rows if row.values.get("sku_code")]
    found: list[NamedSku] = work.all(_NAMED, ids=ids, codes=codes)
    by_id = {sku.id: sku for sku in found}
    by_code = {sku.code: sku for sku in found if sku.code is not None}
    for row in rows:
        sku_id, code = row.values.get("sku_id"), row.values.get("sku_code")
        sku = by_code.get(code or "") if sku_id is None else by_id.get(sku_id)
        if sku is None or code not in (None, sku.code):
            row.error = NotFound()
        else:
            row.values |= {"sku_id": sku.id, "sku_code": sku.code}


def _refusal(values: Mapping[str, Any], present: int) -> AppError | None:
    if "stock" in values:
        return None if values["expected_stock"] == present else StockChanged(stock=present)
    after = present + _delta(values)
    return OutOfStock() if after < 0 else StockTooLarge() if after > stock.MAX_STOCK else None


def _delta(values: Mapping[str, Any]) -> int:  # numbers, as StockRow has checked
    return int(values["delta"] if "delta" in values else values["stock"] - values["expected_stock"])


_OF_CODES = SKU.outerjoin(CODE, CODE.c.sku_id == SKU.c.id)
_NAMED = Statement(
    select(SKU.c.id, CODE.c.code)
    .select_from(_OF_CODES)
    .where(or_(is_among(SKU.c.id, "ids"), is_among(CODE.c.code, "codes")), *skus.conditions(()))
)
