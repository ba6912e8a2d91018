"""The number of orders per merchant and state: a trigger writes a row per change, and this folds those rows into one."""

from app.db.work import Work
from app.models import OrderTally
from app.services.folding import CHUNK, folding


def fold(work: Work) -> int:
    """Fold the rows of merchants and states that have changed, and return the number of rows; the sums stay the same."""
    return int(work.one(_FOLD, chunk=CHUNK).folded)


_FOLD = folding(OrderTally.__table__, "business_id", "status")
