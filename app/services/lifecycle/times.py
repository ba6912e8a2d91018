"""The time of a move, which never lies before those of the moves before it."""

from sqlalchemy import func

from app.db.parameters import NOW
from app.db.types import Expression


def in_order(*before: Expression) -> Expression:
    """Now, or the latest of the times before (null where there is none): a process whose clock is ahead may have written it."""
    return func.greatest(NOW, *before)
