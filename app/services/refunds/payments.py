"""Refund payments: the list of them, and what the platform reports of each: paid, or why not."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, cast, func, literal, not_, null, or_, select, true, update

from app.db.parameters import NOW
from app.db.sql import is_among, json_of
from app.db.statement import Statement
from app.db.types import Condition, Expression, JsonText
from app.db.work import Work
from app.errors import FutureTime, NotFound, RefundPaid
from app.models import Order, RefundPayment
from app.models.refund_payment import FAILED, PAID
from app.services.events.record import noted_from
from app.services.events.view import REFUND as SUBJECT
from app.services.ownership import REFUNDS, owned
from app.services.paging import Listing, Page
from app.services.refunds.states import overdue, view

REFUND = RefundPayment.__table__
ORDER = Order.__table__

CLOCK_SKEW = 300  # seconds that the platform's clock may run ahead of ours
FILTERS = {
    "status": REFUND.c.status == bindparam("status"),
    "statuses": is_among(REFUND.c.status, "statuses"),
    "business_id": ORDER.c.business_id == bindparam("business_id"),
    "overdue": overdue(REFUND),
    "not_overdue": not_(overdue(REFUND)),
}


class Payment(NamedTuple):
    """A refund payment as it stands."""

    status: str
    reference: str | None


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The refund payments that the caller may see and that pass all `filters` (names of FILTERS), newest first, as JSON."""
    return _listing(work.actor.kind).page(work, page, filters)


def pay(work: Work, ticket_id: int, *, reference: str, paid_time: int | None) -> JsonText:
    """Record that a refund was paid, at `paid_time` (Unix seconds, by default now); as JSON.

    Repeating it with the same reference changes nothing. Raises NotFound, RefundPaid (with another reference), FutureTime.
    """
    if paid_time is not None and paid_time > work.now + CLOCK_SKEW:
        raise FutureTime(field="paid_time")
    if not work.all(_pay(work.actor.kind), ticket_id=ticket_id, reference=reference, paid_time=paid_time):
        row = _there(work, ticket_id)
        if row.reference != reference:
            raise RefundPaid
    return work.body(_one(work.actor.kind), ticket_id=ticket_id)


def fail(work: Work, ticket_id: int, *, reason: str) -> JsonText:
    """Record that a refund could not be paid, and why; it may be paid later. As JSON.

    Repeating it with the same reason changes nothing. Raises NotFound, RefundPaid.
    """
    if not work.all(_fail(work.actor.kind), ticket_id=ticket_id, reason=reason):
        row = _there(work, ticket_id)
        if row.status == PAID:
            raise RefundPaid
    return work.body(_one(work.actor.kind), ticket_id=ticket_id)


def _there(work: Work, ticket_id: int) -> Payment:
    """The refund that was not changed, as it is now; raises NotFound."""
    row: Payment | None = work.one(_look(work.actor.kind), ticket_id=ticket_id)
    if row is None:
        raise NotFound
    return row


@cache
def _listing(kind: str) -> Listing:
    return Listing(view(), REFUND.c.ticket_id, time=REFUND.c.due_time, where=(owned(REFUNDS, kind, REFUND),), filters=FILTERS)


@cache
def _one(kind: str) -> Statement:
    return Statement(select(json_of(view().where(*_this(kind))).label("body")))


@cache
def _look(kind: str) -> Statement:
    return Statement(select(REFUND.c.status, REFUND.c.reference).where(*_this(kind)))


@cache
def _pay(kind: str) -> Statement:
    paid_time = func.coalesce(cast(bindparam("paid_time"), Integer), NOW)
    return _report(kind, PAID, "reference", true(), reference=bindparam("reference"), reason=null(), paid_time=paid_time)


@cache
def _fail(kind: str) -> Statement:
    is_news = or_(REFUND.c.status != FAILED, REFUND.c.reason != bindparam("reason"))
    return _report(kind, FAILED, "reason", is_news, reason=bindparam("reason"))


def _report(kind: str, status: str, told: str, is_news: Condition, **values: Expression) -> Statement:
    """Bring a refund that is not paid to the status, and write the event, which tells the column `told`."""
    reported = (
        update(REFUND)
        .where(*_this(kind), REFUND.c.status != PAID, is_news)
        .values(status=status, **values)
        .returning(*REFUND.c)
        .cte("reported")
    )
    rows = select(reported, reported.c.ticket_id.label("id"), ORDER.c.business_id)
    rows = rows.join(ORDER, ORDER.c.id == reported.c.order_id).subquery("rows")
    details = func.jsonb_build_object("amount", rows.c.amount, literal(told), rows.c[told])
    of = {"business_id": rows.c.business_id, "order_id": rows.c.order_id}
    noted = noted_from(rows, verb=status, subject=SUBJECT, details=details, **of)
    return Statement(select(noted.c.id))


def _this(kind: str) -> tuple[Condition, ...]:
    return (REFUND.c.ticket_id == bindparam("ticket_id"), owned(REFUNDS, kind, REFUND))
