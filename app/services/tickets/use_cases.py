"""Tickets (服务单): a refund or a return, from the buyer's request to its end.

Each use case moves the ticket, its order and the stock in one transaction. All of them lock the rows in the same sequence:
the order, its ticket, the SKU.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from app.db.caller import caller_id
from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import CUSTOMER, MERCHANT, Work
from app.errors import (
    NotFound,
    NothingToReturn,
    OpenTicket,
    PiecesFixed,
    RefundTooLarge,
    RefundZero,
    RestockFixed,
    TooManyPieces,
)
from app.models import Order, ReturnParcel
from app.models.except_order import RETURN_AND_REFUND
from app.models.order import REFUNDING
from app.services import carriers
from app.services.lifecycle.table import BY_TICKET
from app.services.orders import clocks
from app.services.orders.states import LIFECYCLE as ORDERS
from app.services.tickets import births, offers, queries, return_addresses, settling
from app.services.tickets import evidence as pictures
from app.services.tickets.settling import OrderOfTicket
from app.services.tickets.states import LIFECYCLE

ORDER = Order.__table__
PARCEL = ReturnParcel.__table__


class LockedOrder(NamedTuple):
    """The order for which the buyer opens a ticket, locked."""

    status: int
    deliver_time: int | None


def ask(
    work: Work,
    order_id: int,
    *,
    except_type: str,
    back_reason: str,
    back_cost: float | None = None,
    pieces: int | None = None,
    evidence: Sequence[str] = (),
) -> JsonText:
    """Open a ticket: the buyer asks for a refund, or for a return and refund.

    `back_cost` in yuan is by default all that is left, or the share of the `pieces`. These are to be returned, by default all
    that are left, or are not wanted any more of an order that is not shipped yet, by default none. `evidence` are names of
    the buyer's pictures.
    Raises NotFound, OpenTicket, NothingToReturn, IllegalMove, AfterSaleOver, PiecesFixed, TooManyPieces, RefundTooLarge,
    RefundZero, UnknownFile.
    """
    order: LockedOrder | None = work.one(_LOCK_ORDER, order_id=order_id)
    if order is None:
        raise NotFound
    actions = ORDERS.actions_now(work, order_id)
    if order.status == REFUNDING:
        raise OpenTicket(actions=actions)
    returning = except_type == RETURN_AND_REFUND
    if returning and order.deliver_time is None:
        raise NothingToReturn(field="except_type", actions=actions)
    if "except-orders" not in actions:
        raise ORDERS.why_not(work, "except-orders", order_id)
    left = settling.left_of(work, order_id)
    if pieces is not None and not returning and order.deliver_time is not None:
        raise PiecesFixed(field="pieces")
    if pieces is not None and pieces > left.pieces:
        raise TooManyPieces(field="pieces", most=left.pieces, actions=actions)
    asked = left.share(pieces) / 100 if back_cost is None else back_cost
    if asked == 0 and left.paid > 0:
        raise RefundZero(field="back_cost", actions=actions)
    ticket = work.one(births.ASKED, order_id=order_id, except_type=except_type, back_reason=back_reason, back_cost=asked)
    if ticket is None:
        raise RefundTooLarge(field="back_cost", actions=actions)
    if returning or pieces is not None:
        settling.count(work, ticket.id, order_id, asked=pieces or left.pieces)
    ORDERS.move(work, "except-orders", order_id, after_care_id=ticket.id, back_reason=back_reason)
    pictures.show(work, ticket.id, evidence)
    return queries.moved(work, ticket.id)


def agree(
    work: Work, ticket_id: int, *, back_cost: float | None = None, remark: str | None = None, restock: bool | None = None
) -> JsonText:
    """Agree to a ticket: a refund is settled at once, a return waits for the goods, which go to the merchant's address.

    Less than the buyer asked for, in yuan, is an offer when a merchant agrees to it; an admin's word is final.
    `restock` may only confirm the rule: goods that were never shipped return to stock as far as they are given back.
    Raises NotFound, IllegalMove, RefundTooLarge, RefundZero, RestockFixed, OfferNotRaised, ReturnAddressMissing.
    """
    order, ticket = settling.lock(work, ticket_id), settling.standing_of(work, ticket_id)
    left = settling.left_of(work, order.id)
    amount = ticket.amount if back_cost is None else round(back_cost * 100)
    returning = order.except_type == RETURN_AND_REFUND
    pieces = 0 if returning else settling.pieces_never_sent(order, ticket, left, amount)
    if restock is not None and (returning or restock != (pieces > 0)):
        raise _restock_fixed(order, returning)
    if amount == 0 and left.paid > 0:
        raise RefundZero(field="back_cost", actions=ticket.actions)
    if work.actor.kind == MERCHANT and ticket.undecided and back_cost is not None and amount < ticket.amount:
        offers.make(work, ticket_id, back_cost=back_cost, remark=remark, actions=ticket.actions)
        return queries.moved(work, ticket_id)
    LIFECYCLE.move(work, "agree", ticket_id, back_cost=back_cost, remark=remark)
    if returning:
        return_addresses.keep(work, ticket_id)
    else:
        settling.settle(work, order, ticket_id, left, amount=amount, pieces=pieces, restocked=pieces, asked=pieces)
    return queries.moved(work, ticket_id)


def accept(work: Work, ticket_id: int) -> JsonText:
    """Accept what the merchant offers, which is then agreed; raises NotFound, IllegalMove, ReturnAddressMissing."""
    order, ticket = settling.lock(work, ticket_id), settling.standing_of(work, ticket_id)
    left = settling.left_of(work, order.id)
    LIFECYCLE.move(work, "accept", ticket_id)
    if order.except_type == RETURN_AND_REFUND:
        return_addresses.keep(work, ticket_id)
    elif ticket.offered is not None:
        pieces = settling.pieces_never_sent(order, ticket, left, ticket.offered)
        settling.settle(work, order, ticket_id, left, amount=ticket.offered, pieces=pieces, restocked=pieces, asked=pieces)
    return queries.moved(work, ticket_id)


def refuse(work: Work, ticket_id: int, *, remark: str, evidence: Sequence[str] = ()) -> JsonText:
    """Refuse a ticket, with the reason as `remark`, and the merchant's pictures of these names as `evidence`.

    Raises NotFound, IllegalMove, UnknownFile, WrongFileKind.
    """
    body = _end(work, "refuse", ticket_id, remark=remark)
    if not evidence:
        return body
    pictures.show(work, ticket_id, evidence)
    return queries.moved(work, ticket_id)


def withdraw(work: Work, ticket_id: int) -> JsonText:
    """Withdraw a ticket, so that the order is as before; raises NotFound, IllegalMove."""
    return _end(work, "withdraw", ticket_id)


def lapse(work: Work, ticket_id: int) -> JsonText:
    """End a return whose goods did not come in time, or an offer that was not accepted, so that the order is as before.

    Raises NotFound, IllegalMove.
    """
    return _end(work, "lapse", ticket_id)


def send_back(
    work: Work, ticket_id: int, *, logistics_id: int, tracking_number: str | None, pieces: int | None = None
) -> JsonText:
    """Record the parcel with which the buyer returns the goods, or correct it while the goods are on their way.

    It holds by default all `pieces` that were asked for. Raises NotFound, IllegalMove, UnknownCarrier, TrackingMissing,
    TooManyPieces.
    """
    carriers.check_tracking(carriers.named(work, logistics_id, None), tracking_number, field="tracking_number")
    order, ticket = settling.lock(work, ticket_id), settling.standing_of(work, ticket_id)
    parcel = work.one(_PARCEL, logistics_id=logistics_id, tracking_number=tracking_number)
    LIFECYCLE.move(work, "return", ticket_id, logistics_id=logistics_id, logistics_order_id=parcel.id)
    asked = ticket.asked or settling.left_of(work, order.id).pieces
    if pieces is not None and pieces > asked:
        raise TooManyPieces(field="pieces", most=asked, actions=ticket.actions)
    settling.count(work, ticket_id, order.id, asked=asked, sent=pieces or ticket.sent or asked)
    return queries.moved(work, ticket_id)


def receive(
    work: Work,
    ticket_id: int,
    *,
    restock: bool = True,
    pieces: int | None = None,
    back_cost: float | None = None,
    remark: str | None = None,
) -> JsonText:
    """Confirm that the goods are back: the refund is settled, and with `restock` the `pieces` return to stock.

    These are by default all that were sent. `back_cost`, in yuan, may be less than what was agreed, for a reason (`remark`).
    Raises NotFound, IllegalMove, TooManyPieces, RefundAboveAgreed, ReasonMissing.
    """
    order, ticket = settling.lock(work, ticket_id), settling.standing_of(work, ticket_id)
    left = settling.left_of(work, order.id)
    LIFECYCLE.move(work, "receive", ticket_id, back_cost=back_cost, remark=remark)
    sent = ticket.sent or ticket.asked or left.pieces
    if pieces is not None and pieces > sent:
        raise TooManyPieces(field="pieces", most=sent, actions=ticket.actions)
    came = pieces or sent
    amount = ticket.amount if back_cost is None else round(back_cost * 100)
    asked = ticket.asked or left.pieces
    settling.settle(work, order, ticket_id, left, amount=amount, pieces=came, restocked=came if restock else 0, asked=asked)
    return queries.moved(work, ticket_id)


def confirm(work: Work, ticket_id: int) -> JsonText:
    """Settle a return that the merchant did not confirm in time; nobody has seen the goods, so they do not return to stock."""
    return receive(work, ticket_id, restock=False)


def _end(work: Work, verb: str, ticket_id: int, **arguments: str) -> JsonText:
    order = settling.lock(work, ticket_id)
    body = LIFECYCLE.move(work, verb, ticket_id, **arguments)
    ORDERS.move(work, verb, order.id, by=BY_TICKET)
    clocks.run_on(work, ticket_id)
    return body


def _restock_fixed(order: OrderOfTicket, returning: bool) -> RestockFixed:
    if returning:
        return RestockFixed(field="restock", rule_zh="收到退货时再选择", rule_en="say it when the goods are received")
    if order.deliver_time is not None:
        return RestockFixed(field="restock", rule_zh="商品仍在买家处", rule_en="the buyer keeps the goods")
    rule_en = "goods never shipped come back as far as they are given back"
    return RestockFixed(field="restock", rule_zh="未发货的商品退多少回库多少", rule_en=rule_en)


def _parcel() -> Statement:
    written = ("logistics_id", "tracking_number")
    row = insert(PARCEL).values(**{name: bindparam(name) for name in written}, create_time=NOW)
    return Statement(row.returning(PARCEL.c.id))


_LOCK_ORDER = Statement(
    select(ORDER.c.status, ORDER.c.deliver_time)
    .where(ORDER.c.id == bindparam("order_id"), ORDER.c.customer_id == caller_id(CUSTOMER))
    .with_for_update(of=ORDER)
)
_PARCEL = _parcel()
