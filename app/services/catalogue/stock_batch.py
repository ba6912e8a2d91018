"""Stocks of many SKUs changed at once, each row by itself: how a merchant's own system keeps them in step."""

from collections.abc import Mapping
from typing import Any

from app.db.work import Work
from app.errors import AppError, NotFound, OutOfStock, StockChanged, StockTooLarge
from app.services.batch_row import BatchRow, standing
from app.services.catalogue import naming, skus, stock


def adjust(work: Work, rows: list[BatchRow], *, dry_run: bool) -> None:
    """Change stocks as the rows say, one after another; a row that is refused gets its `error`.

    A row names its SKU by `sku_id` or `sku_code`, and gives a `delta`, or a `stock` and the `expected_stock` that it replaces.
    """
    naming.find(work, standing(rows))
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


def _refusal(values: Mapping[str, Any], present: int) -> AppError | None:
    if "stock" in values:
        return None if values["expected_stock"] == present else StockChanged(stock=present)
    after = present + _delta(values)
    return OutOfStock() if after < 0 else StockTooLarge() if after > stock.MAX_STOCK else None


def _delta(values: Mapping[str, Any]) -> int:  # numbers, as StockRow has checked
    return int(values["delta"] if "delta" in values else values["stock"] - values["expected_stock"])
