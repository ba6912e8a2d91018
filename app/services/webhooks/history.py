"""The deliveries to webhooks, as their owner sees them: a merchant, or the platform."""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import bindparam, func, select, update

from app.db.parameters import NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText, Query
from app.db.work import Work
from app.errors import NotFound, WebhookDisabled
from app.models import Event, Webhook, WebhookDelivery
from app.models.webhook import ENABLED, PENDING, REMOVED
from app.services.ownership import WEBHOOKS, owned
from app.services.paging import Listing, Page
from app.services.webhooks import subscriptions
from app.services.webhooks.fan_out import said_type
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
    webhook = work.one(_hold(work.actor.kind), webhook_id=webhook_id)
    if webhook is None or not work.do(_AGAIN, webhook_id=webhook_id, delivery_id=delivery_id):
        raise NotFound
    if webhook.status != ENABLED:
        raise WebhookDisabled
    work.do(_WAKE, webhook_id=webhook_id)
    return work.body(_ONE, webhook_id=webhook_id, delivery_id=delivery_id)


def _view() -> Query:
    """A delivery's columns, with the type that it names."""
    rest = [column for column in DELIVERY.c if column.name not in _HIDDEN]
    joined = DELIVERY.join(EVENT, EVENT.c.id == DELIVERY.c.event_id).join(WEBHOOK, WEBHOOK.c.id == DELIVERY.c.webhook_id)
    return select(DELIVERY.c.id, DELIVERY.c.event_id, said_type(WEBHOOK, EVENT).label("type"), *rest).select_from(joined)


@cache
def _hold(kind: str) -> Statement:
    this = (WEBHOOK.c.id == bindparam("webhook_id"), owned(WEBHOOKS, kind, WEBHOOK), WEBHOOK.c.status != REMOVED)
    return Statement(select(WEBHOOK.c.status).where(*this).with_for_update())


_LISTING = Listing(_view(), DELIVERY.c.id, time=DELIVERY.c.create_time, where=(_OWN,), filters=FILTERS)
_AGAIN = Statement(update(DELIVERY).where(*_THIS).values(status=PENDING, attempts=0, next_attempt_time=NOW))
_WAKE = Statement(
    update(WEBHOOK)
    .where(WEBHOOK.c.id == bindparam("webhook_id"))
    .values(due_time=func.least(func.coalesce(WEBHOOK.c.due_time, NOW), NOW), leased_until=RESTED)
)
_ONE = Statement(select(json_of(_view().where(*_THIS)).label("body")))
