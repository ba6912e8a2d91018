"""The contents of files, in the storage: all uploads of the same content share it, and it stays while a row names it.

A removed row leaves the name of its content in `removed_content`, in the transaction of its removal. The worker removes the
content after that, if no other row names it; so what a crash leaves behind is content without a row, and removed later.
"""

from sqlalchemy import bindparam, case, delete, func, literal_column, or_, select

from app.config import HOUR
from app.db.parameters import NOW
from app.db.sql import is_among
from app.db.statement import Statement
from app.db.types import Columns, Expression
from app.db.work import Work
from app.models import CustomerFile, PlatformFile, RemovedContent, StoredFile
from app.services.uploads.storage import storage

GONE = RemovedContent.__table__
NAMING = (StoredFile.__table__, CustomerFile.__table__, PlatformFile.__table__)

CHUNK = 50  # contents that one sweep removes
PATIENCE = HOUR  # from the removal of the row to that of the content
_CONTENT = 0x66696C65  # the advisory locks of contents, each by its name

IS_NEW = literal_column("(xmax = 0)").label("is_new")  # of a row that was inserted or found: whether it was inserted


def again(file: Columns) -> dict[Expression, Expression]:
    """What an upload changes of a file that was uploaded before: if nothing uses it, its time begins anew."""
    return {file.c.unused_since: case((file.c.unused_since.isnot(None), NOW))}


def remove_unnamed(work: Work) -> int:
    """Remove contents that no row names any more; the number of names that were looked at. Raises StorageAway.

    What is being uploaded is left for the next time.
    """
    done = [row.name for row in work.all(_REMOVED, before=work.now - PATIENCE, chunk=CHUNK) if _removed(work, row.name)]
    if done:
        work.do(_FORGET, names=done, before=work.now - PATIENCE)
    return len(done)


def _removed(work: Work, name: str) -> bool:
    """Whether the name is done with: its content is gone, or another row names it."""
    if not work.one(_LOCK, name=name).held:
        return False
    if not work.one(_IS_NAMED, name=name).named:
        storage().delete(name)
    return True


_LOCKED = (_CONTENT, func.hashtext(bindparam("name")))
# An upload holds it until its row is committed; whoever removes the content holds it alone.
HOLD = Statement(select(func.pg_advisory_xact_lock_shared(*_LOCKED)))
_LOCK = Statement(select(func.pg_try_advisory_xact_lock(*_LOCKED).label("held")))
_REMOVED = Statement(
    select(GONE.c.name).where(GONE.c.time <= bindparam("before")).order_by(GONE.c.time).limit(bindparam("chunk"))
)
_IS_NAMED = Statement(
    select(or_(*(select(file.c.id).where(file.c.name == bindparam("name")).exists() for file in NAMING)).label("named"))
)
# A name that was left again meanwhile stays.
_FORGET = Statement(delete(GONE).where(is_among(GONE.c.name, "names"), GONE.c.time <= bindparam("before")))
