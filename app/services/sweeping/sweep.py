"""What the shop does by itself when a deadline passes: receipts, lapses, returns, agreement where it is switched on, flags.

Every move is guarded and every flag is written once, so several workers may sweep at the same time.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import and_, bindparam, func, literal, select

from app.config import DAY, HOUR, settings
from app.db.statement import Statement
from app.db.types import Condition
from app.db.work import SYSTEM, Actor, Work
from app.errors import AppError
from app.models import Event
from app.ops import tracing
from app.ops.incidents import survived
from app.services import idempotency
from app.services.accounts import deletion, tries
from app.services.events.record import noted_from
from app.services.lifecycle.deadlines import Deadline
from app.services.lifecycle.engine import Lifecycle
from app.services.orders import postponing, search, tally, urgent
from app.services.orders.states import LIFECYCLE as ORDERS
from app.services.orders.states import RECEIPT
from app.services.tickets import tally as ticket_tally
from app.services.tickets import use_cases as tickets
from app.services.tickets.states import ANSWER, CONFIRMATION, CONSENT, RETURN, can_come_back
from app.services.tickets.states import LIFECYCLE as TICKETS
from app.services.uploads import contents, upkeep
from app.services.webhooks import retention

EVENT = Event.__table__

CHUNK = 500
FLAGGED_WITHIN = 30 * DAY  # deadlines that passed before that are not flagged
LONGEST_PAUSE = 180 * DAY  # nor are those of clocks that stood still for longer
NOTICE = 6 * HOUR  # seconds before its deadline from which a row is near
_FLAGGING = 0x666C6167  # the advisory lock that lets one worker flag at a time

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The rows that have missed a deadline, and the use case that moves one of them; off unless `wanted`."""

    due: Statement
    move: Callable[[Work, int], object]
    wanted: Callable[[], bool] = lambda: True


def sweep(now: int, beat: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Do everything that is due at `now` (Unix seconds); the number of rows per step. `beat` is called at each row and step.

    A row or a step that fails is logged, counted and left for the next sweep, and the rest goes on. If the database cannot
    be reached, the error is raised at once.
    """
    done = {name: _moved(name, each, now, beat) for name, each in SWEEPS.items() if each.wanted()}
    for name, flags in FLAGS.items():
        done[name] = sum(_done(name, partial(_flagged, flag=flag), now, beat) for flag in flags)
    for name, tidy in TIDYING.items():
        done[name] = _done(name, tidy, now, beat)
    return done


def _moved(name: str, each: Sweep, now: int, beat: Callable[[], None]) -> int:
    """The number of rows moved; rows that fail do not hold up the ones behind them."""
    total, last = 0, 0
    with tracing.job(f"sweep.{name}"):
        while due := _due_after(last, name, each, now):
            moved = 0
            for row_id in due:
                beat()
                moved += _moves(name, each, row_id, now)
            total += moved
            if moved == len(due) or len(due) < CHUNK:
                break
            last = due[-1]
    return total


def _due_after(last: int, name: str, each: Sweep, now: int) -> list[int]:
    with survived(name), _work(now) as work:
        return [row.id for row in work.all(each.due, chunk=CHUNK, last=last)]
    return []


def _moves(name: str, each: Sweep, row_id: int, now: int) -> bool:
    with survived(name, row_id):
        try:
            with _work(now) as work:
                each.move(work, row_id)
                work.commit()
                return True
        except AppError as refusal:  # another request was faster
            log.info("row %s: %s", row_id, refusal)
    return False


def _done(name: str, step: Callable[[Work], int], now: int, beat: Callable[[], None]) -> int:
    beat()
    with tracing.job(f"sweep.{name}"), survived(name), _work(now) as work:
        count = step(work)
        work.commit()
        return count
    return 0


def _flagged(work: Work, flag: Statement) -> int:
    if not work.one(_TRY_LOCK).held:
        return 0
    return len(work.all(flag, chunk=CHUNK, oldest=work.now - FLAGGED_WITHIN))


def _work(now: int) -> Work:
    return Work(Actor(SYSTEM), writes=True, now=now)


def _due(lifecycle: Lifecycle, deadline: Deadline, *also: Condition) -> Statement:
    """The ids of the rows that have missed the deadline and meet the other conditions, in order, a chunk after `last`."""
    table = lifecycle.table
    rows = select(table.c.id).where(table.c.id > bindparam("last"), deadline.is_missed(table), *also)
    return Statement(rows.order_by(table.c.id).limit(bindparam("chunk")))


def _flag(verb: str, lifecycle: Lifecycle, deadline: Deadline, *, ahead: int = 0) -> Statement:
    """Writes one event for each row that misses the deadline within `ahead` seconds and has no such event yet."""
    table, subject = lifecycle.table, lifecycle.subject(lifecycle.table)
    written = select(EVENT.c.id).where(
        EVENT.c.order_id == subject["order_id"],
        EVENT.c.subject == table.name,
        EVENT.c.subject_id == table.c.id,
        EVENT.c.verb == verb,
        EVENT.c.details["deadline"].astext == deadline.name,
    )
    since = bindparam("oldest") - deadline.seconds
    is_news = and_(
        deadline.start(table) >= since - LONGEST_PAUSE, deadline.runs_from(table) >= since
    )  # the first is for indexes
    rows = (
        select(table.c.id, *(value.label(name) for name, value in subject.items()))
        .where(deadline.is_missed(table, ahead), is_news, ~written.exists())
        .limit(bindparam("chunk"))
        .cte("flagged")
    )
    noted = noted_from(
        rows,
        verb=verb,
        subject=table.name,
        details=func.jsonb_build_object("deadline", literal(deadline.name)),
        **{name: rows.c[name] for name in subject},
    )
    return Statement(select(noted.c.id))


SWEEPS = {
    "received": Sweep(_due(ORDERS, RECEIPT), postponing.receive_when_due),
    "lapsed": Sweep(_due(TICKETS, RETURN), tickets.lapse),
    "unaccepted": Sweep(_due(TICKETS, CONSENT), tickets.lapse),
    "returned": Sweep(_due(TICKETS, CONFIRMATION), tickets.confirm),
    "agreed": Sweep(_due(TICKETS, ANSWER, can_come_back(TICKETS.table)), tickets.agree, wanted=lambda: settings.auto_agree),
}
REPORTED = [(lifecycle, deadline) for lifecycle in (ORDERS, TICKETS) for deadline in lifecycle.deadlines if deadline.reported]
FLAGS = {
    "near": [_flag("deadline_near", *reported, ahead=NOTICE) for reported in REPORTED],
    "overdue": [_flag("overdue", *reported) for reported in REPORTED],
}
TIDYING = {
    "folded": tally.fold,
    "tickets_folded": ticket_tally.fold,
    "merged": search.merge,
    "caught_up": urgent.clear,
    "keys": idempotency.forget_old,
    "tries": tries.forget_old,
    "deliveries": retention.forget_old,
    "erased": deletion.erase_late,
    "released": upkeep.release,
    "unused": upkeep.remove,
    "contents": contents.remove_unnamed,
}
STEPS = (*SWEEPS, *FLAGS, *TIDYING)
_TRY_LOCK = Statement(select(func.pg_try_advisory_xact_lock(_FLAGGING).label("held")))
