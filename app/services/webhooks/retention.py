"""How long deliveries are kept, and the deletion of removed webhooks."""

from sqlalchemy import bindparam, delete, select

from app.config import DAY
from app.db.sql import is_among
from app.db.statement import Statement
from app.db.types import Condition
from app.db.work import Work
from app.models import Webhook, WebhookDelivery
from app.models.webhook import REMOVED

WEBHOOK = Webhook.__table__
DELIVERY = WebhookDelivery.__table__

KEPT = 30 * DAY
CLEANED = 5_000  # rows at a time


def forget_old(work: Work) -> int:
    """Delete deliveries that are older than KEPT, and removed webhooks with their deliveries; the number of rows.

    At most CLEANED deliveries of either sort are deleted at a time; a webhook goes once it has no deliveries left.
    """
    forgotten = work.do(_FORGET_OLD, oldest=work.now - KEPT, batch=CLEANED)
    removed = [row.id for row in work.all(_REMOVED)]
    if removed:
        forgotten += work.do(_FORGET_OF, ids=removed, batch=CLEANED) + work.do(_FORGET_REMOVED, ids=removed)
    return forgotten


def _forget(condition: Condition) -> Statement:
    some = select(DELIVERY.c.id).where(condition).limit(bindparam("batch"))
    return Statement(delete(DELIVERY).where(DELIVERY.c.id.in_(some)))


_HAS_DELIVERIES = select(DELIVERY.c.id).where(DELIVERY.c.webhook_id == WEBHOOK.c.id).exists()
_FORGET_OLD = _forget(DELIVERY.c.create_time < bindparam("oldest"))
_FORGET_OF = _forget(is_among(DELIVERY.c.webhook_id, "ids"))
_FORGET_REMOVED = Statement(delete(WEBHOOK).where(is_among(WEBHOOK.c.id, "ids"), ~_HAS_DELIVERIES))
_REMOVED = Statement(select(WEBHOOK.c.id).where(WEBHOOK.c.status == REMOVED))
