"""Low stock: where it begins, and the event of a change that brings a SKU there."""

from typing import Any

from sqlalchemy import Integer, cast, func, literal, literal_column, select

from app.models import Sku
from app.services.events.record import noted_from


def threshold(sku_id: Any, business_id: Any) -> Any:
    """At what stock a SKU is low: its own threshold, else its merchant's, else 10; `sku_id` may be null.

    A function of the database, for it keeps its plans where a statement is planned anew.
    """
    return func.low_stock_threshold(cast(sku_id, Integer), cast(business_id, Integer))


def crossing(changed: Any) -> Any:
    """The CTE that writes the event of each changed SKU that its `delta` took from above its threshold to it or below.

    `changed` is a select of `id`, `delta`, `stock` (what is left), `business_id` and `request_id`. The SKU's row lock puts
    changes in sequence, so one of them crosses and no other.
    """
    rows = changed.subquery("changed")
    limited = select(rows, threshold(rows.c.id, rows.c.business_id).label("threshold"))
    limited = limited.offset(literal_column("0")).subquery("limited")  # so that the threshold is looked up once
    low = select(limited).where(limited.c.stock <= limited.c.threshold, limited.c.stock - limited.c.delta > limited.c.threshold)
    low = low.subquery("low")
    return noted_from(
        low,
        cte="crossing",
        verb="low_stock",
        subject=Sku.__tablename__,
        details=func.jsonb_build_object(literal("stock"), low.c.stock, literal("threshold"), low.c.threshold),
        business_id=low.c.business_id,
        request_id=low.c.request_id,
    )
