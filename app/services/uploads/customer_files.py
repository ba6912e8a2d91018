"""Pictures that buyers upload, to show them in a ticket."""

from dataclasses import asdict

from sqlalchemy import String, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.errors import TooManyFiles, UnknownFile
from app.models import CustomerFile
from app.services.uploads.files import URL, Stored

FILE = CustomerFile.__table__

MOST = 500  # files that one buyer may have


def enter(work: Work, file: Stored) -> JsonText:
    """Record that a stored picture is the buyer's, once however often it is uploaded; its JSON. Raises TooManyFiles."""
    if work.one(_NUMBER).number >= MOST:
        raise TooManyFiles(most=MOST)
    work.do(_CREATE, **{name: value for name, value in asdict(file).items() if name != "kind"})
    return work.body(_ONE, name=file.name)


def check_mine(work: Work, name: str, kind: str, *, field: str) -> None:
    """Raise UnknownFile unless the buyer has a picture of this name; buyers have no files of another `kind`."""
    if work.one(_MINE_IS_THERE, name=name) is None:
        raise UnknownFile(field=field)


_NUMBER = Statement(select(func.count().label("number")).where(FILE.c.customer_id == ACTOR_ID))
_COLUMNS = ("name", "media_type", "size")
_MINE = (FILE.c.customer_id == ACTOR_ID, FILE.c.name == bindparam("name"))
_CREATE = Statement(
    insert(FILE)
    .values(
        customer_id=ACTOR_ID,
        create_time=NOW,
        details=cast(cast(bindparam("details"), String), JSONB),
        **{name: bindparam(name) for name in _COLUMNS},
    )
    .on_conflict_do_nothing(index_elements=[FILE.c.customer_id, FILE.c.name])
)
_VIEW = select(
    FILE.c.id,
    *(FILE.c[name] for name in _COLUMNS),
    func.concat(URL, FILE.c.name).label("url"),
    *(FILE.c.details[name].label(name) for name in ("width", "height")),
    FILE.c.create_time,
)
_ONE = Statement(select(json_of(_VIEW.where(*_MINE)).label("body")))
_MINE_IS_THERE = Statement(select(FILE.c.id).where(*_MINE))
