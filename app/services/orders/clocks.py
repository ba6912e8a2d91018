"""The clocks of an order: they stand still while a ticket is open, and its deadlines fall so much later."""

from sqlalchemy import bindparam, case, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.config import DAY
from app.db.statement import Statement
from app.db.types import Columns, Expression
from app.db.work import Work
from app.models import ExceptOrder, Order, OrderClock
from app.models.order import COMPLETED, SHIPPED, TO_SHIP

ORDER = Order.__table__
TICKET = ExceptOrder.__table__
CLOCK = OrderClock.__table__


def later(o: Columns) -> Expression:
    """The seconds for which the clock of the order's status has stood still, and for which its receipt was put off.

    It is put off by the days that the merchant granted, and by a real tracking number that came late.
    """
    paused = case((CLOCK.c.paused_in == o.c.status, CLOCK.c.paused_seconds), else_=0)
    tracked = func.greatest(func.coalesce(CLOCK.c.tracked_time, 0) - o.c.deliver_time, 0)
    granted = case((o.c.status == SHIPPED, CLOCK.c.extended_days * DAY + tracked), else_=0)
    return func.coalesce(select(paused + granted).where(CLOCK.c.order_id == o.c.id).correlate(o).scalar_subquery(), 0)


def run_on(work: Work, ticket_id: int) -> None:
    """Let the clock of the ticket's order run on, now that the ticket is closed and the order is where it was before."""
    work.do(_RUN_ON, ticket_id=ticket_id)


def _run_on() -> Statement:
    open_for = TICKET.c.close_time - TICKET.c.create_time
    goes_on = (or_(*(ORDER.c.status == status for status in (TO_SHIP, SHIPPED, COMPLETED))), open_for > 0)
    closed = (
        select(ORDER.c.id, open_for, ORDER.c.status)
        .select_from(TICKET.join(ORDER, ORDER.c.id == TICKET.c.order_id))
        .where(TICKET.c.id == bindparam("ticket_id"), *goes_on)
    )
    row = insert(CLOCK).from_select(["order_id", "paused_seconds", "paused_in"], closed)
    before = case((CLOCK.c.paused_in == row.excluded.paused_in, CLOCK.c.paused_seconds), else_=0)
    return Statement(
        row.on_conflict_do_update(
            index_elements=["order_id"],
            set_={"paused_seconds": before + row.excluded.paused_seconds, "paused_in": row.excluded.paused_in},
        )
    )


_RUN_ON = _run_on()
