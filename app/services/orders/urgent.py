"""Orders by the deadline that falls first, of those that are to be shipped or received, without reading all of them.

Most deadlines fall at the same distance from a time of the order, so an index of that time has them in order, one for each
state. The orders that were put off are few, and are ordered by what their clocks say (see `clocks.py`).
"""

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, delete, or_, select, tuple_, union_all

from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, Query
from app.db.work import Work
from app.models import Order, PutOffOrder
from app.services.lifecycle.deadlines import Deadline
from app.services.orders.states import RECEIPT, SHIPMENT
from app.services.paging import AFTER_ID, AFTER_TIME, SIZE, SKIP, Start

ORDER = Order.__table__
PUT_OFF = PutOffOrder.__table__
SORT = "deadline"
CHUNK = 1000  # rows that are cleared at a time

_CLOCKED = (SHIPMENT, RECEIPT)
_WAS_PUT_OFF = select(PUT_OFF.c.order_id).where(PUT_OFF.c.order_id == ORDER.c.id).exists()


def is_due(status: Expression) -> Condition:
    """Whether an order of this status has a deadline to be shipped or received by."""
    return or_(*(and_(status == each.state.status, each.is_on) for each in _CLOCKED))


def due(chosen: Sequence[Condition], *, start: Start) -> Columns:
    """The `id` of each order that meets `chosen`, and the time `at` its deadline falls: at least as many as a page shows."""
    places = [_in_order(each, chosen, start=start) for each in _CLOCKED]
    return union_all(*places, *(_put_off(each, chosen) for each in _CLOCKED)).subquery("due")


def clear(work: Work) -> int:
    """Forget the put-off orders that have ended; the number of rows."""
    return work.do(_CLEAR, chunk=CHUNK)


def _in_order(deadline: Deadline, chosen: Sequence[Condition], *, start: Start) -> Query:
    since = deadline.start(ORDER)
    rows = select(ORDER.c.id, (since + deadline.seconds).label("at"))
    rows = rows.where(*chosen, deadline.state.holds(ORDER), deadline.is_on, ~_WAS_PUT_OFF)
    if start is Start.CURSOR:
        after = tuple_(AFTER_TIME - deadline.seconds, AFTER_ID)
        rows = rows.where(tuple_(since, ORDER.c.id) > after)
    needed = SIZE + SKIP + 1 if start is Start.PAGE else SIZE + 1
    return select(rows.order_by(since, ORDER.c.id).limit(needed).subquery(f"{deadline.name}_in_order"))


def _put_off(deadline: Deadline, chosen: Sequence[Condition]) -> Query:
    at = deadline.falls_at(ORDER)
    rows = select(ORDER.c.id, at.label("at")).select_from(ORDER.join(PUT_OFF, PUT_OFF.c.order_id == ORDER.c.id))
    # The merchant's own rows, which are few, by their index.
    rows = rows.where(PUT_OFF.c.business_id == ORDER.c.business_id)
    return rows.where(*chosen, deadline.state.holds(ORDER), deadline.is_on)


def _clear() -> Statement:
    ended = (
        select(PUT_OFF.c.order_id)
        .join(ORDER, ORDER.c.id == PUT_OFF.c.order_id)
        .where(ORDER.c.close_time.isnot(None))
        .limit(bindparam("chunk"))
    )
    return Statement(delete(PUT_OFF).where(PUT_OFF.c.order_id.in_(ended)))


_CLEAR = _clear()
