"""Reading orders: one, a list, the counts of their states, a timeline."""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from sqlalchemy import Integer, Text, bindparam, cast, func, literal, literal_column, not_, null, select
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.db.caller import proved
from app.db.parameters import ACTOR_ID
from app.db.sql import is_among, json_of
from app.db.statement import Statement
from app.db.types import Condition, Expression, JsonText
from app.db.work import MERCHANT, Work
from app.errors import NotFound
from app.models import Event, Order, OrderTally
from app.models import order as stored
from app.services.events.view import shown
from app.services.lifecycle.deadlines import overdue
from app.services.orders import search, updates
from app.services.orders.states import DEADLINES, LIFECYCLE
from app.services.ownership import ORDERS, owned
from app.services.paging import CAP, Page, answer, counted, page_statement
from app.services.tickets import states

ORDER = Order.__table__
EVENT = Event.__table__
TALLY = OrderTally.__table__

_OVERDUE = overdue(DEADLINES, ORDER)

FILTERS = {
    "status": ORDER.c.status == bindparam("status"),
    "statuses": is_among(ORDER.c.status, "statuses"),
    **{name: search.contains(name) for name in search.SEARCHED},
    "sku_id": ORDER.c.sku_id == bindparam("sku_id"),
    "business_id": ORDER.c.business_id == bindparam("business_id"),
    "customer_id": ORDER.c.customer_id == bindparam("customer_id"),
    "create_from": ORDER.c.create_time >= bindparam("create_from"),
    "create_to": ORDER.c.create_time <= bindparam("create_to"),
    updates.NAME: updates.CHANGED,
    "overdue": _OVERDUE,
    "not_overdue": not_(_OVERDUE),
}


def get(work: Work, order_id: int) -> JsonText:
    """One order with its ticket in force, as JSON; raises NotFound."""
    kind = work.actor.kind
    body = work.one(_untouched(kind), order_id=order_id).body
    return JsonText(body) if body is not None else work.body(_one(kind), order_id=order_id)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The actor's orders that pass all `filters` (names of FILTERS), newest first, as JSON."""
    plan, found = search.look_up(work, filters)
    names = set(filters)
    if plan == search.WALK and updates.NAME in names:
        plan, found = updates.look_up(work, filters, by_cursor=page.cursor is not None)
        names -= {updates.NAME} if plan == search.LOOK_UP else set()  # it is true of all that were found
    statement = _list(work.actor.kind, frozenset(names), page.cursor is not None, plan)
    return answer(work.one(statement, **filters, **found, **page.parameters()), page)


def counts(work: Work) -> JsonText:
    """The number of the merchant's orders in each state, as JSON `{status: count}` with every state."""
    return work.body(_COUNTS)


def timeline(work: Work, order_id: int, page: Page) -> JsonText:
    """The events of an order and its tickets, newest first, as JSON; raises NotFound."""
    kind = work.actor.kind
    if work.one(_exists(kind), order_id=order_id).found is None:
        raise NotFound
    return answer(work.one(_timeline(kind, page.cursor is not None), order_id=order_id, **page.parameters()), page)


def conditions(kind: str, filters: Iterable[str]) -> list[Condition]:
    """The conditions for the caller's orders that pass `filters` (names of FILTERS).

    Across all merchants only a whole order number is found, as no index covers its parts.
    """
    names = set(filters)
    whole = {"order_number": ORDER.c.order_number == bindparam("order_number")}
    known = FILTERS if search.merchant_of(kind, names) else FILTERS | whole
    return [owned(ORDERS, kind, ORDER), *(known[name] for name in sorted(names))]


@cache
def _untouched(kind: str) -> Statement:
    """One order that has no ticket, as most have none: what tells of tickets is half of the work of `_one`."""
    known = {"refunded": literal_column("0"), "pieces_left": ORDER.c.num}
    columns = [known[c.name].label(c.name) if c.name in known else c for c in LIFECYCLE.view(ORDER, kind)]
    chosen = (ORDER.c.id == bindparam("order_id"), owned(ORDERS, kind, ORDER), ORDER.c.after_care_id.is_(None))
    view = select(*columns, null().label("except_order")).where(*chosen)
    return Statement(proved(kind, json_of(view).label("body")), guarded=True)


@cache
def _one(kind: str) -> Statement:
    joined = states.JOINED
    ticket = select(*states.LIFECYCLE.view(joined, kind)).where(joined.c.id == ORDER.c.after_care_id).correlate(ORDER)
    ticket_json = select(func.row_to_json(literal_column("t"))).select_from(ticket.subquery("t")).scalar_subquery()
    view = select(*LIFECYCLE.view(ORDER, kind), ticket_json.label("except_order"))
    return Statement(
        proved(kind, json_of(view.where(ORDER.c.id == bindparam("order_id"), owned(ORDERS, kind, ORDER))).label("body")),
        guarded=True,
    )


@lru_cache(maxsize=1000)
def _list(kind: str, filters: frozenset[str], by_cursor: bool, plan: str = search.WALK) -> Statement:
    chosen = conditions(kind, filters) + [search.FOUND] * (plan == search.LOOK_UP)
    view = select(*LIFECYCLE.view(ORDER, kind)).where(*chosen)
    if kind == MERCHANT and filters <= {"status", "statuses"} and plan == search.WALK:
        total = _tallied(filters)
    elif plan == search.WALK_CAPPED:
        total = literal(CAP + 1)
    else:
        rows = select(ORDER.c.id).where(*chosen)
        if updates.NAME in filters and search.merchant_of(kind, filters):  # the newest have changed, most likely
            rows = rows.order_by(ORDER.c.create_time.desc(), ORDER.c.id.desc())
        total = counted(rows)
    varied = plan == search.LOOK_UP or not filters.isdisjoint(search.SEARCHED)  # some find all, and some none
    return page_statement(view, ORDER.c.create_time, ORDER.c.id, total=total, by_cursor=by_cursor, kind=kind, varied=varied)


def _tallied(filters: frozenset[str]) -> Expression:
    conditions = [TALLY.c.business_id == ACTOR_ID]
    if "status" in filters:
        conditions.append(TALLY.c.status == bindparam("status"))
    if "statuses" in filters:
        conditions.append(is_among(TALLY.c.status, "statuses"))
    return select(func.coalesce(func.sum(TALLY.c.delta), 0)).where(*conditions).scalar_subquery()


@cache
def _exists(kind: str) -> Statement:
    mine = select(ORDER.c.id).where(ORDER.c.id == bindparam("order_id"), owned(ORDERS, kind, ORDER))
    return Statement(proved(kind, mine.scalar_subquery().label("found")), guarded=True)


@cache
def _timeline(kind: str, by_cursor: bool) -> Statement:
    of_order = EVENT.c.order_id == bindparam("order_id")
    total = counted(select(EVENT.c.id).where(of_order))
    view = select(*(column for column in shown(EVENT) if column.name not in ("business_id", "order_id"))).where(of_order)
    return page_statement(view, None, EVENT.c.id, total=total, by_cursor=by_cursor, kind=kind)


def _counts() -> Statement:
    states = func.unnest(cast(array(list(stored.STATUS_NAMES)), ARRAY(Integer))).table_valued("status").render_derived(name="s")
    mine = (TALLY.c.business_id == ACTOR_ID) & (TALLY.c.status == states.c.status)
    number = select(func.coalesce(func.sum(TALLY.c.delta), 0)).where(mine).scalar_subquery()
    body = select(cast(func.json_object_agg(cast(states.c.status, Text), number), Text)).select_from(states)
    return Statement(proved(MERCHANT, body.scalar_subquery().label("body")), guarded=True)


_COUNTS = _counts()
