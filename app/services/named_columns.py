"""Changing the columns that a caller names in one row, and no others."""

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import bindparam, update

from app.db.statement import Statement
from app.db.types import Columns, Condition, Expression
from app.db.work import Work
from app.errors import NotFound


class Change:
    """An UPDATE of one row of `table`; every set of columns that is named becomes a statement of its own, made once."""

    def __init__(self, table: Columns, *this: Condition, **always: Expression) -> None:
        """`this` are the conditions that the row must meet; `always` is written along with whatever is named."""
        self._table, self._this, self._always = table, this, always
        self._statement = lru_cache(maxsize=64)(self._built)

    def make(self, work: Work, values: Mapping[str, object], **parameters: object) -> None:
        """Set each of `values` (at least one), by its column's name; `parameters` are those of the conditions.

        Raises NotFound, and what the database raises.
        """
        if work.one(self._statement(frozenset(values)), **parameters, **values) is None:
            raise NotFound

    def _built(self, names: frozenset[str]) -> Statement:
        values = {name: bindparam(name) for name in sorted(names)}
        changed = update(self._table).where(*self._this).values(**values, **self._always)
        return Statement(changed.returning(self._table.c.id))
