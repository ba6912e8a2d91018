"""When a worker last finished a sweep, for those who watch from outside that it still does."""

from typing import Any

from sqlalchemy import bindparam, func, select, update

from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.work import Work
from app.models import Heartbeat

HEARTBEAT = Heartbeat.__table__
SWEEP = "sweep"


def beat(work: Work) -> None:
    """Write down that a sweep was finished now."""
    work.do(_BEAT, name=SWEEP)


def last() -> Any:
    """The time of the last one, as a scalar of a statement."""
    return select(HEARTBEAT.c.time).where(HEARTBEAT.c.name == SWEEP).scalar_subquery()


_BEAT = Statement(
    update(HEARTBEAT).where(HEARTBEAT.c.name == bindparam("name")).values(time=func.greatest(HEARTBEAT.c.time, NOW))
)
