"""Statements: written once at import, compiled once, when first run, into the SQL that psycopg2 sends."""

import itertools
from functools import cached_property
from typing import Any

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import psycopg2 as psycopg2_dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import NullType, TypeEngine

from app.db.parameters import DEADLINES, TYPES

_DIALECT = psycopg2_dialect.dialect()
_numbers = itertools.count()


class Statement:
    """A Core statement, compiled when it is first run: a process that starts runs few of them.

    `guarded`: it proves the caller's session by itself (see `caller.py`).
    `whole`: it is a complete change by itself, so it needs no transaction around it.
    Both kinds are the ones called often: each connection keeps them prepared, for planning costs more than running them;
    unless they are `varied`, so that the right plan depends on what is looked for.
    """

    asker: str | None = None  # the function that it is run for, where the one that runs it does not tell

    def __init__(self, clause: ClauseElement, *, guarded: bool = False, whole: bool = False, varied: bool = False) -> None:
        self.clause = clause
        self.guarded = guarded
        self.whole = whole
        self.kept = (guarded or whole) and not varied
        self.name = f"statement_{next(_numbers)}"

    @cached_property
    def sql(self) -> str:
        """Its SQL, a format string with the parameters by name."""
        return str(self._compiled)

    @cached_property
    def values(self) -> dict[str, Any]:
        """The parameters whose values are known by now: its own, and the deadlines in force, which a running process keeps."""
        named = self._compiled.params
        deadlines = {name: seconds() for name, seconds in DEADLINES.items() if name in named}
        return {name: value for name, value in named.items() if value is not None} | deadlines

    @cached_property
    def parameters(self) -> list[str]:
        """The parameters that a call gives."""
        return [name for name in self._compiled.params if name not in self.values]

    @cached_property
    def types(self) -> dict[str, str | None]:
        """The SQL types of the parameters that a call gives; None where only PostgreSQL could tell."""
        return {name: _sql_type(self._compiled.binds[name].type) for name in self.parameters}

    @cached_property
    def call(self) -> str:
        """The EXECUTE of the prepared statement."""
        given = ", ".join(f"%({name})s" for name in self.parameters)
        return f"EXECUTE {self.name} ({given})" if given else f"EXECUTE {self.name}"

    def preparation(self, cursor: Any) -> str:
        """The PREPARE of this statement: what is known by now as literals, what a call gives as parameters."""
        literals = {name: cursor.mogrify("%s", (value,)).decode() for name, value in self.values.items()}
        numbers = {name: f"${number}" for number, name in enumerate(self.parameters, 1)}
        types = ", ".join(_given_type(name) for name in self.parameters)
        return f"PREPARE {self.name}{f' ({types})' if types else ''} AS {self.sql % (literals | numbers)}"

    @cached_property
    def _compiled(self) -> Any:
        return self.clause.compile(dialect=_DIALECT)


def _given_type(parameter: str) -> str:
    """The SQL type of an ambient parameter; PostgreSQL infers the others."""
    return str(_sql_type(TYPES[parameter]())) if parameter in TYPES else "unknown"


def _sql_type(known: TypeEngine) -> str | None:
    if isinstance(known, NullType):
        return None
    return "TEXT" if isinstance(known, String) else str(known.compile(dialect=_DIALECT))
