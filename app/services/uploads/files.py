"""Files that merchants upload: their content is in the storage, and whose they are is in the database."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import BinaryIO, Protocol

import orjson
from sqlalchemy import String, bindparam, case, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.db.parameters import ACTOR_ID, NOW
from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import Columns, Expression, JsonText
from app.db.work import Work
from app.errors import UnknownFile, WrongFileKind
from app.models import StoredFile
from app.services.events import audit
from app.services.paging import Listing, Page
from app.services.uploads.content import MEDIA_TYPES, Content
from app.services.uploads.content.recognition import recognised
from app.services.uploads.storage import storage

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


class KindOfFile(Protocol):
    kind: str


def store(file: BinaryIO, recognise: Callable[[BinaryIO], Content] = recognised) -> Stored:
    """Put a file into the storage; raises StorageAway and what `recognise` raises.

    It needs no database. A file that gets no row stays in the storage, because another merchant may have uploaded it too.
    """
    content = recognise(file)
    name = f"{digest_of(content.body)}.{content.extension}"
    media_type = MEDIA_TYPES[content.extension]
    size = content.body.seek(0, os.SEEK_END)
    storage().put(name, content.body, media_type)
    return Stored(name, content.kind, media_type, size, orjson.dumps(content.details).decode())


def enter(work: Work, file: Stored, uploaded_as: str | None) -> JsonText:
    """Record that a stored file is the merchant's, under its first name however often it is uploaded; its JSON."""
    row = work.one(_CREATE, **asdict(file), uploaded_as=uploaded_as)
    if row is not None:
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


def check_mine(work: Work, name: str, kind: str, *, field: str) -> None:
    """Raise UnknownFile unless the merchant has a file of this name, WrongFileKind unless it is of this kind."""
    _check(work.one(_KIND_OF_MINE, name=name), kind, field)


def check_any(work: Work, name: str, kind: str, *, field: str) -> None:
    """As `check_mine`, for a file of any merchant."""
    _check(work.one(_KIND_OF_ANY, name=name), kind, field)


def _check(found: KindOfFile | None, kind: str, field: str) -> None:
    if found is None:
        raise UnknownFile(field=field)
    if found.kind != kind:
        raise WrongFileKind(field=field, kind=kind)


def bounding_box(file: Columns) -> Expression:
    """A model's box. Those of early uploads say nothing of `approximate`, and were not measured by positions."""
    found = file.c.details["bounding_box"]
    exact = func.jsonb_build_object("approximate", True).op("||")(found)
    return case((func.jsonb_typeof(found) == "object", exact))


_COLUMNS = ("name", "kind", "media_type", "size")
_MINE = (FILE.c.business_id == ACTOR_ID, FILE.c.name == bindparam("name"))
_CREATE = Statement(
    insert(FILE)
    .values(
        business_id=ACTOR_ID,
        create_time=NOW,
        uploaded_as=bindparam("uploaded_as"),
        details=cast(cast(bindparam("details"), String), JSONB),
        **{name: bindparam(name) for name in _COLUMNS},
    )
    .on_conflict_do_nothing(index_elements=[FILE.c.business_id, FILE.c.name])
    .returning(FILE.c.id)
)
_VIEW = select(
    FILE.c.id,
    *(FILE.c[name] for name in _COLUMNS),
    func.concat(URL, FILE.c.name).label("url"),
    *(FILE.c.details[name].label(name) for name in ("width", "height")),
    bounding_box(FILE).label("bounding_box"),
    FILE.c.uploaded_as,
    FILE.c.create_time,
)
_LISTING = Listing(
    _VIEW,
    FILE.c.id,
    time=FILE.c.create_time,
    where=(FILE.c.business_id == ACTOR_ID,),
    filters={"kind": FILE.c.kind == bindparam("kind")},
)
_ONE = Statement(select(json_of(_VIEW.where(*_MINE)).label("body")))
# What uses a file from now on, and its removal, wait for each other.
_KIND_OF_MINE = Statement(select(FILE.c.kind).where(*_MINE).with_for_update(read=True, key_share=True))
_KIND_OF_ANY = Statement(
    select(FILE.c.kind).where(FILE.c.name == bindparam("name")).limit(1).with_for_update(read=True, key_share=True)
)
