"""Statements: written once at import, compiled once into the SQL that psycopg2 sends."""

import itertools
import re
from typing import Any

from sqlalchemy.dialects.postgresql import psycopg2 as psycopg2_dialect

_numbers = itertools.count()


_PARAMETER = re.compile(r"%\((\w+)\)s")


_INTEGERS = ("now", "actor_id", "auto_receive", "answer", "return_goods", "return_receive", "after_sale", "ship")


_TYPES = {"actor_kind": "text", "session": "text", "request_id": "text", "trusted": "boolean"} | dict.fromkeys(
    _INTEGERS, "integer"
)  # of the parameters that `Work` gives to every statement; PostgreSQL infers the others


class Statement:
    """A Core statement, compiled once into the SQL that psycopg2 sends.

    `guarded`: it proves the caller's session by itself (see `db/caller.py`).
    `whole`: it is a complete change by itself, so it needs no transaction around it.
    Both kinds are the ones called often: each connection keeps them prepared, for planning costs more than running them;
    unless they are `varied`, so that the right plan depends on what is looked for.
    """

    __slots__ = ("call", "guarded", "kept", "name", "sql", "values", "whole")

    def __init__(self, clause: Any, *, guarded: bool = False, whole: bool = False, varied: bool = False) -> None:
        compiled = clause.compile(dialect=psycopg2_dialect.dialect())
        self.sql = str(compiled)
        self.values = {name: value for name, value in compiled.params.items() if value is not None}
        self.guarded = guarded
        self.whole = whole
        self.kept = (guarded or whole) and not varied
        self.name = f"statement_{next(_numbers)}"
        given = ", ".join(f"%({name})s" for name in self._parameters())
        self.call = f"EXECUTE {self.name} ({given})" if given else f"EXECUTE {self.name}"

    def preparation(self, cursor: Any) -> str:
        """The PREPARE of this statement: what is known by now as literals, what a call gives as parameters."""
        parameters = self._parameters()

        def written(found: re.Match[str]) -> str:
            name = found[1]
            if name in self.values:
                return str(cursor.mogrify("%s", (self.values[name],)).decode())
            return f"${parameters.index(name) + 1}"

        sql = _PARAMETER.sub(written, self.sql).replace("%%", "%")
        types = ", ".join(_TYPES.get(name, "unknown") for name in parameters)
        return f"PREPARE {self.name}{f' ({types})' if types else ''} AS {sql}"

    def _parameters(self) -> list[str]:
        return [name for name in dict.fromkeys(_PARAMETER.findall(self.sql)) if name not in self.values]
