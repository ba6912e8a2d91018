"""Cancelling an order that the merchant can't deliver: all that is left is refunded by a ticket that is settled at birth."""

from sqlalchemy import bindparam, select

from app.db.caller import caller_id
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import MERCHANT, Work
from app.errors import NotFound
from app.models import Order
from app.services.catalogue import stock
from app.services.orders.states import LIFECYCLE as ORDERS
from app.services.orders.states import took_stock
from app.services.tickets import births, settling

ORDER = Order.__table__


def cancel(work: Work, order_id: int, *, remark: str, restock: bool = True) -> JsonText:
    """Cancel an order before it is shipped; with `restock` its goods return to stock. Raises NotFound, IllegalMove."""
    order = work.one(_LOCK, order_id=order_id)
    if order is None:
        raise NotFound
    if "cancel" not in ORDERS.actions_now(work, order_id):
        raise ORDERS.why_not(work, "cancel", order_id)
    left = settling.left_of(work, order_id)
    ticket = work.one(births.CANCELLED, order_id=order_id, remark=remark, back_cost=left.money / 100)
    restocked = left.pieces if restock and order.took_stock else 0
    settling.count(work, ticket.id, order_id, asked=left.pieces, received=left.pieces, restocked=restocked)
    body = ORDERS.move(work, "cancel", order_id, after_care_id=ticket.id, back_reason=remark)
    if restocked:
        stock.change(work, order.sku_id, restocked, reason=stock.REFUNDED, reference=order.order_number)
    return body


_LOCK = Statement(
    select(ORDER.c.sku_id, ORDER.c.order_number, took_stock(ORDER).label("took_stock"))
    .where(ORDER.c.id == bindparam("order_id"), ORDER.c.business_id == caller_id(MERCHANT))
    .with_for_update(of=ORDER)
)
