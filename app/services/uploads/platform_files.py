"""Files that admins upload for the platform: pictures and 3D models of its scene bases. They belong to no merchant."""

from collections.abc import Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from app.db.sql import json_of
from app.db.statement import Statement
from app.db.types import JsonText
from app.db.work import Work
from app.models import PlatformFile
from app.services.events import audit
from app.services.paging import Listing, Page
from app.services.uploads import contents, files, taking
from app.services.uploads.files import Stored
from app.services.uploads.taking import Wanted

FILE = PlatformFile.__table__


def enter(work: Work, file: Stored, uploaded_as: str | None) -> JsonText:
    """Record that a stored file is the platform's, under its first name however often it is uploaded; its JSON."""
    files.keep(work, file)
    row = work.one(_CREATE, **file.columns(), uploaded_as=uploaded_as)
    if row.is_new:
        audit.note(work, "upload", "platform_file", row.id, details={"name": file.name, "size": file.size})
    return work.body(_ONE, name=file.name)


def page(work: Work, filters: Mapping[str, object], page: Page) -> JsonText:
    """The platform's files, newest first, as JSON; `kind` filters them."""
    return _LISTING.page(work, page, filters)


def take(work: Work, wanted: Wanted, *, or_any_merchants: bool = False) -> None:
    """Take a file of the platform's into use, or else of any merchant's; raises UnknownFile, WrongFileKind."""
    taking.take(work, [wanted], _TAKE, *([files.TAKE_ANY] if or_any_merchants else []))


_VIEW = files.view(FILE)
_LISTING = Listing(_VIEW, FILE.c.id, filters={"kind": FILE.c.kind == bindparam("kind")})
_CREATE = Statement(
    insert(FILE)
    .values(uploaded_as=bindparam("uploaded_as"), **files.UPLOADED)
    .on_conflict_do_update(index_elements=[FILE.c.name], set_=contents.again(FILE))
    .returning(FILE.c.id, contents.IS_NEW)
)
_ONE = Statement(select(json_of(_VIEW.where(FILE.c.name == bindparam("name"))).label("body")))
_TAKE = taking.taking(FILE, FILE.c.kind)
