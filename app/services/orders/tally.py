"""The number of orders per merchant and state: a trigger writes a row per change, and this folds those rows into one."""

from sqlalchemy import bindparam, delete, func, insert, select, true

from app.db.statement import Statement
from app.db.work import Work
from app.models import OrderTally

TALLY = OrderTally.__table__
CHUNK = 1000  # merchants and states in one fold


def fold(work: Work) -> int:
    """Fold the rows of merchants and states that have changed, and return the number of rows; the sums stay the same."""
    row = work.one(_FOLD, chunk=CHUNK)
    return int(row.folded)


def _fold() -> Statement:
    changed = (
        select(TALLY.c.business_id, TALLY.c.status).where(~TALLY.c.folded).distinct().limit(bindparam("chunk")).cte("changed")
    )
    gone = (
        delete(TALLY)
        .where(TALLY.c.business_id == changed.c.business_id, TALLY.c.status == changed.c.status)
        .returning(TALLY.c.business_id, TALLY.c.status, TALLY.c.delta)
        .cte("gone")
    )
    sums = select(gone.c.business_id, gone.c.status, func.sum(gone.c.delta), true()).group_by(gone.c.business_id, gone.c.status)
    kept = insert(TALLY).from_select(["business_id", "status", "delta", "folded"], sums).returning(TALLY.c.id).cte("kept")
    number = select(func.count()).select_from(gone).scalar_subquery()
    return Statement(select(number.label("folded"), select(func.count()).select_from(kept).scalar_subquery().label("kept")))


_FOLD = _fold()
