"""Where files are used, and removing those that are not: the one list of what keeps a file.

What comes to use a file locks the row of the file (`taking.py`), and so does removing it, which then looks for uses.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

from sqlalchemy import String, bindparam, cast, delete, literal, or_, select, true, union_all

from app.db.parameters import ACTOR_ID
from app.db.statement import Statement
from app.db.types import Columns, Condition, Query
from app.db.work import Work
from app.errors import FileInUse, NotFound
from app.models import Evidence, Model, ProductPicture, Scene, SceneBase, SceneBaseModel
from app.services.events import audit
from app.services.uploads import customer_files, files, platform_files

_MOST_NAMED = 10  # uses that a refusal names


class User(NamedTuple):
    """Rows that use files: their table, its columns that name files, and which of its rows may name a given file."""

    table: Columns
    columns: tuple[str, ...]
    may_name: Callable[[Columns], Condition]


def _of_merchant(table: Columns) -> Callable[[Columns], Condition]:
    return lambda file: table.c.business_id == file.c.business_id


def _anybodys(file: Columns) -> Condition:
    return true()


MODEL, PICTURE, SCENE, EVIDENCE = Model.__table__, ProductPicture.__table__, Scene.__table__, Evidence.__table__
BASE, BASE_MODEL = SceneBase.__table__, SceneBaseModel.__table__
_OF_BASES = User(BASE, ("thumbnail",), _anybodys)
# What may use the files of each table. A scene base may use the platform's and any merchant's.
USERS: Mapping[Columns, tuple[User, ...]] = {
    files.FILE: (
        User(MODEL, ("file", "thumbnail"), _of_merchant(MODEL)),
        User(PICTURE, ("name",), _of_merchant(PICTURE)),
        User(SCENE, ("thumbnail", "config"), lambda file: SCENE.c.creator == cast(file.c.business_id, String)),
        User(EVIDENCE, ("name",), _of_merchant(EVIDENCE)),
        _OF_BASES,
    ),
    customer_files.FILE: (User(EVIDENCE, ("name",), lambda file: EVIDENCE.c.customer_id == file.c.customer_id),),
    platform_files.FILE: (_OF_BASES, User(BASE_MODEL, ("file",), _anybodys)),
}


def in_use(file: Columns) -> Condition:
    """Whether something uses the file."""
    return or_(*(rows.correlate(file).exists() for rows in _uses(file)))


class Remover(NamedTuple):
    """How files of one table are removed: each statement takes the name of the file."""

    subject: str
    lock: Statement
    uses: Statement
    remove: Statement


class Use(Protocol):
    what: str
    id: int


def remove(work: Work, name: str) -> None:
    """Take a file off the merchant's list; raises NotFound, and FileInUse, which names the uses."""
    _remove(work, name, _OF_MERCHANT, business_id=work.actor.id)


def remove_of_platform(work: Work, name: str) -> None:
    """Take a file off the platform's list; raises NotFound, and FileInUse, which names the uses."""
    _remove(work, name, _OF_PLATFORM, business_id=None)


def _remove(work: Work, name: str, by: Remover, *, business_id: int | None) -> None:
    row = work.one(by.lock, name=name)
    if row is None:
        raise NotFound
    found: list[Use] = work.all(by.uses, name=name)
    if found:
        raise FileInUse(where=", ".join(f"{use.what} {use.id}" for use in found))
    work.do(by.remove, name=name)
    audit.note(work, "remove", by.subject, row.id, business_id=business_id, details={"name": name})


def _remover(file: Columns, *whose: Condition) -> Remover:
    this = (file.c.name == bindparam("name"), *whose)
    uses = (rows.where(*this) for rows in _uses(file))
    return Remover(
        file.name,
        Statement(select(file.c.id).where(*this).with_for_update()),
        Statement(union_all(*uses).limit(_MOST_NAMED)),
        Statement(delete(file).where(*this)),
    )


def _uses(file: Columns) -> Iterator[Query]:
    """The rows of each kind that use a file."""
    for user in USERS[file]:
        named = or_(*(user.table.c[column] == file.c.name for column in user.columns))
        its_id = next(iter(user.table.primary_key.columns))
        what = select(literal(user.table.name).label("what"), its_id.label("id"))
        yield what.where(named, user.may_name(file))


_OF_MERCHANT = _remover(files.FILE, files.FILE.c.business_id == ACTOR_ID)
_OF_PLATFORM = _remover(platform_files.FILE)
