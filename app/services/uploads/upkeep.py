"""What the worker does with files: those that nothing has used for long are removed, and what is used never is.

Each step locks the rows of files first and looks for their uses after that, in another statement, so that it sees what was
committed while it waited; a file that is being taken into use is left for the next time.
"""

from sqlalchemy import bindparam, case, delete, func, literal, not_, null, select, update

from app.config import DAY, settings
from app.db.parameters import NOW
from app.db.sql import is_among
from app.db.statement import Statement
from app.db.types import Columns, Condition
from app.db.work import Work
from app.services.events.record import noted_from
from app.services.uploads import customer_files, files, platform_files
from app.services.uploads.uses import in_use

CHUNK = 500
AGAIN = DAY  # how long after a look the worker looks again whether a file is still used


def release(work: Work) -> int:
    """Look at files that were in use a day ago, and begin to count the time of those that are not; the number of these."""
    return sum(_each(work, *_RELEASE[file], before=work.now - AGAIN) for file in FILES)


def remove(work: Work) -> int:
    """Remove the files that nothing has used for `UNUSED_FILE_DAYS`, unless that is 0; their number."""
    if not settings.unused_file_days:
        return 0
    return sum(_each(work, *_REMOVE[file], before=work.now - settings.unused_file_days * DAY) for file in FILES)


def _each(work: Work, lock: Statement, act: Statement, *, before: int) -> int:
    ids = [row.id for row in work.all(lock, before=before, chunk=CHUNK)]
    return int(work.one(act, ids=ids).number) if ids else 0


def _lock(file: Columns, due: Condition, by: Columns) -> Statement:
    rows = select(file.c.id).where(due, by <= bindparam("before")).order_by(by).limit(bindparam("chunk"))
    return Statement(rows.with_for_update(skip_locked=True))


def _released(file: Columns) -> tuple[Statement, Statement]:
    looked = (
        update(file)
        .where(is_among(file.c.id, "ids"))
        .values(looked_at=NOW, unused_since=case((not_(in_use(file)), NOW), else_=null()))
        .returning(file.c.unused_since)
        .cte("looked")
    )
    unused = select(func.count(looked.c.unused_since).label("number"))
    return _lock(file, file.c.unused_since.is_(None), file.c.looked_at), Statement(unused)


def _removed(file: Columns) -> tuple[Statement, Statement]:
    these = is_among(file.c.id, "ids")
    used = update(file).where(these, in_use(file)).values(looked_at=NOW, unused_since=null()).returning(file.c.id).cte("used")
    gone = delete(file).where(these, not_(in_use(file))).returning(*file.c).cte("gone")
    counts = [select(func.count()).select_from(gone).scalar_subquery().label("number")]
    counts.append(select(func.count()).select_from(used).scalar_subquery().label("used"))
    if file in NOTED:
        noted = noted_from(
            gone,
            verb="remove",
            subject=literal(file.name),
            details=func.jsonb_build_object("name", gone.c.name),
            business_id=gone.c.get("business_id", null()),
        )
        counts.append(select(func.count()).select_from(noted).scalar_subquery().label("noted"))
    return _lock(file, file.c.unused_since.isnot(None), file.c.unused_since), Statement(select(*counts))


FILES = (files.FILE, customer_files.FILE, platform_files.FILE)
NOTED = (files.FILE, platform_files.FILE)  # whose uploads are events too
_RELEASE = {file: _released(file) for file in FILES}
_REMOVE = {file: _removed(file) for file in FILES}
