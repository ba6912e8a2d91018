"""The ledger of events: reading it, and writing the events that no lifecycle writes."""

from collections.abc import Mapping
from functools import cache

import orjson
from sqlalchemy import Integer, String, bindparam, cast, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from app.db.parameters import ACTOR_ID, ACTOR_KIND, API_KEY_ID, NOW, REQUEST_ID
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.models import Event
from app.services.events.view import shown
from app.services.ownership import EVENTS, owned
from app.services.paging import Listing, Page

EVENT = Event.__table__
FILTERS = {column.name: column == bindparam(column.name) for column in EVENT.c}


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
    """The events that the actor may see and that pass all `filters` (names of columns), newest first, as JSON."""
    return _listing(work.actor.kind).page(work, page, filters)


@cache
def _listing(kind: str) -> Listing:
    return Listing(select(*shown(EVENT)), EVENT.c.id, where=(owned(EVENTS, kind, EVENT),), filters=FILTERS)


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
