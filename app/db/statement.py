"""Statements: written once at import, compiled once into the SQL that psycopg2 sends."""

import itertools
from typing import Any

from sqlalchemy.dialects.postgresql import psycopg2 as psycopg2_dialect
from sqlalchemy.sql import ClauseElement

from app.db.parameters import TYPES

_DIALECT = psycopg2_dialect.dialect()
_numbers = itertools.count()


class Statement:
    """A Core statement, compiled once into the SQL that psycopg2 sends.

    `guarded`: it proves the caller's session by itself (see `caller.py`).
    `whole`: it is a complete change by itself, so it needs no transaction around it.
    Both kinds are the ones called often: each connection keeps them prepared, for planning costs more than running them;
    unless they are `varied`, so that the right plan depends on what is looked for.
    """

    __slots__ = ("call", "guarded", "kept", "name", "parameters", "sql", "values", "whole")

    def __init__(self, clause: ClauseElement, *, guarded: bool = False, whole: bool = False, varied: bool = False) -> None:
        compiled = clause.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        self.values = {name: value for name, value in compiled.params.items() if value is not None}
        self.parameters = [name for name in compiled.params if name not in self.values]
        self.guarded = guarded
        self.whole = whole
        self.kept = (guarded or whole) and not varied
        self.name = f"statement_{next(_numbers)}"
        given = ", ".join(f"%({name})s" for name in self.parameters)
        self.call = f"EXECUTE {self.name} ({given})" if given else f"EXECUTE {self.name}"

    def preparation(self, cursor: Any) -> str:
        """The PREPARE of this statement: what is known by now as literals, what a call gives as parameters."""
        literals = {name: cursor.mogrify("%s", (value,)).decode() for name, value in self.values.items()}
        numbers = {name: f"${number}" for number, name in enumerate(self.parameters, 1)}
        types = ", ".join(_type_of(name) for name in self.parameters)
        return f"PREPARE {self.name}{f' ({types})' if types else ''} AS {self.sql % (literals | numbers)}"


def _type_of(parameter: str) -> str:
    """The SQL type of an ambient parameter; PostgreSQL infers the others."""
    return str(TYPES[parameter]().compile(dialect=_DIALECT)) if parameter in TYPES else "unknown"
