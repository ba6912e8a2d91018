"""Statistics of a merchant or of the whole platform: sales, refunds, and what is waiting to be done."""

from datetime import date, timedelta
from functools import cache

from sqlalchemy import BigInteger, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.config import settings
from app.db.caller import ACCOUNTS, proved
from app.db.parameters import ACTOR_ID
from app.db.sql import json_array_of, json_of
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, JsonText
from app.db.work import ADMIN, CUSTOMER, MERCHANT, Work
from app.models import Order, OrderTally, Product, Sku
from app.models.order import TO_SHIP
from app.services.catalogue import low_stock
from app.services.catalogue.removal import sku_is_removed
from app.services.orders import queries
from app.services.ownership import FIGURES, owned
from app.services.statistics import periods, sales
from app.services.statistics.sales import TICKET

ORDER = Order.__table__
TALLY = OrderTally.__table__
SKU = Sku.__table__
PRODUCT = Product.__table__


def overview(work: Work) -> JsonText:
    """The sales of today and yesterday and the numbers as they are now, as JSON."""
    today = periods.today(work.now)
    row = work.one(_overview(work.actor.kind), **_arrays(periods.days(today - timedelta(days=1), today)))
    return f'{{"timezone":"{settings.timezone}","yesterday":{row.yesterday},"today":{row.today},"now":{row.present}}}'


def trend(work: Work, first: date, last: date, by: str) -> JsonText:
    """The sales of each day or hour from `first` to `last`, as JSON; raises RangeReversed, RangeTooLong."""
    row = work.one(_trend(work.actor.kind), **_arrays(periods.split(first, last, by)))
    return f'{{"timezone":"{settings.timezone}","from":"{first}","to":"{last}","by":"{by}","items":{row.items}}}'


def top_skus(work: Work, first: date, last: date, limit: int) -> JsonText:
    """The SKUs with the most sales from `first` to `last`, as JSON; raises RangeReversed, RangeTooLong."""
    periods.check(first, last)
    start, stop = periods.span(first, last)
    row = work.one(_TOP_SKUS, start=start, stop=stop, limit=limit)
    return f'{{"timezone":"{settings.timezone}","from":"{first}","to":"{last}","items":{row.items}}}'


def _arrays(found: list[periods.Period]) -> dict[str, list[str] | list[int]]:
    names, starts, stops = zip(*((period.name, period.start, period.stop) for period in found), strict=True)
    return {"names": list(names), "starts": list(starts), "stops": list(stops)}


def _periods() -> Columns:
    columns = {"names": column("name", Text), "starts": column("start", BigInteger), "stops": column("stop", BigInteger)}
    arrays = (cast(bindparam(name), ARRAY(each.type)) for name, each in columns.items())
    return func.unnest(*arrays).table_valued(*columns.values()).render_derived(name="period")


@cache
def _overview(kind: str) -> Statement:
    period = _periods()
    rows = sales.of_each(period, kind).add_columns(period.c.name.label("date"), period.c.start).cte("days")
    shown = [each for each in rows.c if each.name != "start"]
    ordered = {"yesterday": rows.c.start, "today": rows.c.start.desc()}
    days = [json_of(select(*shown).order_by(order).limit(1)).label(name) for name, order in ordered.items()]
    present = select(*(count.label(name) for name, count in _present(kind).items()))
    return Statement(proved(kind, *days, json_of(present).label("present")), guarded=True, varied=True)


def _present(kind: str) -> dict[str, Expression]:
    waiting = select(func.coalesce(func.sum(TALLY.c.delta), 0)).where(TALLY.c.status == TO_SHIP, owned(FIGURES, kind, TALLY))
    standing = {
        "to_ship": waiting.scalar_subquery(),
        "overdue": _number_of(ORDER, queries.FILTERS["overdue"], owned(FIGURES, kind, ORDER)),
        "open_tickets": _number_of(TICKET, TICKET.c.close_time.is_(None), owned(FIGURES, kind, TICKET)),
    }
    if kind == ADMIN:
        return standing | {"merchants": _number_of(ACCOUNTS[MERCHANT]), "customers": _number_of(ACCOUNTS[CUSTOMER])}
    low = SKU.c.stock <= low_stock.threshold(SKU.c.id, ACTOR_ID)
    return standing | {
        "low_stock": _number_of(SKU.join(PRODUCT), owned(FIGURES, kind, PRODUCT), ~sku_is_removed(SKU.c.id), low)
    }


def _number_of(rows: Columns, *conditions: Condition) -> Expression:
    return select(func.count()).select_from(rows).where(*conditions).scalar_subquery()


@cache
def _trend(kind: str) -> Statement:
    period = _periods()
    rows = sales.of_each(period, kind).add_columns(period.c.name.label("period"), period.c.start.label("time"))
    return Statement(proved(kind, json_array_of(rows.order_by(period.c.start)).label("items")), guarded=True, varied=True)


def _top_skus() -> Statement:
    within = (bindparam("start"), bindparam("stop"), MERCHANT)
    of_sku = sales.sold(*within).add_columns(ORDER.c.sku_id, func.sum(ORDER.c.num).label("sold")).group_by(ORDER.c.sku_id)
    top = of_sku.order_by(column("sales").desc(), ORDER.c.sku_id).limit(bindparam("limit")).cte("top")
    back = sales.refunded(*within).where(ORDER.c.id == TICKET.c.order_id, ORDER.c.sku_id.in_(select(top.c.sku_id)))
    back = back.add_columns(ORDER.c.sku_id).group_by(ORDER.c.sku_id).cte("back")
    named = top.join(SKU, SKU.c.id == top.c.sku_id).join(PRODUCT, PRODUCT.c.id == SKU.c.product_id)
    shown = (top.c.sku_id, SKU.c.sku_name, PRODUCT.c.id.label("product_id"), PRODUCT.c.name.label("product_name"))
    refunds = (func.coalesce(back.c[name], 0).label(name) for name in ("refunds", "refunded"))
    rows = select(*shown, top.c.sold, top.c.orders, top.c.sales, *refunds)
    rows = rows.select_from(named.outerjoin(back, back.c.sku_id == top.c.sku_id)).order_by(top.c.sales.desc(), top.c.sku_id)
    return Statement(proved(MERCHANT, json_array_of(rows).label("items")), guarded=True, varied=True)


_TOP_SKUS = _top_skus()
