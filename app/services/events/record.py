"""Events that a statement writes about what it does itself."""

from sqlalchemy import cast, insert, select

from app.db.parameters import ACTOR_ID, ACTOR_KIND, API_KEY_ID, NOW, REQUEST_ID
from app.db.types import Columns, Expression
from app.models import Event

EVENT = Event.__table__


def noted_from(rows: Columns, *, cte: str = "noted", **columns: Expression) -> Columns:
    """The CTE that writes one event for each row of `rows`, by the work's actor at the work's time.

    `columns` are further columns of the event, and take the place of those that it would have by itself.
    """
    written = {
        "time": NOW,
        "actor_kind": ACTOR_KIND,
        "actor_id": ACTOR_ID,
        "api_key_id": API_KEY_ID,
        "request_id": REQUEST_ID,
        "subject_id": rows.c.id,
        **columns,
    }
    typed = [cast(value, EVENT.c[name].type).label(name) for name, value in written.items()]
    return insert(EVENT).from_select(list(written), select(*typed).select_from(rows)).returning(EVENT.c.id).cte(cte)
