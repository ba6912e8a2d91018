"""Taking files into use: what comes to name files does this first, in the transaction of its change.

It locks the rows of the files. So does whoever removes them, and looks for uses after that (`uses.py`, `upkeep.py`): either the
file is there and used, or it is gone and was not taken.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import null, select, update

from app.db.sql import is_among
from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression
from app.db.work import Work
from app.errors import UnknownFile, WrongFileKind


class Wanted(NamedTuple):
    """A file that is named: by which field of the input, its name, and of which kind it must be."""

    field: str
    name: str
    kind: str


def take(work: Work, wanted: Sequence[Wanted], *from_: Statement) -> None:
    """Hold files until the transaction ends; each of `from_` is made by `taking`. Raises UnknownFile, WrongFileKind."""
    found: dict[str, str] = {}
    for statement in from_:
        missing = {each.name for each in wanted} - found.keys()
        if missing:
            found |= {row.name: row.kind for row in work.all(statement, names=sorted(missing))}
    for each in wanted:
        if each.name not in found:
            raise UnknownFile(field=each.field)
        if found[each.name] != each.kind:
            raise WrongFileKind(field=each.field, kind=each.kind)


def taking(file: Columns, kind: Expression, *whose: Condition) -> Statement:
    """Locks the files with one of `names`, always in the same order, and marks them as used; their names and kinds."""
    these = select(file.c.id).where(is_among(file.c.name, "names"), *whose).order_by(file.c.id)
    locked = these.with_for_update(key_share=True).cte("locked")
    used = update(file).where(file.c.id == locked.c.id).values(unused_since=null())
    return Statement(used.returning(file.c.name, kind.label("kind")))
