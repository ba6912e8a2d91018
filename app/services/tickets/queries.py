"""Reading tickets: one, a list, the counts of their steps."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache

from sqlalchemy import bindparam, case, false, func, literal, not_, or_, select, true

from app.db.caller import ACCOUNTS, proved
from app.db.parameters import ACTOR_ID
from app.db.sql import is_among, json_of
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, JsonText, Query
from app.db.work import ADMIN, CUSTOMER, MERCHANT, Work
from app.models import Order
from app.services import parties
from app.services.lifecycle.deadlines import overdue
from app.services.lifecycle.table import State
from app.services.ownership import TICKETS, owned
from app.services.paging import CAP, Page, Start, answer, counted, page_statement
from app.services.tickets import bought, tally
from app.services.tickets.states import DEADLINES, JOINED, LIFECYCLE, STEPS, WAITING_FOR

ORDER = Order.__table__

AT = "at"
_OVERDUE = overdue(DEADLINES, JOINED)


def _of_buyer(customer_id: Expression) -> Condition:
    """By the ids of the buyer's orders, which are few; the planner might else read everybody's tickets from the newest on."""
    orders = select(ORDER.c.id).where(ORDER.c.customer_id == customer_id).scalar_subquery()
    return JOINED.c.order_id == func.any(func.array(orders))


def _at_one_of(steps: Iterable[State]) -> Condition:
    return or_(*(step.holds(JOINED) for step in steps))


def _open_at_one_of(steps: Iterable[State]) -> Condition:
    """As one value, which the planner expects of half the open tickets; shares that depend on each other it would multiply."""
    return JOINED.c.close_time.is_(None) & case((_at_one_of(steps), true()), else_=false())


FILTERS = {
    "status": JOINED.c.status == bindparam("status"),
    "statuses": is_among(JOINED.c.status, "statuses"),
    **{f"waiting_for_{who}": _open_at_one_of(steps) for who, steps in WAITING_FOR.items()},
    "except_type": JOINED.c.except_type == bindparam("except_type"),
    "order_id": JOINED.c.order_id == bindparam("order_id"),
    "business_id": JOINED.c.business_id == bindparam("business_id"),
    "customer_id": _of_buyer(bindparam("customer_id")),
    "create_from": JOINED.c.create_time >= bindparam("create_from"),
    "create_to": JOINED.c.create_time <= bindparam("create_to"),
    "overdue": _OVERDUE,
    "not_overdue": not_(_OVERDUE),
}
_OF_FEW = {"order_id", "customer_id"}  # filters that few tickets pass, whatever else is asked for


def get(work: Work, ticket_id: int) -> JsonText:
    """One ticket as the actor's list shows it, as JSON; raises NotFound."""
    return work.body(_one(work.actor.kind, True), ticket_id=ticket_id)


def moved(work: Work, ticket_id: int) -> JsonText:
    """One ticket as a move answers it, as JSON; raises NotFound."""
    return work.body(_one(work.actor.kind, False), ticket_id=ticket_id)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The actor's tickets that pass all `filters` (names of FILTERS), newest first, as JSON."""
    statement = _list(work.actor.kind, frozenset(filters), page.start)
    return answer(work.one(statement, **filters, **page.parameters()), page)


def counts(work: Work, filters: Mapping[str, object]) -> JsonText:
    """The number of the actor's tickets at each step that pass all `filters`, as JSON `{step: count}` with every step.

    A count ends at the cap of a list's total.
    """
    return work.body(_counts(work.actor.kind, frozenset(filters)), **filters)


def conditions(kind: str, filters: Iterable[str]) -> list[Condition]:
    """The conditions for the caller's tickets that pass `filters`: names of FILTERS, and of `at_steps`."""
    return [owned(TICKETS, kind, JOINED), *(_condition(name) for name in sorted(filters))]


def at_steps(names: Iterable[str]) -> str:
    """The name of the filter by these steps: which they are is part of the statement, for some have an index of their own."""
    return " ".join((AT, *sorted(names)))


def _condition(name: str) -> Condition:
    word, *names = name.split()
    return _at_one_of(step for step in STEPS if step.name in names) if word == AT else FILTERS[name]


@cache
def _one(kind: str, with_order: bool) -> Statement:
    found = (JOINED.c.id == bindparam("ticket_id")) & (ORDER.c.id == JOINED.c.order_id) & owned(TICKETS, kind, JOINED)
    view = select(*LIFECYCLE.view(JOINED, kind)).where(found)
    rows = JOINED.join(ORDER, JOINED.c.order_id == ORDER.c.id)
    beside = _beside(kind) if with_order else None
    body = json_of(beside(view, JOINED, rows) if beside else view.select_from(rows)).label("body")
    return Statement(proved(kind, body), guarded=True) if kind in ACCOUNTS else Statement(select(body))


@lru_cache(maxsize=1000)
def _list(kind: str, filters: frozenset[str], start: Start) -> Statement:
    chosen = conditions(kind, filters)
    if kind == CUSTOMER:
        chosen.append(_of_buyer(ACTOR_ID))
    view = select(*LIFECYCLE.view(JOINED, kind)).where(*chosen)
    total = counted(select(JOINED.c.id).where(*chosen)) if filters or kind not in (MERCHANT, ADMIN) else tally.total(kind)
    time, row_id = JOINED.c.create_time, JOINED.c.id
    return page_statement(view, time, row_id, total=total, start=start, kind=kind, beside=_beside(kind))


def _beside(kind: str) -> Callable[..., Query] | None:
    """What an actor of this kind sees of a ticket's order."""
    return {MERCHANT: _with_order, ADMIN: _with_parties}.get(kind)


def _with_order(view: Query, t: Columns, rows: Columns | None = None) -> Query:
    """The view with the order of each ticket `t`; `rows` is what it selects from, if that is more than the tickets."""
    order = bought.of_ticket(t)
    return view.add_columns(*order.c).select_from((t if rows is None else rows).join(order, true()))


def _with_parties(view: Query, t: Columns, rows: Columns | None = None) -> Query:
    """The same with the names of merchant and buyer."""
    order = ORDER.alias("its_order")
    buyer = select(order.c.customer_id).where(order.c.id == t.c.order_id).correlate_except(order).scalar_subquery()
    return view.add_columns(*parties.names(t.c.business_id, buyer)).select_from(t if rows is None else rows)


@lru_cache(maxsize=100)
def _counts(kind: str, filters: frozenset[str]) -> Statement:
    """A buyer's or an order's tickets are few, and read once; the others step by step, up to the cap."""
    chosen = conditions(kind, filters)
    if filters.isdisjoint(_OF_FEW):
        numbers = select(*(_at(step, chosen, filters).label(step.name) for step in STEPS))
    else:
        each = ((step, func.count().filter(step.holds(JOINED))) for step in STEPS)
        numbers = select(*(func.least(number, CAP).label(step.name) for step, number in each)).where(*chosen)
    return Statement(proved(kind, json_of(numbers).label("body")), guarded=True)


def _at(step: State, chosen: list[Condition], filters: frozenset[str]) -> Expression:
    """How many of the chosen are at the step; none, where they wait for somebody and nobody is waited for at this step."""
    waiting = (steps for who, steps in WAITING_FOR.items() if f"waiting_for_{who}" in filters)
    if any(step not in steps for steps in waiting):
        return literal(0)
    return func.least(counted(select(JOINED.c.id).where(*chosen, step.holds(JOINED))), CAP)
