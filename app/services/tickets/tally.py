"""The number of tickets per merchant, which a trigger keeps: the total of a list without filters is not counted anew."""

from sqlalchemy import func, select

from app.db.types import Expression
from app.models import TicketTally
from app.services.folding import folding
from app.services.ownership import FIGURES, owned

TALLY = TicketTally.__table__


def total(kind: str) -> Expression:
    """How many tickets there are of the merchant who asks, or of all who are asked for by staff."""
    return select(func.coalesce(func.sum(TALLY.c.delta), 0)).where(owned(FIGURES, kind, TALLY)).scalar_subquery()


fold = folding(TALLY, "business_id")
