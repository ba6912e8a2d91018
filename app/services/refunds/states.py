"""How a refund payment is shown, on its own and on its ticket, and when it is overdue.

The rows are made by the database itself (see `models/refund_payment.py`).
"""

from sqlalchemy import JSON, case, cast, func, literal, literal_column, null, select

from app.config import DAY
from app.db.parameters import NOW
from app.db.types import Columns, Condition, Expression, Query
from app.models import Order, RefundPayment
from app.models.refund_payment import DUE, PAID

REFUND = RefundPayment.__table__
ORDER = Order.__table__
PATIENCE = DAY  # how long a refund may be due before somebody is called


def overdue(row: Columns) -> Condition:
    """Whether the refund has not been paid in time."""
    return (row.c.status != PAID) & (row.c.due_time < NOW - PATIENCE)


def view() -> Query:
    """Refund payments with what is needed to pay them."""
    of_order = (ORDER.c.order_number, ORDER.c.business_id, ORDER.c.customer_id)
    return select(*REFUND.c, *of_order).select_from(REFUND.join(ORDER, ORDER.c.id == REFUND.c.order_id))


def of_ticket(t: Columns, is_settled: Condition) -> Expression:
    """The refund of a ticket as JSON: amount (yuan), status, paid_time; null as long as there is none.

    The statement that settles a ticket does not see yet what the database writes at its end, so it tells of what is to come.
    """
    p = select(REFUND.c.amount, REFUND.c.status, REFUND.c.paid_time).where(REFUND.c.ticket_id == t.c.id).correlate(t)
    stored = select(func.row_to_json(literal_column("p"))).select_from(p.subquery("p")).scalar_subquery()
    is_free = t.c.back_cost == 0
    parts = {
        "amount": t.c.back_cost,
        "status": case((is_free, PAID), else_=DUE),
        "paid_time": case((is_free, t.c.close_time), else_=null()),
    }
    coming = func.json_build_object(*(part for name, value in parts.items() for part in (literal(name), value)))
    return case((is_settled, func.coalesce(stored, cast(coming, JSON))), else_=null())
