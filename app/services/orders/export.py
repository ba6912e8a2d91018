"""Orders as files: the export of a merchant's orders, and the template for shipping many of them."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from sqlalchemy import JSON, Float, String, case, cast, column, func, literal, select, true

from app.db.types import Columns, Expression, Query
from app.db.work import Work
from app.models import Order
from app.models import order as stored
from app.services.orders import queries
from app.services.orders.receivers import WHOLE, Receiver
from app.services.spreadsheets import Column, Kind, escaped
from app.services.spreadsheets import write as write_sheet
from app.sheets import cells
from app.sheets.headers import Heading
from app.sheets.usual_headings import CARRIERS, ORDER_NUMBERS, TRACKING_NUMBERS
from app.sheets.writing import BOM, write_xlsx

ORDER = Order.__table__

PARCELS = (
    Heading("order_number", "订单号", "order number", cells.code, ORDER_NUMBERS),
    Heading("carrier", "物流商", "carrier", cells.word, CARRIERS),
    Heading("logistic_order_id", "物流单号", "tracking number", cells.code, TRACKING_NUMBERS),
)

_STATE = case(*((ORDER.c.status == status, literal(zh)) for status, (zh, _) in stored.STATUS_NAMES.items()))


def _bought() -> Columns:
    """The product, SKU and price of an order, read from its snapshot.

    Many orders have the same snapshot, and parsing it for each of them would take longer than everything else. With the escapes
    inside, where the offset keeps them, the subquery is expensive enough for PostgreSQL to cache it: its plan says Memoize.
    """
    parts = (column("product_name", String), column("sku_name", String), column("price", Float))
    record = func.json_to_record(cast(ORDER.c.sku_snapshot, JSON)).table_valued(*parts)
    record = record.render_derived(name="record", with_types=True)
    names = ("product_name", "sku_name")
    in_csv = (escaped(record.c[name]).label(f"{name}_in_csv") for name in names)
    return select(*(record.c[name] for name in names), *in_csv, record.c.price).offset(0).lateral("bought")


BOUGHT = _bought()
_RECEIVER = WHOLE.alias("of_order")

COLUMNS = {
    "order_number": Column("订单号", Kind.CODE, ORDER.c.order_number),
    "status": Column("订单状态", Kind.SAFE, _STATE),
    "product_name": Column("商品", Kind.SAFE, BOUGHT.c.product_name, BOUGHT.c.product_name_in_csv),
    "sku_name": Column("规格", Kind.SAFE, BOUGHT.c.sku_name, BOUGHT.c.sku_name_in_csv),
    "price": Column("单价", Kind.NUMBER, BOUGHT.c.price),
    "num": Column("数量", Kind.NUMBER, ORDER.c.num),
    "pay_count": Column("支付金额", Kind.NUMBER, ORDER.c.pay_count),
    "receiver_name": Column("收货人", Kind.TEXT, func.coalesce(_RECEIVER.c.name, ORDER.c.receiver_name)),
    "receiver_phone": Column("收货电话", Kind.CODE, func.coalesce(_RECEIVER.c.phone, ORDER.c.receiver_phone)),
    "receiver_address": Column("收货地址", Kind.TEXT, func.coalesce(_RECEIVER.c.address, ORDER.c.receiver_address)),
    "logistic_name": Column("物流商", Kind.TEXT, ORDER.c.logistic_name),
    "logistic_order_id": Column("物流单号", Kind.CODE, ORDER.c.logistic_order_id),
    "create_time": Column("下单时间", Kind.TIME, ORDER.c.create_time),
    "deliver_time": Column("发货时间", Kind.TIME, ORDER.c.deliver_time),
    "recv_time": Column("收货时间", Kind.TIME, ORDER.c.recv_time),
    "close_time": Column("结束时间", Kind.TIME, ORDER.c.close_time),
    "deliver_address": Column("发货地址", Kind.TEXT, ORDER.c.deliver_address),
    "back_reason": Column("退款原因", Kind.TEXT, ORDER.c.back_reason),
    "order_id": Column("订单ID", Kind.NUMBER, ORDER.c.id),
    "sku_id": Column("库存ID", Kind.NUMBER, ORDER.c.sku_id),
    "customer_id": Column("买家ID", Kind.NUMBER, ORDER.c.customer_id),
}


def write(work: Work, file_format: str, file: BinaryIO, *, filters: Mapping[str, object], columns: Sequence[str]) -> None:
    """Write the caller's orders that pass `filters` (names of `queries.FILTERS`), newest first; raises TooManyRows for XLSX."""
    chosen = queries.conditions(work.actor.kind, filters)
    source = ORDER if set(columns).isdisjoint(BOUGHT.c.keys()) else ORDER.join(BOUGHT, true())
    if not set(columns).isdisjoint(f"receiver_{name}" for name in Receiver._fields):
        source = source.outerjoin(_RECEIVER, _RECEIVER.c.order_id == ORDER.c.id)

    def rows(values: list[Expression]) -> Query:
        return select(*values).select_from(source).where(*chosen).order_by(ORDER.c.create_time.desc(), ORDER.c.id.desc())

    write_sheet(work, file_format, file, [COLUMNS[name] for name in columns], rows, **filters)


def write_template(work: Work, file_format: str, file: BinaryIO) -> None:
    """Write a file with the header row of `PARCELS`, to be filled in."""
    work.prove()
    headings = [heading.title for heading in PARCELS]
    if file_format == "xlsx":
        write_xlsx(file, headings, iter(()), texts=headings)
        return
    text = io.StringIO()
    csv.writer(text).writerow(headings)
    file.write(BOM + text.getvalue().encode())
