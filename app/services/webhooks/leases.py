"""Deliveries of events to webhooks: leased by one worker at a time, tried until they succeed or end.

At least once. The first attempts at one webhook are made in the order of its events, one after the other.
No transaction stays open while a request is under way: who leaves a lease behind loses it when it runs out.
"""

import random
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Integer,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.config import DAY, HOUR
from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.work import Work
from app.models import Event, User, Webhook, WebhookDelivery
from app.models.webhook import DELIVERED, DISABLED, ENABLED, FAILED, PENDING, REMOVED
from app.services.events import audit
from app.services.events.stream import SHOWN, body_of
from app.services.webhooks.fan_out import open_webhooks

WEBHOOK = Webhook.__table__
DELIVERY = WebhookDelivery.__table__
EVENT = Event.__table__
USER = User.__table__

RETRIES = (5, 300, HOUR // 2, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY)  # Standard Webhooks' own schedule
JITTER = 0.1
LEASE = 60  # seconds; more than an attempt may take
PATIENCE = 5 * DAY  # of failing, until a webhook is disabled
KEPT = 30 * DAY
CLEANED = 5_000  # rows at a time
GONE = 410

RESTED = func.least(WEBHOOK.c.leased_until, NOW + LEASE)
"""When a webhook can be leased again whose rest is ended: a lease that a worker holds is not cut short by that."""

_GIVEN = func.any(cast(bindparam("ids"), ARRAY(Integer)))


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's turn at a webhook; who has lost it to another can tell by its number."""

    webhook_id: int
    turn: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: the answer's status and the beginning of its body, or the `error` that stood in the way."""

    duration_ms: int
    status: int | None = None
    body: str | None = None
    error: str | None = None
    rest: int = 0  # seconds that the receiver wants to be left alone

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def lease(work: Work, most: int) -> list[Lease]:
    """Take the webhooks with deliveries due, those first that were longest without a turn."""
    return [Lease(row.id, row.turn) for row in work.all(_LEASE, most=most)]


def due(work: Work, held: Lease, most: int) -> list[Any]:
    """The deliveries of a leased webhook that are due, with all that it takes to make them; none when the lease is lost."""
    return work.all(_DUE, webhook_id=held.webhook_id, turn=held.turn, most=most)


def record(work: Work, held: Lease, delivery: Any, outcome: Outcome) -> bool:
    """Write down an attempt and hold on to the webhook; False when it is another's by now, was changed, or failed."""
    attempt = {**_standing(work.now, delivery, outcome), "delivery_id": delivery.id, "seen": delivery.attempts}
    if outcome.succeeded:
        written = work.one(_DELIVERED, webhook_id=held.webhook_id, turn=held.turn, update_time=delivery.update_time, **attempt)
        return bool(written.held)
    webhook = work.one(_HOLD, webhook_id=held.webhook_id, turn=held.turn)
    work.do(_RECORD, **attempt)
    if webhook is not None and webhook.status == ENABLED:
        _note_failure(work, held.webhook_id, webhook, outcome)
    return False


def give_back(work: Work, held: Lease, rest: int) -> None:
    """End a turn, so that any worker may take the webhook when its next delivery is due and `rest` seconds have passed."""
    if work.one(_HOLD, webhook_id=held.webhook_id, turn=held.turn) is not None:
        work.do(_GIVE_BACK, webhook_id=held.webhook_id, rest=rest)


def forget_old(work: Work) -> int:
    """Delete deliveries past their time, and removed webhooks with theirs; how many rows."""
    forgotten = work.do(_FORGET_OLD, oldest=work.now - KEPT, batch=CLEANED)
    removed = [row.id for row in work.all(_REMOVED)]
    if removed:
        forgotten += work.do(_FORGET_OF, ids=removed, batch=CLEANED) + work.do(_FORGET_REMOVED, ids=removed)
    return forgotten


def _note_failure(work: Work, webhook_id: int, webhook: Any, outcome: Outcome) -> None:
    """Remember since when a webhook fails; disable it, and tell its merchant, when it is gone or that is too long."""
    since = work.now if webhook.failing_since is None else webhook.failing_since
    reason = "gone" if outcome.status == GONE else "failing" if work.now - since >= PATIENCE else None
    work.do(_FAIL, webhook_id=webhook_id, failing_since=since)
    if reason is not None:
        work.do(_DISABLE, webhook_id=webhook_id, reason=reason)
        details = {"reason": reason, "failing_since": since}
        audit.note(work, "disable", "webhook", webhook_id, business_id=webhook.business_id, details=details)


def _standing(now: int, delivery: Any, outcome: Outcome) -> dict[str, Any]:
    """The delivery's columns after an attempt."""
    attempts, again = delivery.attempts + 1, None
    status = DELIVERED if outcome.succeeded else FAILED
    if not outcome.succeeded and outcome.status != GONE and attempts <= len(RETRIES):
        wait = RETRIES[attempts - 1]
        wait += round(wait * random.uniform(0, JITTER))  # noqa: S311 - spreads load, no secret
        status, again = PENDING, now + max(wait, outcome.rest)
    return {
        "status": status,
        "attempts": attempts,
        "next_attempt_time": again,
        "response_status": outcome.status,
        "response_body": outcome.body,
        "error": outcome.error,
        "duration_ms": outcome.duration_ms,
    }


def _lease() -> Statement:
    joined, condition = open_webhooks(WEBHOOK.c.due_time <= NOW, WEBHOOK.c.leased_until <= NOW)
    rows = select(WEBHOOK.c.id).select_from(joined).where(condition).order_by(WEBHOOK.c.leased_until)
    due = rows.limit(bindparam("most")).with_for_update(of=WEBHOOK, skip_locked=True).cte("due")
    taken = update(WEBHOOK).where(WEBHOOK.c.id == due.c.id).values(leased_until=NOW + LEASE, turn=WEBHOOK.c.turn + 1)
    return Statement(taken.returning(WEBHOOK.c.id, WEBHOOK.c.turn), whole=True)


def _due() -> Statement:
    event = select(*SHOWN).where(EVENT.c.id == DELIVERY.c.event_id).correlate(DELIVERY).lateral("e")
    joined, condition = open_webhooks(
        WEBHOOK.c.id == bindparam("webhook_id"),
        WEBHOOK.c.turn == bindparam("turn"),
        DELIVERY.c.status == PENDING,
        DELIVERY.c.next_attempt_time <= NOW,
    )
    joined = joined.join(DELIVERY, DELIVERY.c.webhook_id == WEBHOOK.c.id).join(event, literal(True))
    still = WEBHOOK.c.previous_until > NOW
    return Statement(
        select(
            DELIVERY.c.id,
            DELIVERY.c.event_id,
            DELIVERY.c.attempts,
            WEBHOOK.c.url,
            WEBHOOK.c.update_time,
            WEBHOOK.c.secret_seed,
            case((still, WEBHOOK.c.previous_seed), else_=null()).label("previous_seed"),
            event.c.verb,
            event.c.time,
            body_of("e").label("body"),
        )
        .select_from(joined)
        .where(condition)
        .order_by(DELIVERY.c.next_attempt_time, DELIVERY.c.id)
        .limit(bindparam("most")),
        whole=True,
    )


def _forget(condition: Any) -> Statement:
    some = select(DELIVERY.c.id).where(condition).limit(bindparam("batch"))
    return Statement(delete(DELIVERY).where(DELIVERY.c.id.in_(some)))


def _delivered() -> Statement:
    """The attempt and the longer lease in one statement, for this is what happens most."""
    held = (
        update(WEBHOOK)
        .where(_THIS, WEBHOOK.c.turn == bindparam("turn"), WEBHOOK.c.status == ENABLED)
        .where(WEBHOOK.c.update_time == bindparam("update_time"))
        .values(leased_until=NOW + LEASE, failing_since=null())
        .returning(WEBHOOK.c.id)
        .cte("held")
    )
    written = _ATTEMPT.returning(DELIVERY.c.id).cte("written")
    counts = [select(func.count()).select_from(each).scalar_subquery().label(each.name) for each in (held, written)]
    return Statement(select(*counts), whole=True)


_ATTEMPTED = ("status", "attempts", "next_attempt_time", "response_status", "response_body", "error", "duration_ms")
_THIS = WEBHOOK.c.id == bindparam("webhook_id")
_SOONEST = (
    select(func.min(DELIVERY.c.next_attempt_time))
    .where(DELIVERY.c.webhook_id == WEBHOOK.c.id, DELIVERY.c.status == PENDING)
    .scalar_subquery()
)

_LEASE = _lease()
_DUE = _due()
_HOLD = Statement(
    select(WEBHOOK.c.business_id, WEBHOOK.c.status, WEBHOOK.c.failing_since)
    .where(_THIS, WEBHOOK.c.turn == bindparam("turn"))
    .with_for_update()
)
_ATTEMPT = (
    update(DELIVERY)
    .where(DELIVERY.c.id == bindparam("delivery_id"), DELIVERY.c.status == PENDING, DELIVERY.c.attempts == bindparam("seen"))
    .values(last_attempt_time=NOW, **{name: bindparam(name) for name in _ATTEMPTED})
)
_RECORD = Statement(_ATTEMPT)
_DELIVERED = _delivered()
_FAIL = Statement(update(WEBHOOK).where(_THIS).values(failing_since=bindparam("failing_since")))
_DISABLE = Statement(update(WEBHOOK).where(_THIS).values(status=DISABLED, disabled_reason=bindparam("reason"), update_time=NOW))
_GIVE_BACK = Statement(update(WEBHOOK).where(_THIS).values(leased_until=NOW + bindparam("rest"), due_time=_SOONEST))
_FORGET_OLD = _forget(DELIVERY.c.create_time < bindparam("oldest"))
_FORGET_OF = _forget(DELIVERY.c.webhook_id == _GIVEN)
_FORGET_REMOVED = Statement(
    delete(WEBHOOK).where(WEBHOOK.c.id == _GIVEN, ~select(DELIVERY.c.id).where(DELIVERY.c.webhook_id == WEBHOOK.c.id).exists())
)
_REMOVED = Statement(select(WEBHOOK.c.id).where(WEBHOOK.c.status == REMOVED))
