"""Files that merchants upload: their content is in the storage, and whose they are is in the database."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import orjson
from sqlalchemy import String, bindparam, case, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import Columns, Expression, JsonText, Query
from app.db.work import Work
from app.models import StoredFile
from app.services.events import audit
from app.services.paging import Listing, Page
from app.services.uploads import contents, taking
from app.services.uploads.content import MEDIA_TYPES, Content
from app.services.uploads.content.recognition import recognised
from app.services.uploads.storage import storage
from app.services.uploads.taking import Wanted

FILE = StoredFile.__table__
URL = "/api/v1/files/"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is in the storage, and the columns of its row; `size` is in bytes, `details` is JSON text."""

    name: str
    kind: str
    media_type: str
    size: int
    details: str
    body: BinaryIO

    def columns(self) -> dict[str, object]:
        """What its row says."""
        return {name: getattr(self, name) for name in ("name", "kind", "media_type", "size", "details")}


def store(file: BinaryIO, recognise: Callable[[BinaryIO], Content] = recognised) -> Stored:
    """Put a file into the storage; raises StorageAway and what `recognise` raises.

    It needs no database, but `keep` in the transaction of the row.
    """
    content = recognise(file)
    name = f"{digest_of(content.body)}.{content.extension}"
    media_type = MEDIA_TYPES[content.extension]
    size = content.body.seek(0, os.SEEK_END)
    storage().put(name, content.body, media_type)
    return Stored(name, content.kind, media_type, size, orjson.dumps(content.details).decode(), content.body)


def keep(work: Work, file: Stored) -> None:
    """See that the content of a stored file is there until its row is committed: the worker removes what no row names."""
    work.do(contents.HOLD, name=file.name)
    storage().put(file.name, file.body, file.media_type)


def enter(work: Work, file: Stored, uploaded_as: str | None) -> JsonText:
    """Record that a stored file is the merchant's, under its first name however often it is uploaded; its JSON."""
    keep(work, file)
    row = work.one(_CREATE, **file.columns(), uploaded_as=uploaded_as)
    if row.is_new:
        details = {"name": file.name, "size": file.size}
        audit.note(work, "upload", "stored_file", row.id, business_id=work.actor.id, details=details)
    return work.body(_ONE, name=file.name)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The merchant's files, newest first, as JSON; `kind` filters them."""
    return _LISTING.page(work, page, filters)


def digest_of(file: BinaryIO) -> str:
    """The SHA-256 of a file, which is left at its start."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # BinaryIO does not declare readinto
    file.seek(0)
    return digest


def take(work: Work, wanted: Sequence[Wanted]) -> None:
    """Take files of the merchant's into use; raises UnknownFile, WrongFileKind."""
    taking.take(work, wanted, _TAKE)


def view(file: Columns) -> Query:
    """What is shown of uploaded files, of merchants' or the platform's."""
    return select(
        file.c.id,
        *(file.c[name] for name in _COLUMNS),
        func.concat(URL, file.c.name).label("url"),
        *(file.c.details[name].label(name) for name in ("width", "height")),
        bounding_box(file).label("bounding_box"),
        file.c.uploaded_as,
        file.c.create_time,
    )


def bounding_box(file: Columns) -> Expression:
    """A model's box. Those of early uploads say nothing of `approximate`, and were not measured by positions."""
    found = file.c.details["bounding_box"]
    exact = func.jsonb_build_object("approximate", True).op("||")(found)
    return case((func.jsonb_typeof(found) == "object", exact))


_COLUMNS = ("name", "kind", "media_type", "size")
UPLOADED = {
    **{name: bindparam(name) for name in _COLUMNS},
    "details": cast(cast(bindparam("details"), String), JSONB),
    "create_time": NOW,
    "unused_since": NOW,
}
_MINE = (FILE.c.business_id == ACTOR_ID, FILE.c.name == bindparam("name"))
_CREATE = Statement(
    insert(FILE)
    .values(
        business_id=ACTOR_ID,
        uploaded_as=bindparam("uploaded_as"),
        **UPLOADED,
    )
    .on_conflict_do_update(index_elements=[FILE.c.business_id, FILE.c.name], set_=contents.again(FILE))
    .returning(FILE.c.id, contents.IS_NEW)
)
_VIEW = view(FILE)
_LISTING = Listing(
    _VIEW,
    FILE.c.id,
    time=FILE.c.create_time,
    where=(FILE.c.business_id == ACTOR_ID,),
    filters={"kind": FILE.c.kind == bindparam("kind")},
)
_ONE = Statement(select(json_of(_VIEW.where(*_MINE)).label("body")))
_TAKE = taking.taking(FILE, FILE.c.kind, FILE.c.business_id == ACTOR_ID)
TAKE_ANY = taking.taking(FILE, FILE.c.kind)
