"""Events: what happened, written down by the statement that does it."""

from typing import Any

from sqlalchemy import cast, insert, select

from app.db.parameters import ACTOR_ID, ACTOR_KIND, NOW, REQUEST_ID
from app.models import Event

EVENT = Event.__table__


def noted_from(rows: Any, *, cte: str = "noted", **columns: Any) -> Any:
    """A CTE that writes one event per row of `rows`, by the work's actor at the work's time."""
    written = {
        "time": NOW,
        "actor_kind": ACTOR_KIND,
        "actor_id": ACTOR_ID,
        "request_id": REQUEST_ID,
        "subject_id": rows.c.id,
        **columns,
    }
    typed = [cast(value, EVENT.c[name].type).label(name) for name, value in written.items()]
    return insert(EVENT).from_select(list(written), select(*typed).select_from(rows)).returning(EVENT.c.id).cte(cte)
