"""What was paid and what was refunded within a time: a sale counts when it was paid, a refund when it was refunded.

Money is summed in whole cents, so it is exact, and given in yuan.
"""

from typing import Any

from sqlalchemy import BigInteger, cast, func, select, true

from app.models import ExceptOrder, Order
from app.services.ownership import FIGURES, owned
from app.services.tickets.states import SETTLED

ORDER = Order.__table__
TICKET = ExceptOrder.__table__


def of_each(period: Any, kind: str) -> Any:
    """The takings of each row of `period` (with `start` and `stop`): the merchant's, or for staff the whole platform's."""
    paid = sold(period.c.start, period.c.stop, kind).lateral("paid")
    back = refunded(period.c.start, period.c.stop, kind).lateral("back")
    joined = period.join(paid, true()).join(back, true())
    return select(paid.c.orders, paid.c.sales, back.c.refunds, back.c.refunded).select_from(joined)


def sold(start: Any, stop: Any, kind: str) -> Any:
    """How many orders were paid from `start` up to `stop`, and how much."""
    paid = (ORDER.c.create_time >= start, ORDER.c.create_time < stop)
    return select(func.count().label("orders"), yuan(ORDER.c.pay_count).label("sales")).where(
        owned(FIGURES, kind, ORDER), *paid
    )


def refunded(start: Any, stop: Any, kind: str) -> Any:
    """How many refunds were settled from `start` up to `stop`, and how much."""
    settled = (TICKET.c.close_time >= start, TICKET.c.close_time < stop, SETTLED.holds(TICKET))
    money = yuan(TICKET.c.back_cost).label("refunded")
    return select(func.count().label("refunds"), money).where(owned(FIGURES, kind, TICKET), *settled)


def yuan(amount: Any) -> Any:
    """The sum of a column of amounts."""
    cents = func.sum(cast(amount * 100, BigInteger))  # the cast rounds
    return func.round(func.coalesce(cents, 0) / 100, 2)
