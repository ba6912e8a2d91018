"""Where files are used, and removing those that are not: the one list of what keeps a file.

What comes to use a file locks the row of the file (`files.check_mine`), and so does removing it, which then looks for uses.
"""

from typing import Protocol

from sqlalchemy import String, bindparam, cast, delete, literal, or_, select, union_all

from app.db.parameters import ACTOR_ID
from app.db.statement import Statement
from app.db.types import Columns, Condition, Query
from app.db.work import Work
from app.errors import FileInUse, NotFound
from app.models import Evidence, Model, Scene, SceneBase
from app.services.events import audit
from app.services.uploads.files import FILE

_MOST_NAMED = 10  # uses that a refusal names


class Use(Protocol):
    what: str
    id: int


def remove(work: Work, name: str) -> None:
    """Take a file off the merchant's list; raises NotFound, and FileInUse, which names the uses.

    Its content stays, since another merchant may have uploaded it too.
    """
    row = work.one(_LOCK, name=name)
    if row is None:
        raise NotFound
    uses: list[Use] = work.all(_USES, name=name)
    if uses:
        raise FileInUse(where=", ".join(f"{use.what} {use.id}" for use in uses))
    work.do(_REMOVE, name=name)
    audit.note(work, "remove", "stored_file", row.id, business_id=work.actor.id, details={"name": name})


def _used_by(table: Columns, columns: tuple[str, ...], *its: Condition) -> Query:
    named = or_(*(table.c[column] == bindparam("name") for column in columns))
    its_id = next(iter(table.primary_key.columns))
    return select(literal(table.name).label("what"), its_id.label("id")).where(named, *its)


MODEL, SCENE, BASE, EVIDENCE = Model.__table__, Scene.__table__, SceneBase.__table__, Evidence.__table__
# The columns that name files, of each table. A scene base may use any merchant's.
USERS: dict[Columns, tuple[tuple[str, ...], tuple[Condition, ...]]] = {
    MODEL: (("file", "thumbnail"), (MODEL.c.business_id == ACTOR_ID,)),
    SCENE: (("thumbnail", "config"), (SCENE.c.creator == cast(ACTOR_ID, String),)),
    BASE: (("thumbnail",), ()),
    EVIDENCE: (("name",), (EVIDENCE.c.business_id == ACTOR_ID,)),
}

_THIS = (FILE.c.business_id == ACTOR_ID, FILE.c.name == bindparam("name"))
_LOCK = Statement(select(FILE.c.id).where(*_THIS).with_for_update())
_USES = Statement(union_all(*(_used_by(table, columns, *its) for table, (columns, its) in USERS.items())).limit(_MOST_NAMED))
_REMOVE = Statement(delete(FILE).where(*_THIS))
