"""What settled tickets have given back of an order: money, in whole cents, and pieces."""

from sqlalchemy import BigInteger, Integer, and_, cast, func, or_, select

from app.db.types import Columns, Condition, Expression
from app.models import ExceptOrder, ReturnQuantity
from app.models import except_order as stored

_TICKET = ExceptOrder.__table__.alias("settled")
_QUANTITY = ReturnQuantity.__table__.alias("given_back")


def is_settled(t: Columns) -> Condition:
    """Whether the ticket's refund is due: it is closed, agreed to, and the goods are back where they had to be."""
    came = or_(t.c.except_type == stored.REFUND_ONLY, t.c.recv_time.isnot(None))
    return and_(t.c.status == stored.AGREED, t.c.close_time.isnot(None), came)


def cents(amount: Expression) -> Expression:
    """The amount in whole cents; the cast rounds."""
    return cast(amount * 100, BigInteger)


def money(order_id: Expression) -> Expression:
    """The cents that were refunded of the order."""
    total = select(func.coalesce(func.sum(cents(_TICKET.c.back_cost)), 0)).where(_TICKET.c.order_id == order_id)
    return cast(total.where(is_settled(_TICKET)).scalar_subquery(), BigInteger)


def pieces(order_id: Expression) -> Expression:
    """How many of the order's pieces came back or were never sent; a ticket's pieces count once it is settled."""
    total = select(func.coalesce(func.sum(_QUANTITY.c.received), 0)).where(_QUANTITY.c.order_id == order_id)
    return cast(total.scalar_subquery(), Integer)


def latest(order_id: Expression, column: str) -> Expression:
    """A column of the order's last settled ticket; null if it has none."""
    of_order = (_TICKET.c.order_id == order_id, is_settled(_TICKET))
    return select(_TICKET.c[column]).where(*of_order).order_by(_TICKET.c.id.desc()).limit(1).scalar_subquery()
