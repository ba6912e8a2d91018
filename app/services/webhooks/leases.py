"""Turns at webhooks: each webhook is leased by one worker at a time, which then has the deliveries that are due to it.

No transaction stays open while a request is under way. A worker that dies loses its lease when the lease runs out.
"""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import bindparam, case, func, literal, null, select, update

from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.models import Event, Webhook, WebhookDelivery
from app.models.webhook import PENDING
from app.services.events.stream import body_of
from app.services.events.view import shown
from app.services.webhooks.fan_out import open_webhooks, said_type

WEBHOOK = Webhook.__table__
DELIVERY = WebhookDelivery.__table__
EVENT = Event.__table__

LEASE = 60  # seconds; more than an attempt may take

RESTED = func.least(WEBHOOK.c.leased_until, NOW + LEASE)
"""When a webhook may be leased once its rest is ended; this does not cut short a lease that a worker holds."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's turn at a webhook; a worker that has lost it to another finds that out by its number."""

    webhook_id: int
    turn: int


class LeasedWebhook(Protocol):
    """A webhook whose row is locked, while the lease is still held."""

    business_id: int | None
    status: str
    failing_since: int | None


class Delivery(Protocol):
    """A delivery that is due, with all that is needed to make it; `body` is the event, `update_time` the webhook's."""

    id: int
    event_id: int
    attempts: int
    url: str
    update_time: int
    secret_seed: str
    previous_seed: str | None
    type: str
    time: int
    body: JsonText


def lease(work: Work, most: int) -> list[Lease]:
    """Lease up to `most` webhooks that have deliveries due, starting with the one that has waited longest for a turn."""
    return [Lease(row.id, row.turn) for row in work.all(_LEASE, most=most)]


def due(work: Work, held: Lease, most: int) -> list[Delivery]:
    """Up to `most` deliveries of a leased webhook that are due, the earliest first; none when the lease is lost."""
    return work.all(_DUE, webhook_id=held.webhook_id, turn=held.turn, most=most)


def locked(work: Work, held: Lease) -> LeasedWebhook | None:
    """The webhook, its row locked until the transaction ends; None when the lease is lost."""
    webhook: LeasedWebhook | None = work.one(_LOCK, webhook_id=held.webhook_id, turn=held.turn)
    return webhook


def give_back(work: Work, held: Lease, rest: int) -> None:
    """End a turn: any worker may lease the webhook once its next delivery is due and `rest` seconds have passed."""
    if locked(work, held) is not None:
        work.do(_GIVE_BACK, webhook_id=held.webhook_id, rest=rest)


def _lease() -> Statement:
    joined, condition = open_webhooks(WEBHOOK.c.due_time <= NOW, WEBHOOK.c.leased_until <= NOW)
    rows = select(WEBHOOK.c.id).select_from(joined).where(condition).order_by(WEBHOOK.c.leased_until)
    due = rows.limit(bindparam("most")).with_for_update(of=WEBHOOK, skip_locked=True).cte("due")
    taken = update(WEBHOOK).where(WEBHOOK.c.id == due.c.id).values(leased_until=NOW + LEASE, turn=WEBHOOK.c.turn + 1)
    return Statement(taken.returning(WEBHOOK.c.id, WEBHOOK.c.turn), whole=True)


def _due() -> Statement:
    event = select(*shown(EVENT)).where(EVENT.c.id == DELIVERY.c.event_id).correlate(DELIVERY).lateral("e")
    joined, condition = open_webhooks(*_HELD, DELIVERY.c.status == PENDING, DELIVERY.c.next_attempt_time <= NOW)
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
            said_type(WEBHOOK, event).label("type"),
            event.c.time,
            body_of("e").label("body"),
        )
        .select_from(joined)
        .where(condition)
        .order_by(DELIVERY.c.next_attempt_time, DELIVERY.c.id)
        .limit(bindparam("most")),
        whole=True,
    )


_THIS = WEBHOOK.c.id == bindparam("webhook_id")
_HELD = (_THIS, WEBHOOK.c.turn == bindparam("turn"))
_SOONEST = (
    select(func.min(DELIVERY.c.next_attempt_time))
    .where(DELIVERY.c.webhook_id == WEBHOOK.c.id, DELIVERY.c.status == PENDING)
    .scalar_subquery()
)
_LEASE = _lease()
_DUE = _due()
_LOCK = Statement(select(WEBHOOK.c.business_id, WEBHOOK.c.status, WEBHOOK.c.failing_since).where(*_HELD).with_for_update())
_GIVE_BACK = Statement(update(WEBHOOK).where(_THIS).values(leased_until=NOW + bindparam("rest"), due_time=_SOONEST))
