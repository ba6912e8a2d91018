"""Sales and refunds within a period: a sale counts when it is paid, a refund when it is settled.

Money is summed in whole cents, so it is exact, and returned in yuan.
"""

from sqlalchemy import BigInteger, cast, func, select, true

from app.db.types import Columns, Expression, Query
from app.models import ExceptOrder, Order
from app.services.ownership import FIGURES, owned
from app.services.tickets.states import SETTLED

ORDER = Order.__table__
TICKET = ExceptOrder.__table__


def of_each(period: Columns, kind: str) -> Query:
    """The sales and refunds of each row of `period` (with `start` and `stop`): the merchant's, or for staff everybody's."""
    paid = sold(period.c.start, period.c.stop, kind).lateral("paid")
    back = refunded(period.c.start, period.c.stop, kind).lateral("back")
    joined = period.join(paid, true()).join(back, true())
    return select(paid.c.orders, paid.c.sales, back.c.refunds, back.c.refunded).select_from(joined)


def sold(start: Expression, stop: Expression, kind: str) -> Query:
    """The number and the amount of the orders paid from `start` up to, but not including, `stop`."""
    paid = (ORDER.c.create_time >= start, ORDER.c.create_time < stop)
    return select(func.count().label("orders"), yuan(ORDER.c.pay_count).label("sales")).where(
        owned(FIGURES, kind, ORDER), *paid
    )


def refunded(start: Expression, stop: Expression, kind: str) -> Query:
    """The number and the amount of the refunds settled from `start` up to, but not including, `stop`."""
    settled = (TICKET.c.close_time >= start, TICKET.c.close_time < stop, SETTLED.holds(TICKET))
    money = yuan(TICKET.c.back_cost).label("refunded")
    return select(func.count().label("refunds"), money).where(owned(FIGURES, kind, TICKET), *settled)


def yuan(amount: Expression) -> Expression:
    """The sum of a column of amounts, in yuan."""
    cents = func.sum(cast(amount * 100, BigInteger))  # the cast rounds
    return func.round(func.coalesce(cents, 0) / 100, 2)
