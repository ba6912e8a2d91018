"""What happens by itself when a deadline passes: receipts, lapsed returns, agreement where it is switched on, flags.

Each move is guarded and each flag written once, so several workers at once do no harm.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import bindparam, func, literal, select

from app.config import DAY, HOUR, settings
from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.work import SYSTEM, Actor, Work
from app.errors import AppError
from app.models import Event, ExceptOrder, Order
from app.models.order import SHIPPED, TO_SHIP
from app.ops.incidents import survived
from app.services import idempotency
from app.services.accounts import logins
from app.services.events.record import noted_from
from app.services.orders import orders, search, tally
from app.services.tickets import tickets
from app.services.tickets.states import APPLIED, AWAITING_RECEIPT, AWAITING_RETURN, agreed_at
from app.services.webhooks import leases

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


def sweep(now: int, beat: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Do all that is due at `now` (Unix seconds); how many rows each deadline moved. `beat` is called at each row and step.

    A row or a step that fails is logged, counted and left for the next sweep, and the rest goes on. When the database is
    away, that is raised at once.
    """
    done = {name: _moved(name, each, now, beat) for name, each in SWEEPS.items() if each.wanted()}
    for name, flags in FLAGS.items():
        done[name] = sum(_done(name, partial(_flagged, flag=flag), now, beat) for flag in flags)
    for name, tidy in TIDYING.items():
        done[name] = _done(name, tidy, now, beat)
    return done


def _moved(name: str, each: Sweep, now: int, beat: Callable[[], None]) -> int:
    """How many rows were moved; where some of a batch were not, those behind them have their turn too."""
    total, last = 0, 0
    while due := _due_after(last, name, each, now):
        moved = 0
        for row_id in due:
            beat()
            moved += _moves(name, each, row_id, now)
        total += moved
        if moved == len(due) or len(due) < BATCH:
            break
        last = due[-1]
    return total


def _due_after(last: int, name: str, each: Sweep, now: int) -> list[int]:
    with survived(name), _work(now) as work:
        return [row.id for row in work.all(each.due, batch=BATCH, last=last)]
    return []


def _moves(name: str, each: Sweep, row_id: int, now: int) -> bool:
    with survived(name, row_id):
        try:
            with _work(now) as work:
                each.move(work, row_id)
                work.commit()
                return True
        except AppError as refusal:  # somebody else was faster
            log.info("row %s: %s", row_id, refusal)
    return False


def _done(name: str, step: Callable[[Work], int], now: int, beat: Callable[[], None]) -> int:
    beat()
    with survived(name), _work(now) as work:
        count = step(work)
        work.commit()
        return count
    return 0


def _flagged(work: Work, flag: Statement) -> int:
    if not work.one(_TRY_LOCK).held:
        return 0
    return len(work.all(flag, batch=BATCH, oldest=work.now - FLAGGED_WITHIN))


def _work(now: int) -> Work:
    return Work(Actor(SYSTEM), writes=True, now=now)


def _passed(start: Any, name: str, ahead: int = 0) -> Any:
    return (bindparam(name) > 0) & (start < NOW - bindparam(name) + ahead)


def _due(table: Any, *conditions: Any) -> Statement:
    rows = select(table.c.id).where(table.c.id > bindparam("last"), *conditions)
    return Statement(rows.order_by(table.c.id).limit(bindparam("batch")))


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
    "lapsed": Sweep(_due(TICKET, AWAITING_RETURN.holds(TICKET), _passed(agreed_at(TICKET), "return_goods")), tickets.lapse),
    "agreed": Sweep(
        _due(TICKET, APPLIED.holds(TICKET), _passed(TICKET.c.create_time, "answer")),
        tickets.agree,
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
TIDYING = {
    "folded": tally.fold,
    "merged": search.merge,
    "keys": idempotency.forget_old,
    "tries": logins.forget_old,
    "deliveries": leases.forget_old,
}
STEPS = (*SWEEPS, *FLAGS, *TIDYING)
_TRY_LOCK = Statement(select(func.pg_try_advisory_xact_lock(_FLAGGING).label("held")))
