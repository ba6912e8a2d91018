"""Fan-out: each event becomes a delivery for every webhook that wants it.

Each webhook keeps its position in its merchant's events, or in those of all merchants if it is the platform's. They are read
in the order of live streams (see `events/stream.py`).
"""

from sqlalchemy import Integer, and_, bindparam, case, cast, exists, func, literal, or_, select, tuple_, union_all, update
from sqlalchemy.dialects.postgresql import insert

from app.db.parameters import NOW
from app.db.sql import is_among
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression, Query
from app.db.work import Work
from app.models import Event, User, Webhook, WebhookDelivery
from app.models.user import NORMAL
from app.models.webhook import ENABLED, PENDING
from app.services.events.stream import BATCH, HORIZON
from app.services.events.view import type_of

WEBHOOK = Webhook.__table__
DELIVERY = WebhookDelivery.__table__
EVENT = Event.__table__
USER = User.__table__


def with_news(work: Work) -> list[int]:
    """The ids of webhooks that have events after their position, up to BATCH of them."""
    return [row.id for row in work.all(_WITH_NEWS, only=None)]


def spread(work: Work, only: int | None = None) -> int:
    """Make deliveries of the events after each webhook's position, and move that on; how many webhooks had any.

    `only` is the id of the one webhook to do this for.
    """
    held = [row.id for row in work.all(_WITH_NEWS, only=only)]
    if held:
        work.do(_SPREAD, ids=held)
    return len(held)


def pending() -> Expression:
    """A scalar: how many deliveries are due and how many events are still to become some, up to BATCH each per webhook."""
    due = (
        select(DELIVERY.c.id)
        .where(DELIVERY.c.webhook_id == WEBHOOK.c.id, DELIVERY.c.status == PENDING)
        .where(DELIVERY.c.next_attempt_time <= NOW)
        .limit(bindparam("batch", BATCH))
        .correlate(WEBHOOK)
    )
    news = _news_of(WEBHOOK, EVENT.c.id, EVENT.c.subject, EVENT.c.verb).subquery("news")
    unread = select(news.c.id).where(_wanted(WEBHOOK, news)).correlate(WEBHOOK)
    waiting = due.union_all(unread).lateral("waiting")
    joined, condition = open_webhooks()
    return select(func.count()).select_from(joined.join(waiting, literal(True))).where(condition).scalar_subquery()


def open_webhooks(*conditions: Condition) -> tuple[Columns, Condition]:
    """What to select from, and the condition, for enabled webhooks that meet `conditions`, without disabled merchants'."""
    joined = WEBHOOK.outerjoin(USER, USER.c.id == WEBHOOK.c.business_id)
    is_served = or_(WEBHOOK.c.business_id.is_(None), USER.c.status == NORMAL)
    return joined, and_(WEBHOOK.c.status == ENABLED, is_served, *conditions)


def said_type(webhook: Columns, event: Columns) -> Expression:
    """The type that a delivery of the event names: the verb alone to a webhook whose receiver knows no other."""
    return case((webhook.c.verb_as_type, event.c.verb), else_=type_of(event))


def _news_of(webhook: Columns, *columns: Expression) -> Query:
    """The events of the webhook's merchant (of all merchants, for the platform's) after its position, a batch at most.

    They end before the oldest transaction that is still open. Each of the two selects has an index of its own.
    """
    walked = tuple_(EVENT.c.txid, EVENT.c.id) > tuple_(webhook.c.txid, webhook.c.event_id)
    rows = select(*columns).where(walked, EVENT.c.txid < HORIZON).order_by(EVENT.c.txid, EVENT.c.id)
    rows = rows.limit(bindparam("batch", BATCH)).correlate(webhook)
    of_merchant = rows.where(EVENT.c.business_id == webhook.c.business_id).subquery("of_merchant")
    of_all = rows.where(webhook.c.business_id.is_(None), EVENT.c.business_id.isnot(None)).subquery("of_all")
    return union_all(select(of_merchant), select(of_all))


def _wanted(webhook: Columns, event: Columns) -> Condition:
    """The condition that the webhook asks for events of this type; one that names neither types nor verbs asks for all."""
    return or_(
        and_(webhook.c.types.is_(None), webhook.c.verbs.is_(None)),
        type_of(event) == func.any(webhook.c.types),
        event.c.verb == func.any(webhook.c.verbs),
    )


def _with_news() -> Statement:
    only = cast(bindparam("only"), Integer)
    joined, condition = open_webhooks(exists(_news_of(WEBHOOK, EVENT.c.id)), or_(only.is_(None), WEBHOOK.c.id == only))
    rows = select(WEBHOOK.c.id).select_from(joined).where(condition).order_by(WEBHOOK.c.id)
    return Statement(rows.limit(bindparam("batch", BATCH)).with_for_update(of=WEBHOOK, skip_locked=True))


def _spread() -> Statement:
    news = _news_of(WEBHOOK, EVENT.c.txid, EVENT.c.id, EVENT.c.subject, EVENT.c.verb).lateral("news")
    told = (
        select(WEBHOOK.c.id.label("webhook_id"), news.c.txid, news.c.id, _wanted(WEBHOOK, news).label("wanted"))
        .select_from(WEBHOOK.join(news, literal(True)))
        .where(is_among(WEBHOOK.c.id, "ids"))
        .cte("told")
    )
    new = select(told.c.webhook_id, told.c.id, literal(PENDING), NOW, NOW).where(told.c.wanted)
    rows = new.order_by(told.c.txid, told.c.id)
    columns = ["webhook_id", "event_id", "status", "next_attempt_time", "create_time"]
    made = insert(DELIVERY).from_select(columns, rows).on_conflict_do_nothing().returning(DELIVERY.c.webhook_id).cte("made")
    last = (
        select(told.c.webhook_id, told.c.txid, told.c.id)
        .distinct(told.c.webhook_id)
        .order_by(told.c.webhook_id, told.c.txid.desc(), told.c.id.desc())
        .cte("last")
    )
    has_new = select(made.c.webhook_id).where(made.c.webhook_id == WEBHOOK.c.id).exists()
    due = case((has_new, func.least(func.coalesce(WEBHOOK.c.due_time, NOW), NOW)), else_=WEBHOOK.c.due_time)
    return Statement(
        update(WEBHOOK).where(WEBHOOK.c.id == last.c.webhook_id).values(txid=last.c.txid, event_id=last.c.id, due_time=due)
    )


_WITH_NEWS = _with_news()
_SPREAD = _spread()
