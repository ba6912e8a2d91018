"""When a worker last finished a sweep, so that monitoring notices when none does."""

from sqlalchemy import bindparam, func, select, update

from app.db.parameters import NOW
from app.db.statement import Statement
from app.db.types import Expression
from app.db.work import Work
from app.models import Heartbeat

HEARTBEAT = Heartbeat.__table__
SWEEP = "sweep"


def beat(work: Work) -> None:
    """Record that a sweep has finished now."""
    work.do(_BEAT, name=SWEEP)


def last() -> Expression:
    """The time of the last sweep, as a scalar subquery."""
    return select(HEARTBEAT.c.time).where(HEARTBEAT.c.name == SWEEP).scalar_subquery()


_BEAT = Statement(
    update(HEARTBEAT).where(HEARTBEAT.c.name == bindparam("name")).values(time=func.greatest(HEARTBEAT.c.time, NOW))
)
