"""The ledger of events: reading it, and writing the events that no lifecycle writes."""

from collections.abc import Mapping
from functools import cache

import orjson
from sqlalchemy import Integer, String, bindparam, cast, false, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from app.db.parameters import ACTOR_ID, ACTOR_KIND, API_KEY_ID, NOW, REQUEST_ID
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.models import Event, ExceptOrder, Order
from app.services.events.view import REFUND, shown
from app.services.ownership import EVENTS, owned
from app.services.paging import Listing, Page

EVENT = Event.__table__
TICKET = ExceptOrder.__table__

_ITS_ORDER = select(TICKET.c.order_id).where(TICKET.c.id == bindparam("subject_id")).scalar_subquery()
# Events that have an order are found by it, the others by an index that those stay out of.
_OF_ORDERS = {
    Order.__tablename__: EVENT.c.order_id == bindparam("subject_id"),
    TICKET.name: EVENT.c.order_id == _ITS_ORDER,
    REFUND: EVENT.c.order_id == _ITS_ORDER,
}
# By other names than their columns, which are those of the caller and the request that ask.
_RENAMED = {name: f"of_{name}" for name in ("actor_kind", "actor_id", "request_id")}
FILTERS = {
    **{name: EVENT.c[name] == bindparam(name) for name in ("business_id", "order_id", "verb", "subject", "subject_id")},
    **{name: EVENT.c[column] == bindparam(name) for column, name in _RENAMED.items()},
    **{f"id of {subject}": found for subject, found in _OF_ORDERS.items()},
    "without order": EVENT.c.order_id.is_(None),
    "type": (EVENT.c.subject == bindparam("type_subject")) & (EVENT.c.verb == bindparam("type_verb")),
    "time_from": EVENT.c.time >= bindparam("time_from"),
    "time_to": EVENT.c.time <= bindparam("time_to"),
    "nothing": false(),
}


def note(
    work: Work,
    verb: str,
    subject: str,
    subject_id: int,
    *,
    business_id: int | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Record what the work's actor did to a row (`verb`); `subject` is the name of the row's table."""
    work.do(
        _NOTE,
        verb=verb,
        subject=subject,
        subject_id=subject_id,
        business_id=business_id,
        details=None if details is None else orjson.dumps(details).decode(),
    )


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The events that the actor may see and that pass all `filters`, newest first, as JSON.

    `filters` are columns, `time_from` and `time_to`, and `type`, a subject and a verb (`order.ship`).
    """
    return _listing(work.actor.kind).page(work, page, _chosen(filters), **_type(filters))


def _chosen(filters: Mapping[str, object]) -> dict[str, object]:
    """The filters by their names in FILTERS, with those that lead to the right index."""
    subjects = {str(filters[name]).partition(".")[0] for name in ("subject", "type") if name in filters}
    if len(subjects) > 1:
        return {"nothing": True}
    also = {f"id of {subject}" if subject in _OF_ORDERS else "without order" for subject in subjects}
    if "subject_id" not in filters:
        also &= {"without order"}
    return {_RENAMED.get(name, name): value for name, value in filters.items()} | dict.fromkeys(also, True)


def _type(filters: Mapping[str, object]) -> dict[str, str]:
    subject, _, verb = str(filters.get("type", "")).partition(".")
    return {"type_subject": subject, "type_verb": verb}


@cache
def _listing(kind: str) -> Listing:
    where = (owned(EVENTS, kind, EVENT),)
    return Listing(select(*shown(EVENT)), EVENT.c.id, time=EVENT.c.time, where=where, filters=FILTERS, varied=True)


_NOTE = Statement(
    insert(EVENT).values(
        time=NOW,
        actor_kind=ACTOR_KIND,
        actor_id=ACTOR_ID,
        api_key_id=API_KEY_ID,
        request_id=REQUEST_ID,
        verb=bindparam("verb"),
        subject=bindparam("subject"),
        subject_id=cast(bindparam("subject_id"), Integer),
        business_id=cast(bindparam("business_id"), Integer),
        details=cast(cast(bindparam("details"), String), JSONB),
    )
)
