"""Low stock: the threshold of each SKU, and the event of a change that takes its stock down to it."""

from sqlalchemy import Integer, cast, func, literal, literal_column, select

from app.db.types import Columns, Expression, Query
from app.models import Sku
from app.services.events.record import noted_from


def threshold(sku_id: Expression, business_id: Expression) -> Expression:
    """The stock at which a SKU is low: its own threshold, else its merchant's, else 10; `sku_id` may be null.

    It is a function in the database, which keeps its plans even when the statement around it is planned anew.
    """
    return func.low_stock_threshold(cast(sku_id, Integer), cast(business_id, Integer))


def crossing(changed: Query) -> Columns:
    """The CTE that writes an event for each changed SKU whose `delta` took it from above its threshold to it or below.

    `changed` selects `id`, `delta`, `stock` (what is left), `business_id` and `request_id`. The row lock of the SKU makes
    changes wait for each other, so exactly one of them crosses the threshold.
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
