"""Listing the orders that changed since a second, at a cost that depends on the changes and not on the number of orders.

Their events are looked up first. If they belong to no more orders than a list counts, those orders are read by id; otherwise
the list is read from the newest order on, checking each order for an event. The planner does not choose between the two, as
with old statistics it compares every order with every event.
"""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import Integer, Text, bindparam, case, cast, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.caller import proved
from app.db.statement import Statement
from app.db.types import Condition
from app.db.work import Work
from app.models import Event, Order
from app.services.orders.search import LOOK_UP, WALK, WALK_CAPPED, merchant_of
from app.services.paging import CAP

ORDER = Order.__table__
EVENT = Event.__table__
NAME = "updated_after"
# How many events are looked up: enough for all orders that a total counts, fewer for a page by cursor, which has no total.
MOST, MOST_OF_WALK = 5 * CAP, CAP

# A scalar subquery, which the planner runs for one order at a time, by the index of timelines.
CHANGED: Condition = (
    select(literal_column("true"))
    .where(EVENT.c.order_id == ORDER.c.id, EVENT.c.time >= bindparam(NAME))
    .correlate(ORDER)
    .limit(1)
    .scalar_subquery()
)


def look_up(work: Work, filters: Mapping[str, object], *, by_cursor: bool) -> tuple[str, dict[str, str]]:
    """How to read the list that the filters describe, and the parameters of FOUND, as `search.look_up` returns them."""
    most = MOST_OF_WALK if by_cursor else MOST
    row = work.one(_look_up(work.actor.kind, merchant_of(work.actor.kind, filters)), most=most, **filters)
    if row.ids is not None:
        return LOOK_UP, {"found": row.ids}
    alone = filters.keys() <= {NAME, "business_id"}
    return (WALK_CAPPED if alone and row.number > CAP else WALK), {}


@cache
def _look_up(kind: str, merchant: str | None) -> Statement:
    theirs = [] if merchant is None else [EVENT.c.business_id == bindparam(merchant)]
    after = (EVENT.c.time >= bindparam(NAME), EVENT.c.order_id.isnot(None))
    events = (
        select(EVENT.c.order_id)
        .where(*theirs, *after)
        .order_by(EVENT.c.time.desc())
        .limit(bindparam("most", type_=Integer) + 1)
        .subquery("events")
    )
    each = (events.c.order_id, func.count().label("events"))
    orders = select(*each).group_by(events.c.order_id).subquery("orders")
    number = func.count()
    few = (func.coalesce(func.sum(orders.c.events), 0) <= bindparam("most")) & (number <= literal(CAP))
    ids = func.coalesce(func.array_agg(orders.c.order_id), cast("{}", ARRAY(Integer)))
    found = select(case((few, cast(ids, Text))).label("ids"), number.label("number")).select_from(orders).subquery("found")
    return Statement(proved(kind, found.c.ids, found.c.number), guarded=True)
