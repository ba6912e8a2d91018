"""What happens by itself when a deadline passes: receipts, lapsed returns, agreement where it is switched on, flags.

Each move is guarded and each flag written once, so several workers at once do no harm.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, literal, select

from app.config import DAY, HOUR, settings
from app.database import Statement
from app.errors import AppError
from app.models import Event, ExceptOrder, Order
from app.models.order import SHIPPED, TO_SHIP
from app.services import deliveries, except_orders, idempotency, logins, order_search, orders, tally
from app.services.events import noted_from
from app.services.ticket_lifecycle import APPLIED, AWAITING_RECEIPT, AWAITING_RETURN, agreed_at
from app.work import SYSTEM, Actor, Work

ORDER = Order.__table__
TICKET = ExceptOrder.__table__
EVENT = Event.__table__

BATCH = 500
FLAGGED_WITHIN = 30 * DAY  # deadlines passed longer ago are old news
NOTICE = 6 * HOUR  # how long before its deadline a row is called near
_FLAGGING = 0x666C6167  # one worker flags at a time

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Rows whose deadline has passed, and the use case that moves one of them."""

    due: Statement
    move: Callable[[Work, int], object]
    wanted: Callable[[], bool] = lambda: True


def sweep(now: int) -> dict[str, int]:
    """Do all that is due at `now` (Unix seconds); how many rows each deadline moved."""
    done = {name: _moved(each, now) for name, each in SWEEPS.items() if each.wanted()}
    with _work(now) as work:
        done |= _flagged(work)
        work.commit()
    for name, tidy in (
        ("folded", tally.fold),
        ("merged", order_search.merge),
        ("keys", idempotency.forget_old),
        ("tries", logins.forget_old),
        ("deliveries", deliveries.forget_old),
    ):
        with _work(now) as work:
            done[name] = tidy(work)
            work.commit()
    return done


def _moved(each: Sweep, now: int) -> int:
    with _work(now) as work:
        due = [row.id for row in work.all(each.due, batch=BATCH)]
    moved = 0
    for row_id in due:
        try:
            with _work(now) as work:
                each.move(work, row_id)
                work.commit()
                moved += 1
        except AppError as refusal:  # somebody else was faster
            log.info("row %s: %s", row_id, refusal)
    return moved


def _flagged(work: Work) -> dict[str, int]:
    if not work.one(_TRY_LOCK).held:
        return {}
    oldest = work.now - FLAGGED_WITHIN
    return {name: sum(len(work.all(flag, batch=BATCH, oldest=oldest)) for flag in flags) for name, flags in FLAGS.items()}


def _work(now: int) -> Work:
    return Work(Actor(SYSTEM), writes=True, now=now)


def _passed(start: Any, name: str, ahead: int = 0) -> Any:
    return (bindparam(name) > 0) & (start < bindparam("now") - bindparam(name) + ahead)


def _due(table: Any, *conditions: Any) -> Statement:
    return Statement(select(table.c.id).where(*conditions).order_by(table.c.id).limit(bindparam("batch")))


def _flag(
    verb: str, table: Any, order_id: Callable[[Any], Any], start: Any, name: str, state: Any, *, ahead: int = 0
) -> Statement:
    """One event per row in `state` whose deadline passes within `ahead` seconds, unless it is written already."""
    written = select(EVENT.c.id).where(
        EVENT.c.order_id == order_id(table),
        EVENT.c.subject == table.name,
        EVENT.c.subject_id == table.c.id,
        EVENT.c.verb == verb,
        EVENT.c.details["deadline"].astext == name,
    )
    rows = (
        select(table.c.id, table.c.business_id, order_id(table).label("order_id"))
        .where(state, _passed(start, name, ahead), start >= bindparam("oldest") - bindparam(name), ~written.exists())
        .limit(bindparam("batch"))
        .cte("flagged")
    )
    noted = noted_from(
        rows,
        verb=verb,
        subject=table.name,
        details=func.jsonb_build_object("deadline", literal(name)),
        business_id=rows.c.business_id,
        order_id=rows.c.order_id,
    )
    return Statement(select(noted.c.id))


SWEEPS = {
    "received": Sweep(_due(ORDER, ORDER.c.status == SHIPPED, _passed(ORDER.c.deliver_time, "auto_receive")), orders.receive),
    "lapsed": Sweep(
        _due(TICKET, AWAITING_RETURN.holds(TICKET), _passed(agreed_at(TICKET), "return_goods")), except_orders.lapse
    ),
    "agreed": Sweep(
        _due(TICKET, APPLIED.holds(TICKET), _passed(TICKET.c.create_time, "answer")),
        except_orders.agree,
        wanted=lambda: settings.auto_agree,
    ),
}
WATCHED = (
    (ORDER, lambda o: o.c.id, ORDER.c.create_time, "ship", ORDER.c.status == TO_SHIP),
    (TICKET, lambda t: t.c.order_id, TICKET.c.create_time, "answer", APPLIED.holds(TICKET)),
    (TICKET, lambda t: t.c.order_id, TICKET.c.deliver_time, "return_receive", AWAITING_RECEIPT.holds(TICKET)),
)
FLAGS = {
    "near": [_flag("deadline_near", *watched, ahead=NOTICE) for watched in WATCHED],
    "overdue": [_flag("overdue", *watched) for watched in WATCHED],
}
_TRY_LOCK = Statement(select(func.pg_try_advisory_xact_lock(_FLAGGING).label("held")))
