"""Tickets as files: the export of a merchant's tickets."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from sqlalchemy import case, func, literal, select, true

from app.db.types import Expression, Query
from app.db.work import Work
from app.models import Customer, LogisticsCompany, Order, OrderReceiver, ReturnParcel
from app.models import except_order as stored
from app.services.orders.export import BOUGHT
from app.services.spreadsheets import Column, Kind
from app.services.spreadsheets import write as write_sheet
from app.services.tickets import queries
from app.services.tickets.states import JOINED, STEPS

ORDER = Order.__table__
CUSTOMER = Customer.__table__
PARCEL = ReturnParcel.__table__
CARRIER = LogisticsCompany.__table__
_RECEIVER = OrderReceiver.__table__.alias("of_order")

_STEP = case(*((step.holds(JOINED), literal(stored.STEP_NAMES[step.name])) for step in STEPS))

COLUMNS = {
    "ticket_id": Column("服务单ID", Kind.NUMBER, JOINED.c.id),
    "order_number": Column("订单号", Kind.CODE, ORDER.c.order_number),
    "except_type": Column("异常类型", Kind.SAFE, JOINED.c.except_type),
    "step": Column("进度", Kind.SAFE, _STEP),
    "product_name": Column("商品", Kind.SAFE, BOUGHT.c.product_name, BOUGHT.c.product_name_in_csv),
    "sku_name": Column("规格", Kind.SAFE, BOUGHT.c.sku_name, BOUGHT.c.sku_name_in_csv),
    "num": Column("数量", Kind.NUMBER, ORDER.c.num),
    "pieces": Column("退货数量", Kind.NUMBER, JOINED.c.pieces_asked),
    "pay_count": Column("支付金额", Kind.NUMBER, ORDER.c.pay_count),
    "back_cost": Column("退款金额", Kind.NUMBER, JOINED.c.back_cost),
    "back_reason": Column("退款原因", Kind.TEXT, JOINED.c.back_reason),
    "remark": Column("商家备注", Kind.TEXT, JOINED.c.remark),
    "buyer": Column("买家", Kind.TEXT, CUSTOMER.c.name),
    "receiver_name": Column("收货人", Kind.TEXT, func.coalesce(_RECEIVER.c.name, ORDER.c.receiver_name)),
    "receiver_phone": Column("收货电话", Kind.CODE, func.coalesce(_RECEIVER.c.phone, ORDER.c.receiver_phone)),
    "logistics_name": Column("退货物流商", Kind.TEXT, CARRIER.c.name),
    "tracking_number": Column("退货物流单号", Kind.CODE, PARCEL.c.tracking_number),
    "create_time": Column("申请时间", Kind.TIME, JOINED.c.create_time),
    "deliver_time": Column("退货时间", Kind.TIME, JOINED.c.deliver_time),
    "recv_time": Column("收货时间", Kind.TIME, JOINED.c.recv_time),
    "close_time": Column("关闭时间", Kind.TIME, JOINED.c.close_time),
    "order_id": Column("订单ID", Kind.NUMBER, JOINED.c.order_id),
    "customer_id": Column("买家ID", Kind.NUMBER, ORDER.c.customer_id),
}


def write(work: Work, file_format: str, file: BinaryIO, *, filters: Mapping[str, object], columns: Sequence[str]) -> None:
    """Write the tickets that pass `filters` (names of `queries.FILTERS`), newest first; raises TooManyRows for XLSX."""
    chosen = queries.conditions(work.actor.kind, filters)
    source = (
        JOINED.join(ORDER, ORDER.c.id == JOINED.c.order_id)
        .join(CUSTOMER, CUSTOMER.c.id == ORDER.c.customer_id)
        .outerjoin(_RECEIVER, _RECEIVER.c.order_id == ORDER.c.id)
        .outerjoin(PARCEL, PARCEL.c.id == JOINED.c.logistics_order_id)
        .outerjoin(CARRIER, CARRIER.c.id == JOINED.c.logistics_id)
        .join(BOUGHT, true())
    )

    def rows(values: list[Expression]) -> Query:
        return select(*values).select_from(source).where(*chosen).order_by(JOINED.c.create_time.desc(), JOINED.c.id.desc())

    write_sheet(work, file_format, file, [COLUMNS[name] for name in columns], rows, **filters)
