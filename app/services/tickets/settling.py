"""What the use cases of tickets share: the locked order, what is left of it, and how a refund is settled.

What is left is read after the order is locked: whoever held the lock may have changed it.
"""

from functools import cache
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from app.db.statement import Statement
from app.db.types import Columns
from app.db.work import Work
from app.errors import NotFound
from app.models import ExceptOrder, Order, ReturnQuantity
from app.services.catalogue import stock
from app.services.lifecycle.table import BY_TICKET
from app.services.orders import clocks
from app.services.orders.states import LIFECYCLE as ORDERS
from app.services.orders.states import took_stock
from app.services.ownership import TICKETS, owned
from app.services.tickets import given_back
from app.services.tickets.states import LIFECYCLE, UNDECIDED, of_offer

ORDER = Order.__table__
TICKET = ExceptOrder.__table__
QUANTITY = ReturnQuantity.__table__


class OrderOfTicket(NamedTuple):
    """The order of a ticket, locked, and the type of the ticket."""

    id: int
    order_number: str
    deliver_time: int | None
    sku_id: int
    num: int
    except_type: str
    took_stock: bool


class Left(NamedTuple):
    """What was paid for an order, and what its settled tickets have left of it; money in cents."""

    paid: int
    money: int
    num: int
    pieces: int

    def share(self, pieces: int | None) -> int:
        """The cents to refund for so many of the pieces; all that are left when it is not said."""
        if pieces is None or pieces >= self.pieces:
            return self.money
        rounded = (2 * self.paid * pieces + self.num) // (2 * self.num)
        return min(self.money, max(1, rounded))

    def is_used_up(self, money: int, pieces: int) -> bool:
        """Whether nothing is owed any more once this is given back."""
        return money >= self.money or pieces >= self.pieces


class Standing(NamedTuple):
    """How a ticket stands: what is asked or agreed and what is offered, in cents, and the pieces asked for and sent back."""

    undecided: bool
    amount: int
    offered: int | None
    asked: int | None
    sent: int | None
    actions: list[str]


def lock(work: Work, ticket_id: int) -> OrderOfTicket:
    """Lock the order of the actor's ticket; raises NotFound."""
    order: OrderOfTicket | None = work.one(_lock_by_ticket(work.actor.kind), ticket_id=ticket_id)
    if order is None:
        raise NotFound
    return order


def left_of(work: Work, order_id: int) -> Left:
    """What is left of an order that is locked."""
    row = work.one(_LEFT, order_id=order_id)
    return Left(row.paid, row.money, row.num, row.pieces)


def standing_of(work: Work, ticket_id: int) -> Standing:
    """How a ticket stands whose order is locked."""
    row = work.one(_standing(work.actor.kind), ticket_id=ticket_id)
    return Standing(row.undecided, row.amount, row.offered, row.asked, row.sent, row.actions)


def pieces_never_sent(order: OrderOfTicket, ticket: Standing, left: Left, amount: int) -> int:
    """How many pieces go back to stock when `amount` cents are refunded without a return.

    None of an order that was shipped. Else those that the ticket cancels, and all that are left if nothing is owed any more.
    """
    if order.deliver_time is not None:
        return 0
    cancelled = ticket.asked or 0
    return left.pieces if left.is_used_up(amount, cancelled) else cancelled


def settle(
    work: Work, order: OrderOfTicket, ticket_id: int, left: Left, *, amount: int, pieces: int, restocked: int, asked: int
) -> None:
    """Settle the refund of a ticket that was just closed: `amount` cents and `pieces`, of which `restocked` go to stock.

    The order ends when all of its money or all of its pieces are given back; otherwise it is where it was before, as the
    rest is owed.
    """
    restocked = restocked if order.took_stock else 0
    if pieces:
        count(work, ticket_id, order.id, asked=max(asked, pieces), received=pieces, restocked=restocked)
    if left.is_used_up(amount, pieces):
        ORDERS.move(work, "refund", order.id, by=BY_TICKET)
    else:
        ORDERS.move(work, "refund_part", order.id, by=BY_TICKET)
        clocks.run_on(work, ticket_id)
    if restocked:
        stock.change(work, order.sku_id, restocked, reason=stock.REFUNDED, reference=order.order_number)


def count(work: Work, ticket_id: int, order_id: int, *, asked: int, **pieces: int) -> None:
    """Write down how many pieces were asked for and, as far as they are given, `sent`, `received` and `restocked`."""
    work.do(_counting(tuple(pieces)), ticket_id=ticket_id, order_id=order_id, asked=asked, **pieces)


@cache
def _counting(names: tuple[str, ...]) -> Statement:
    given = ("asked", *names)
    row = insert(QUANTITY).values(**{name: bindparam(name) for name in ("ticket_id", "order_id", *given)})
    return Statement(row.on_conflict_do_update(index_elements=["ticket_id"], set_={name: row.excluded[name] for name in given}))


@cache
def _lock_by_ticket(kind: str) -> Statement:
    of_order = (ORDER.c[name] for name in OrderOfTicket._fields if name in ORDER.c)
    return Statement(
        select(*of_order, TICKET.c.except_type, took_stock(ORDER).label("took_stock"))
        .select_from(ORDER.join(TICKET, TICKET.c.order_id == ORDER.c.id))
        .where(TICKET.c.id == bindparam("ticket_id"), owned(TICKETS, kind, TICKET))
        .with_for_update(of=ORDER)
    )


@cache
def _standing(kind: str) -> Statement:
    rows = TICKET.outerjoin(QUANTITY, QUANTITY.c.ticket_id == TICKET.c.id)
    columns = (
        UNDECIDED.holds(TICKET).label("undecided"),
        given_back.cents(TICKET.c.back_cost).label("amount"),
        given_back.cents(of_offer(TICKET, "back_cost")).label("offered"),
        QUANTITY.c.asked,
        QUANTITY.c.sent,
        LIFECYCLE.actions(TICKET, kind).label("actions"),
    )
    return Statement(select(*columns).select_from(rows).where(TICKET.c.id == bindparam("ticket_id")))


def _left(o: Columns) -> Statement:
    paid = given_back.cents(o.c.pay_count)
    money = func.greatest(paid - given_back.money(o.c.id), 0)
    pieces = func.greatest(o.c.num - given_back.pieces(o.c.id), 0)
    columns = (paid.label("paid"), money.label("money"), o.c.num, pieces.label("pieces"))
    return Statement(select(*columns).where(o.c.id == bindparam("order_id")))


_LEFT = _left(ORDER)
