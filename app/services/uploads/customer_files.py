"""Pictures that buyers upload, to show them in a ticket."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from app.db.parameters import ACTOR_ID
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import TooManyFiles
from app.models import CustomerFile
from app.services.uploads import contents, files, taking
from app.services.uploads.content import IMAGE
from app.services.uploads.files import URL, Stored
from app.services.uploads.taking import Wanted

FILE = CustomerFile.__table__

MOST = 500  # files that one buyer may have


def enter(work: Work, file: Stored) -> JsonText:
    """Record that a stored picture is the buyer's, once however often it is uploaded; its JSON. Raises TooManyFiles."""
    if work.one(_NUMBER).number >= MOST:
        raise TooManyFiles(most=MOST)
    files.keep(work, file)
    work.do(_CREATE, **{name: value for name, value in file.columns().items() if name != "kind"})
    return work.body(_ONE, name=file.name)


def take(work: Work, wanted: Sequence[Wanted]) -> None:
    """Take pictures of the buyer's into use; raises UnknownFile, WrongFileKind."""
    taking.take(work, wanted, _TAKE)


_NUMBER = Statement(select(func.count().label("number")).where(FILE.c.customer_id == ACTOR_ID))
_COLUMNS = ("name", "media_type", "size")
_MINE = (FILE.c.customer_id == ACTOR_ID, FILE.c.name == bindparam("name"))
_CREATE = Statement(
    insert(FILE)
    .values(customer_id=ACTOR_ID, **{name: value for name, value in files.UPLOADED.items() if name != "kind"})
    .on_conflict_do_update(index_elements=[FILE.c.customer_id, FILE.c.name], set_=contents.again(FILE))
)
_VIEW = select(
    FILE.c.id,
    *(FILE.c[name] for name in _COLUMNS),
    func.concat(URL, FILE.c.name).label("url"),
    *(FILE.c.details[name].label(name) for name in ("width", "height")),
    FILE.c.create_time,
)
_ONE = Statement(select(json_of(_VIEW.where(*_MINE)).label("body")))
_TAKE = taking.taking(FILE, literal(IMAGE), FILE.c.customer_id == ACTOR_ID)
