"""Tickets (服务单): a refund or a return, from the buyer's request to its end.

Each use case moves the ticket, its order and the stock in one transaction. All of them lock the rows in the same sequence:
the order, its ticket, the SKU.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import Float, String, and_, bindparam, cast, func, insert, literal, or_, select, true

from app.db.caller import caller_id
from app.db.parameters import NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import CUSTOMER, Work
from app.errors import NotFound, NothingToReturn, OpenTicket, RefundTooLarge, RefundZero, RestockFixed
from app.models import Order, ReturnParcel
from app.models.except_order import RETURN_AND_REFUND
from app.models.order import REFUNDING
from app.services import carriers
from app.services.catalogue import stock
from app.services.events.record import noted_from
from app.services.lifecycle.table import BY_TICKET
from app.services.orders.states import LIFECYCLE as ORDERS
from app.services.orders.states import took_stock
from app.services.ownership import TICKETS, owned
from app.services.tickets import evidence as pictures
from app.services.tickets import return_addresses
from app.services.tickets.states import LIFECYCLE, TICKET

ORDER = Order.__table__
PARCEL = ReturnParcel.__table__


class LockedOrder(NamedTuple):
    """The order for which the buyer opens a ticket, locked."""

    status: int
    pay_count: float
    deliver_time: int | None
    actions: list[str]


class OrderOfTicket(NamedTuple):
    """The order of a ticket, locked, and the type of the ticket."""

    id: int
    order_number: str
    deliver_time: int | None
    sku_id: int
    num: int
    except_type: str
    took_stock: bool


def ask(
    work: Work,
    order_id: int,
    *,
    except_type: str,
    back_reason: str,
    back_cost: float | None,
    evidence: Sequence[str] = (),
) -> JsonText:
    """Open a ticket: the buyer asks for a refund (`back_cost` in yuan, by default all of it), or for a return and refund.

    `evidence` are names of the buyer's pictures.
    Raises NotFound, OpenTicket, NothingToReturn, RefundTooLarge, RefundZero, IllegalMove, AfterSaleOver, UnknownFile.
    """
    order: LockedOrder | None = work.one(_LOCK_ORDER, order_id=order_id)
    if order is None:
        raise NotFound
    if order.status == REFUNDING:
        raise OpenTicket(actions=order.actions)
    if except_type == RETURN_AND_REFUND and order.deliver_time is None:
        raise NothingToReturn(field="except_type", actions=order.actions)
    asked = order.pay_count if back_cost is None else back_cost
    if asked > order.pay_count:
        raise RefundTooLarge(field="back_cost", actions=order.actions)
    if asked == 0 and order.pay_count > 0:
        raise RefundZero(field="back_cost", actions=order.actions)
    ticket = work.one(_OPEN, order_id=order_id, except_type=except_type, back_reason=back_reason, back_cost=asked)
    ORDERS.move(work, "except-orders", order_id, after_care_id=ticket.id, back_reason=back_reason)
    if not evidence:
        return str(ticket.body)
    pictures.show(work, ticket.id, evidence)
    return LIFECYCLE.get(work, ticket.id)


def agree(
    work: Work, ticket_id: int, *, back_cost: float | None = None, remark: str | None = None, restock: bool | None = None
) -> JsonText:
    """Agree to a ticket: a refund is settled at once, a return waits for the goods, which go to the merchant's address.

    `restock` may only confirm the rule: goods that were never shipped return to stock, others do not.
    Raises NotFound, IllegalMove, RefundTooLarge, RefundZero, RestockFixed, ReturnAddressMissing.
    """
    order = _lock(work, ticket_id)
    returning = order.except_type == RETURN_AND_REFUND
    unshipped = order.deliver_time is None
    if restock is not None and returning:
        raise RestockFixed(field="restock", rule_zh="收到退货时再选择", rule_en="say it when the goods are received")
    if restock is not None and restock != unshipped:
        rule = (
            ("未发货的商品总会回库", "goods never shipped always come back")
            if unshipped
            else ("商品仍在买家处", "the buyer keeps the goods")
        )
        raise RestockFixed(field="restock", rule_zh=rule[0], rule_en=rule[1])
    body = LIFECYCLE.move(work, "agree", ticket_id, back_cost=back_cost, remark=remark)
    if returning:
        return_addresses.keep(work, ticket_id)
        return LIFECYCLE.get(work, ticket_id)
    ORDERS.move(work, "refund", order.id, by=BY_TICKET)
    if unshipped:
        _restock(work, order)
    return body


def refuse(work: Work, ticket_id: int, *, remark: str, evidence: Sequence[str] = ()) -> JsonText:
    """Refuse a ticket, with the reason as `remark`, and the merchant's pictures of these names as `evidence`.

    Raises NotFound, IllegalMove, UnknownFile, WrongFileKind.
    """
    body = _end(work, "refuse", ticket_id, remark=remark)
    if not evidence:
        return body
    pictures.show(work, ticket_id, evidence)
    return LIFECYCLE.get(work, ticket_id)


def withdraw(work: Work, ticket_id: int) -> JsonText:
    """Withdraw a ticket, so that the order is as before; raises NotFound, IllegalMove."""
    return _end(work, "withdraw", ticket_id)


def lapse(work: Work, ticket_id: int) -> JsonText:
    """End a return whose goods did not come back in time, so that the order is as before; raises NotFound, IllegalMove."""
    return _end(work, "lapse", ticket_id)


def send_back(work: Work, ticket_id: int, *, logistics_id: int, tracking_number: str | None) -> JsonText:
    """Record the parcel with which the buyer returns the goods, or correct it while the goods are on their way.

    Raises NotFound, IllegalMove, UnknownCarrier, TrackingMissing.
    """
    carriers.check_tracking(carriers.named(work, logistics_id, None), tracking_number, field="tracking_number")
    _lock(work, ticket_id)
    parcel = work.one(_PARCEL, logistics_id=logistics_id, tracking_number=tracking_number)
    return LIFECYCLE.move(work, "return", ticket_id, logistics_id=logistics_id, logistics_order_id=parcel.id)


def receive(work: Work, ticket_id: int, *, restock: bool = True) -> JsonText:
    """Confirm that the goods are back: the refund is settled, and with `restock` they return to stock.

    Raises NotFound, IllegalMove.
    """
    order = _lock(work, ticket_id)
    body = LIFECYCLE.move(work, "receive", ticket_id)
    ORDERS.move(work, "refund", order.id, by=BY_TICKET)
    if restock:
        _restock(work, order)
    return body


def _end(work: Work, verb: str, ticket_id: int, **arguments: str) -> JsonText:
    order = _lock(work, ticket_id)
    body = LIFECYCLE.move(work, verb, ticket_id, **arguments)
    ORDERS.move(work, verb, order.id, by=BY_TICKET)
    return body


def _lock(work: Work, ticket_id: int) -> OrderOfTicket:
    """Lock the order of the actor's ticket; raises NotFound."""
    order: OrderOfTicket | None = work.one(_lock_by_ticket(work.actor.kind), ticket_id=ticket_id)
    if order is None:
        raise NotFound
    return order


def _restock(work: Work, order: OrderOfTicket) -> None:
    if order.took_stock:
        stock.change(work, order.sku_id, order.num, reason=stock.REFUNDED, reference=order.order_number)


@cache
def _lock_by_ticket(kind: str) -> Statement:
    of_order = (ORDER.c[name] for name in OrderOfTicket._fields if name in ORDER.c)
    return Statement(
        select(*of_order, TICKET.c.except_type, took_stock(ORDER).label("took_stock"))
        .select_from(ORDER.join(TICKET, TICKET.c.order_id == ORDER.c.id))
        .where(TICKET.c.id == bindparam("ticket_id"), owned(TICKETS, kind, TICKET))
        .with_for_update(of=ORDER)
    )


def _lock_order() -> Statement:
    actions = ORDERS.actions(ORDER, CUSTOMER).label("actions")
    return Statement(
        select(ORDER.c.status, ORDER.c.pay_count, ORDER.c.deliver_time, actions)
        .where(ORDER.c.id == bindparam("order_id"), ORDER.c.customer_id == caller_id(CUSTOMER))
        .with_for_update(of=ORDER)
    )


def _open() -> Statement:
    back_cost = cast(bindparam("back_cost"), Float)
    paid = and_(ORDER.c.pay_count >= back_cost, or_(back_cost > 0, ORDER.c.pay_count == 0))
    written = {
        "order_id": ORDER.c.id,
        "business_id": ORDER.c.business_id,
        "except_type": cast(bindparam("except_type"), String),
        "status": literal(LIFECYCLE.opening()),
        "create_time": NOW,
        "back_reason": cast(bindparam("back_reason"), String),
        "back_cost": back_cost,
    }
    rows = select(*(value.label(name) for name, value in written.items())).where(ORDER.c.id == bindparam("order_id"), paid)
    opened = insert(TICKET).from_select(list(written), rows).returning(*TICKET.c).cte("opened")
    noted = noted_from(
        opened,
        verb="apply",
        subject=TICKET.name,
        to_status=LIFECYCLE.opening(),
        details=func.jsonb_build_object("except_type", opened.c.except_type, "back_cost", opened.c.back_cost),
        business_id=opened.c.business_id,
        order_id=opened.c.order_id,
    )
    view = select(*LIFECYCLE.view(opened, CUSTOMER)).select_from(opened.join(noted, true()))
    return Statement(select(opened.c.id, json_of(view).label("body")).select_from(opened))


def _parcel() -> Statement:
    written = ("logistics_id", "tracking_number")
    row = insert(PARCEL).values(**{name: bindparam(name) for name in written}, create_time=NOW)
    return Statement(row.returning(PARCEL.c.id))


_LOCK_ORDER = _lock_order()
_OPEN = _open()
_PARCEL = _parcel()
