"""Reading orders: one, a list, the counts of their states, a timeline."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache

from sqlalchemy import Integer, Text, bindparam, cast, func, literal, literal_column, not_, null, select
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.config import DAY
from app.db.caller import proved
from app.db.parameters import ACTOR_ID
from app.db.sql import is_among, json_of
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, JsonText, Query
from app.db.work import ADMIN, MERCHANT, Work
from app.errors import NotFound
from app.models import Event, Order, OrderTally
from app.models import order as stored
from app.services import parties
from app.services.events.view import shown
from app.services.lifecycle.deadlines import overdue
from app.services.orders import notes, search, updates, urgent
from app.services.orders.states import DEADLINES, LIFECYCLE
from app.services.ownership import FIGURES, ORDERS, owned
from app.services.paging import CAP, NEWEST, Page, Start, answer, counted, page_statement
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
    "deliver_from": ORDER.c.deliver_time >= bindparam("deliver_from"),
    "deliver_to": (ORDER.c.deliver_time <= bindparam("deliver_to")) & (ORDER.c.create_time <= bindparam("deliver_to") + DAY),
    "logistic_order_id": ORDER.c.logistic_order_id == bindparam("logistic_order_id"),
    "q": search.contains_word(),
    "flag": search.has_flag(),
    "unflagged": search.has_no_flag(),
    "ids": is_among(ORDER.c.id, "ids"),
    updates.NAME: updates.CHANGED,
    "overdue": _OVERDUE,
    "not_overdue": not_(_OVERDUE),
}
_touched: set[int] = set()  # orders that had a ticket when they were last read, which `_untouched` need not be asked for
_MOST_REMEMBERED = 10_000
_VARIED = {*search.SEARCHED, search.WORD, "deliver_from", "deliver_to"}  # filters that find few or many


def get(work: Work, order_id: int) -> JsonText:
    """One order with its ticket in force, and the merchant's note for the merchant, as JSON; raises NotFound."""
    kind = work.actor.kind
    if order_id not in _touched:
        body = work.one(_untouched(kind), order_id=order_id).body
        if body is not None:
            return JsonText(body)
    whole = work.body(_one(kind), order_id=order_id)
    _remember_touched(order_id)
    return whole


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The actor's orders that pass all `filters` (names of FILTERS), newest first unless the page says, as JSON."""
    plan, names, found = _look_up(work, filters, by_cursor=page.start is Start.CURSOR)
    statement = _list(work.actor.kind, names, page.start, plan, page.sort)
    return answer(work.one(statement, **filters, **found, **page.parameters()), page)


def counts(work: Work, filters: Mapping[str, object]) -> JsonText:
    """The number of the actor's orders in each state that pass all `filters`, as JSON `{status: count}` with every state.

    With filters, a count ends at the cap of a list's total.
    """
    if not filters:
        return work.body(_counts(work.actor.kind))
    plan, names, found = _look_up(work, filters)
    return work.body(_filtered_counts(work.actor.kind, names, plan == search.LOOK_UP), **filters, **found)


def timeline(work: Work, order_id: int, page: Page) -> JsonText:
    """The events of an order and its tickets, newest first, as JSON; raises NotFound."""
    kind = work.actor.kind
    if work.one(_exists(kind), order_id=order_id).found is None:
        raise NotFound
    return answer(work.one(_timeline(kind, page.start), order_id=order_id, **page.parameters()), page)


def conditions(kind: str, filters: Iterable[str]) -> list[Condition]:
    """The conditions for the caller's orders that pass `filters` (names of FILTERS).

    Across all merchants only a whole order number is found, as no index covers its parts.
    """
    names = set(filters)
    whole = {"order_number": ORDER.c.order_number == bindparam("order_number")}
    known = FILTERS if search.merchant_of(kind, names) else FILTERS | whole
    return [owned(ORDERS, kind, ORDER), *(known[name] for name in sorted(names))]


def _look_up(
    work: Work, filters: Mapping[str, object], *, by_cursor: bool = False
) -> tuple[str, frozenset[str], dict[str, str]]:
    """How to read the orders that the filters describe, the filters that are left to check, and the parameters of FOUND."""
    plan, found = search.look_up(work, filters)
    names = set(filters)
    if plan == search.WALK and updates.NAME in names:
        plan, found = updates.look_up(work, filters, by_cursor=by_cursor)
        names -= {updates.NAME} if plan == search.LOOK_UP else set()  # it is true of all that were found
    return plan, frozenset(names), found


def _remember_touched(order_id: int) -> None:
    if len(_touched) >= _MOST_REMEMBERED:
        _touched.clear()
    _touched.add(order_id)


@cache
def _untouched(kind: str) -> Statement:
    """One order that has no ticket, as most have none: what tells of tickets is half of the work of `_one`."""
    known = {"refunded": literal_column("0"), "pieces_left": ORDER.c.num, "ticket": null(), "except_order": null()}
    columns = [known[c.name].label(c.name) if c.name in known else c for c in _whole(kind)]
    return _alone(kind, select(*columns).where(ORDER.c.after_care_id.is_(None)))


@cache
def _one(kind: str) -> Statement:
    return _alone(kind, select(*_whole(kind)))


def _alone(kind: str, view: Query) -> Statement:
    mine = view.where(ORDER.c.id == bindparam("order_id"), owned(ORDERS, kind, ORDER))
    return Statement(proved(kind, json_of(mine).label("body")), guarded=True)


def _whole(kind: str) -> list[Expression]:
    """What an order shows when it is looked at alone."""
    joined = states.JOINED
    ticket = select(*states.LIFECYCLE.view(joined, kind)).where(joined.c.id == ORDER.c.after_care_id).correlate(ORDER)
    ticket_json = select(func.row_to_json(literal_column("t"))).select_from(ticket.subquery("t")).scalar_subquery()
    columns = [*LIFECYCLE.view(ORDER, kind), ticket_json.label("except_order")]
    if kind == MERCHANT:
        columns.append(parties.customer_name(ORDER.c.customer_id))
    return columns + _also(kind, ORDER)


@lru_cache(maxsize=1000)
def _list(kind: str, filters: frozenset[str], start: Start, plan: str = search.WALK, sort: str = NEWEST) -> Statement:
    chosen = conditions(kind, filters) + [search.FOUND] * (plan == search.LOOK_UP)
    by_deadline = sort == urgent.SORT
    if kind == MERCHANT and filters <= {"status", "statuses"} and plan == search.WALK:
        total = _tallied(filters, of_due=by_deadline)
    elif plan == search.WALK_CAPPED and not by_deadline:
        total = literal(CAP + 1)
    else:
        rows = select(ORDER.c.id).where(*chosen, *[urgent.is_due(ORDER.c.status)] * by_deadline)
        if updates.NAME in filters and search.merchant_of(kind, filters):  # the newest have changed, most likely
            rows = rows.order_by(ORDER.c.create_time.desc(), ORDER.c.id.desc())
        total = counted(rows)
    view, time = select(*LIFECYCLE.view(ORDER, kind)), ORDER.c.create_time
    if by_deadline:
        due = urgent.due(chosen, start=start)
        view, time = view.select_from(ORDER.join(due, due.c.id == ORDER.c.id)), due.c.at
    else:
        view = view.where(*chosen)
    varied = plan == search.LOOK_UP or by_deadline or not filters.isdisjoint(_VARIED)  # some find all, and some none
    return page_statement(
        view,
        time,
        ORDER.c.id,
        total=total,
        start=start,
        kind=kind,
        varied=varied,
        ascending=sort != NEWEST,
        beside=_beside(kind),
    )


def _also(kind: str, o: Columns) -> list[Expression]:
    """What only its merchant sees in a list, the notes and how far the ticket is; and only staff, whose the order is."""
    if kind == MERCHANT:
        return [*notes.shown(o), states.in_short(o.c.after_care_id).label("ticket")]
    return parties.names(o.c.business_id, o.c.customer_id) if kind == ADMIN else []


def _beside(kind: str) -> Callable[[Query, Columns], Query] | None:
    return (lambda rows, picked: rows.add_columns(*_also(kind, picked))) if kind in (MERCHANT, ADMIN) else None


def _tallied(filters: frozenset[str], *, of_due: bool) -> Expression:
    conditions = [TALLY.c.business_id == ACTOR_ID, *[urgent.is_due(TALLY.c.status)] * of_due]
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
def _timeline(kind: str, start: Start) -> Statement:
    of_order = EVENT.c.order_id == bindparam("order_id")
    total = counted(select(EVENT.c.id).where(of_order))
    view = select(*(column for column in shown(EVENT) if column.name not in ("business_id", "order_id"))).where(of_order)
    return page_statement(view, None, EVENT.c.id, total=total, start=start, kind=kind)


@cache
def _counts(kind: str) -> Statement:
    mine = owned(FIGURES, kind, TALLY) & (TALLY.c.status == _EACH.c.status)
    return _by_status(kind, select(func.coalesce(func.sum(TALLY.c.delta), 0)).where(mine).scalar_subquery())


@lru_cache(maxsize=100)
def _filtered_counts(kind: str, filters: frozenset[str], found: bool) -> Statement:
    """Those that were found are read once; the others state by state, up to the cap."""
    chosen = conditions(kind, filters)
    if found:
        passed = select(ORDER.c.status).where(*chosen, search.FOUND).cte("passed")
        number = select(func.count()).select_from(passed).where(passed.c.status == _EACH.c.status).scalar_subquery()
    else:
        rows = select(ORDER.c.id).where(*chosen, ORDER.c.status == _EACH.c.status).correlate(_EACH)
        number = func.least(counted(rows), CAP)
    return _by_status(kind, number, varied=True)


def _by_status(kind: str, number: Expression, *, varied: bool = False) -> Statement:
    body = select(cast(func.json_object_agg(cast(_EACH.c.status, Text), number), Text)).select_from(_EACH)
    return Statement(proved(kind, body.scalar_subquery().label("body")), guarded=True, varied=varied)


_EACH = func.unnest(cast(array(list(stored.STATUS_NAMES)), ARRAY(Integer))).table_valued("status").render_derived(name="s")
