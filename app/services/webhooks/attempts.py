"""Recording attempts to deliver, and disabling a webhook that fails for too long.

Delivery is at least once: an attempt whose record is lost is made again. The first attempts at the deliveries of one webhook
are made in the order of its events, one after the other.
"""

from sqlalchemy import bindparam, func, null, select, update

from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.work import Work
from app.models import Webhook, WebhookDelivery
from app.models.webhook import DISABLED, ENABLED, PENDING
from app.services.events import audit
from app.services.webhooks import leases
from app.services.webhooks.leases import LEASE, Delivery, Lease, LeasedWebhook
from app.services.webhooks.retrying import Outcome, after, reason_to_disable

WEBHOOK = Webhook.__table__
DELIVERY = WebhookDelivery.__table__


def record(work: Work, held: Lease, delivery: Delivery, outcome: Outcome) -> bool:
    """Record an attempt; True if the worker goes on with the webhook, its lease prolonged.

    False when the attempt failed, when the lease is lost, or when the merchant has changed the webhook meanwhile.
    """
    attempt = {**after(outcome, delivery.attempts, work.now), "delivery_id": delivery.id, "seen": delivery.attempts}
    if outcome.succeeded:
        written = work.one(_DELIVERED, webhook_id=held.webhook_id, turn=held.turn, update_time=delivery.update_time, **attempt)
        return bool(written.held)
    webhook = leases.locked(work, held)
    work.do(_RECORD, **attempt)
    if webhook is not None and webhook.status == ENABLED:
        _note_failure(work, held.webhook_id, webhook, outcome)
    return False


def _note_failure(work: Work, webhook_id: int, webhook: LeasedWebhook, outcome: Outcome) -> None:
    """Remember since when the webhook has been failing; when there is a reason to disable it, do so and tell its merchant."""
    since = work.now if webhook.failing_since is None else webhook.failing_since
    reason = reason_to_disable(outcome, since, work.now)
    work.do(_FAIL, webhook_id=webhook_id, failing_since=since)
    if reason is not None:
        work.do(_DISABLE, webhook_id=webhook_id, reason=reason)
        details = {"reason": reason, "failing_since": since}
        audit.note(work, "disable", "webhook", webhook_id, business_id=webhook.business_id, details=details)


def _delivered() -> Statement:
    """The attempt and the longer lease in one statement, because a successful attempt is what happens most."""
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


_WRITTEN = ("status", "attempts", "next_attempt_time", "response_status", "response_body", "error", "duration_ms")
_THIS = WEBHOOK.c.id == bindparam("webhook_id")
_ATTEMPT = (
    update(DELIVERY)
    .where(DELIVERY.c.id == bindparam("delivery_id"), DELIVERY.c.status == PENDING, DELIVERY.c.attempts == bindparam("seen"))
    .values(last_attempt_time=NOW, **{name: bindparam(name) for name in _WRITTEN})
)
_RECORD = Statement(_ATTEMPT)
_DELIVERED = _delivered()
_FAIL = Statement(update(WEBHOOK).where(_THIS).values(failing_since=bindparam("failing_since")))
_DISABLE = Statement(update(WEBHOOK).where(_THIS).values(status=DISABLED, disabled_reason=bindparam("reason"), update_time=NOW))
