"""The ledger of events: reading it, and writing what no lifecycle writes."""

from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Integer, String, bindparam, cast, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from app.db.parameters import ACTOR_ID, ACTOR_KIND, NOW, REQUEST_ID
from app.db.statement import Statement
from app.db.work import Work
from app.models import Event
from app.services.ownership import EVENTS, owned
from app.services.paging import Page, answer, counted, page_statement

EVENT = Event.__table__


def note(
    work: Work,
    verb: str,
    subject: str,
    subject_id: int,
    *,
    business_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write down what the work's actor did to a row."""
    work.do(
        _NOTE,
        verb=verb,
        subject=subject,
        subject_id=subject_id,
        business_id=business_id,
        details=None if details is None else orjson.dumps(details).decode(),
    )


def page(work: Work, filters: dict[str, Any], page: Page) -> str:
    """Everything that happened, newest first, as JSON; filters are names of columns."""
    statement = _list(work.actor.kind, frozenset(filters), page.cursor is not None)
    return answer(work.one(statement, **filters, **page.parameters()), page)


@lru_cache(maxsize=64)
def _list(kind: str, filters: frozenset[str], by_cursor: bool) -> Statement:
    conditions = [owned(EVENTS, kind, EVENT), *(EVENT.c[name] == bindparam(name) for name in sorted(filters))]
    total = counted(select(EVENT.c.id).where(*conditions))
    view = select(*(column for column in EVENT.c if column.name != "txid")).where(*conditions)
    return page_statement(view, None, EVENT.c.id, total=total, by_cursor=by_cursor, kind=kind)


_NOTE = Statement(
    insert(EVENT).values(
        time=NOW,
        actor_kind=ACTOR_KIND,
        actor_id=ACTOR_ID,
        request_id=REQUEST_ID,
        verb=bindparam("verb"),
        subject=bindparam("subject"),
        subject_id=cast(bindparam("subject_id"), Integer),
        business_id=cast(bindparam("business_id"), Integer),
        details=cast(cast(bindparam("details"), String), JSONB),
    )
)
