"""Reading tickets: one, or a list."""

from collections.abc import Mapping
from functools import cache, lru_cache

from sqlalchemy import bindparam, func, not_, select

from app.db.caller import ACCOUNTS, proved
from app.db.parameters import ACTOR_ID
from app.db.sql import is_among, json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import CUSTOMER, Work
from app.models import Order
from app.services.lifecycle.deadlines import overdue
from app.services.ownership import TICKETS, owned
from app.services.paging import Page, answer, counted, page_statement
from app.services.tickets.states import DEADLINES, JOINED, LIFECYCLE, step_of

ORDER = Order.__table__

_OVERDUE = overdue(DEADLINES, JOINED)

# By the ids of the buyer's orders, which are few; the planner might else read everybody's tickets from the newest on.
_ORDERS_OF_BUYER = select(ORDER.c.id).where(ORDER.c.customer_id == ACTOR_ID).scalar_subquery()
_OF_BUYERS_ORDERS = JOINED.c.order_id == func.any(func.array(_ORDERS_OF_BUYER))

FILTERS = {
    "status": JOINED.c.status == bindparam("status"),
    "statuses": is_among(JOINED.c.status, "statuses"),
    "step": step_of(JOINED) == bindparam("step"),
    "except_type": JOINED.c.except_type == bindparam("except_type"),
    "order_id": JOINED.c.order_id == bindparam("order_id"),
    "business_id": JOINED.c.business_id == bindparam("business_id"),
    "create_from": JOINED.c.create_time >= bindparam("create_from"),
    "create_to": JOINED.c.create_time <= bindparam("create_to"),
    "overdue": _OVERDUE,
    "not_overdue": not_(_OVERDUE),
}


def get(work: Work, ticket_id: int) -> JsonText:
    """One ticket as JSON; raises NotFound."""
    return work.body(_one(work.actor.kind), ticket_id=ticket_id)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The actor's tickets that pass all `filters` (names of FILTERS), newest first, as JSON."""
    statement = _list(work.actor.kind, frozenset(filters), page.cursor is not None)
    return answer(work.one(statement, **filters, **page.parameters()), page)


@cache
def _one(kind: str) -> Statement:
    found = (JOINED.c.id == bindparam("ticket_id")) & (ORDER.c.id == JOINED.c.order_id) & owned(TICKETS, kind, JOINED)
    view = select(*LIFECYCLE.view(JOINED, kind)).select_from(JOINED.join(ORDER, JOINED.c.order_id == ORDER.c.id))
    body = json_of(view.where(found)).label("body")
    return Statement(proved(kind, body), guarded=True) if kind in ACCOUNTS else Statement(select(body))


@lru_cache(maxsize=1000)
def _list(kind: str, filters: frozenset[str], by_cursor: bool) -> Statement:
    conditions = [owned(TICKETS, kind, JOINED), *(FILTERS[name] for name in sorted(filters))]
    if kind == CUSTOMER:
        conditions.append(_OF_BUYERS_ORDERS)
    view = select(*LIFECYCLE.view(JOINED, kind)).where(*conditions)
    total = counted(select(JOINED.c.id).where(*conditions))
    return page_statement(view, JOINED.c.create_time, JOINED.c.id, total=total, by_cursor=by_cursor, kind=kind)
