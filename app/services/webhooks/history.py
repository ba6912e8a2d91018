"""The deliveries to a merchant's webhooks, as the merchant sees them."""

from collections.abc import Mapping

from sqlalchemy import bindparam, func, select, update

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText, Query
from app.db.work import Work
from app.errors import NotFound, WebhookDisabled
from app.models import Event, Webhook, WebhookDelivery
from app.models.webhook import ENABLED, PENDING, REMOVED
from app.services.paging import Listing, Page
from app.services.webhooks import subscriptions
from app.services.webhooks.leases import RESTED

WEBHOOK = Webhook.__table__
DELIVERY = WebhookDelivery.__table__
EVENT = Event.__table__
FILTERS = {"status": DELIVERY.c.status == bindparam("status")}

_OWN = DELIVERY.c.webhook_id == bindparam("webhook_id")
_THIS = (DELIVERY.c.id == bindparam("delivery_id"), _OWN)
_HIDDEN = ("id", "webhook_id", "event_id")


def page(work: Work, webhook_id: int, filters: Mapping[str, object], page: Page) -> JsonText:
    """The deliveries of a webhook that pass all `filters` (names of FILTERS), newest first, as JSON; raises NotFound."""
    subscriptions.get(work, webhook_id)
    return _LISTING.page(work, page, filters, webhook_id=webhook_id)


def redeliver(work: Work, webhook_id: int, delivery_id: int) -> JsonText:
    """Make a delivery due again, now, with its attempts counted from 0; as JSON. Raises NotFound, WebhookDisabled.

    A webhook that its receiver asked us to leave alone is served again within a minute.
    """
    webhook = work.one(_HOLD, webhook_id=webhook_id)
    if webhook is None or not work.do(_AGAIN, webhook_id=webhook_id, delivery_id=delivery_id):
        raise NotFound
    if webhook.status != ENABLED:
        raise WebhookDisabled
    work.do(_WAKE, webhook_id=webhook_id)
    return work.body(_ONE, webhook_id=webhook_id, delivery_id=delivery_id)


def _view() -> Query:
    """A delivery's columns, with the verb of its event as its type."""
    rest = [column for column in DELIVERY.c if column.name not in _HIDDEN]
    joined = DELIVERY.join(EVENT, EVENT.c.id == DELIVERY.c.event_id)
    return select(DELIVERY.c.id, DELIVERY.c.event_id, EVENT.c.verb.label("type"), *rest).select_from(joined)


_LISTING = Listing(_view(), DELIVERY.c.id, time=DELIVERY.c.create_time, where=(_OWN,), filters=FILTERS)
_HOLD = Statement(
    select(WEBHOOK.c.status)
    .where(
        WEBHOOK.c.id == bindparam("webhook_id"),
        WEBHOOK.c.business_id == ACTOR_ID,
        WEBHOOK.c.status != REMOVED,
    )
    .with_for_update()
)
_AGAIN = Statement(update(DELIVERY).where(*_THIS).values(status=PENDING, attempts=0, next_attempt_time=NOW))
_WAKE = Statement(
    update(WEBHOOK)
    .where(WEBHOOK.c.id == bindparam("webhook_id"))
    .values(due_time=func.least(func.coalesce(WEBHOOK.c.due_time, NOW), NOW), leased_until=RESTED)
)
_ONE = Statement(select(json_of(_view().where(*_THIS)).label("body")))
