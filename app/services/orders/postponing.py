"""Putting off the automatic receipt of an order: by days that its merchant grants, and by a tracking number that came late."""

import orjson
from sqlalchemy import Integer, String, and_, bindparam, column, func, literal, not_, select
from sqlalchemy.dialects.postgresql import insert

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import rows_of
from app.db.statement import Statement
from app.db.types import Columns, Condition, JsonText
from app.db.work import Work
from app.errors import AlreadyExtended
from app.models import LogisticsCompany, Order, OrderClock
from app.services.lifecycle.table import Arguments
from app.services.orders.states import LIFECYCLE, RECEIPT, SHIPPED, is_under_way

ORDER = Order.__table__
CLOCK = OrderClock.__table__
CARRIER = LogisticsCompany.__table__

SHORTEST = 8  # characters of a number by which a parcel can be followed; what is shorter fills a field


def extend(work: Work, order_id: int, *, days: int) -> JsonText:
    """Put off the automatic receipt of a shipped order by `days`, once; the order as JSON.

    Raises NotFound, IllegalMove, AlreadyExtended.
    """
    work.begin()  # the move is half of the change
    LIFECYCLE.move(work, "extend", order_id, days=days)
    if not work.do(_EXTEND, order_id=order_id, days=days):  # another request has, while the move waited for it
        raise AlreadyExtended
    return LIFECYCLE.get(work, order_id)


def receive_when_due(work: Work, order_id: int) -> JsonText:
    """Receive an order whose deadline has passed, once it is certain that nothing has put it off meanwhile.

    Raises AlreadyExtended, NotFound, IllegalMove.
    """
    work.one(_LOCK, order_id=order_id)
    if work.one(_PUT_OFF, order_id=order_id) is not None:
        raise AlreadyExtended
    return LIFECYCLE.move(work, "receive", order_id)


def restart(work: Work, corrections: list[Arguments]) -> None:
    """Let the automatic receipt count from now, for orders that get their first real tracking number by their correction."""
    work.do(_RESTART, corrections=orjson.dumps(corrections).decode())


def _can_be_followed(parcel: Columns) -> Condition:
    """Whether a parcel has a real tracking number: long enough, not one character repeated, of a carrier that has numbers."""
    number = parcel.c.logistic_order_id
    untracked = select(CARRIER.c.id).where(CARRIER.c.id == parcel.c.logistic_id, not_(CARRIER.c.needs_tracking)).exists()
    real = and_(func.length(number) >= SHORTEST, not_(number.op("~")(literal(r"^(.)\1*$"))), not_(untracked))
    return func.coalesce(real, False)


def _restart() -> Statement:
    columns = [column("id", Integer), column("logistic_id", Integer), column("logistic_order_id", String)]
    given = rows_of("corrections", columns)
    late = (
        select(ORDER.c.id)
        .join(given, given.c.id == ORDER.c.id)
        .where(ORDER.c.business_id == ACTOR_ID, is_under_way(ORDER), not_(_can_be_followed(ORDER)), _can_be_followed(given))
        .order_by(ORDER.c.id)
        .with_for_update(of=ORDER, key_share=True)
        .cte("late")
    )
    clock = insert(CLOCK).from_select(["order_id", "tracked_time"], select(late.c.id, NOW))
    return Statement(clock.on_conflict_do_update(index_elements=[CLOCK.c.order_id], set_={"tracked_time": NOW}))


def _extend() -> Statement:
    clock = insert(CLOCK).values(order_id=bindparam("order_id"), extended_days=bindparam("days"))
    once = CLOCK.c.extended_days == 0
    days = {"extended_days": clock.excluded.extended_days}
    return Statement(clock.on_conflict_do_update(index_elements=[CLOCK.c.order_id], set_=days, where=once))


_THIS = ORDER.c.id == bindparam("order_id")
_LOCK = Statement(select(ORDER.c.id).where(_THIS).with_for_update())
_PUT_OFF = Statement(select(ORDER.c.id).where(_THIS, SHIPPED.holds(ORDER), not_(RECEIPT.has_passed(ORDER))))
_RESTART = _restart()
_EXTEND = _extend()
