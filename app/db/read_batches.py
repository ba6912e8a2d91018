"""Reads that arrive together are one statement, as a data loader has it: each row has its own caller, and proves its session.

While the reads of a statement are carried out, new ones of it gather and are the next batch (see `batching.py`).
"""

import re
from functools import cached_property, lru_cache
from typing import Any, Final

import orjson
from psycopg2.errors import QueryCanceled

from app.db.async_driver import is_alone
from app.db.batching import MicroBatches
from app.db.connected import Connected
from app.db.failures import SPOILED
from app.db.statement import Statement
from app.ops import tracing

MOST = 16  # reads in a batch, each of which waits for all
PATIENCE = 0.05  # seconds after which a batch that takes longer holds up no more than itself
NOT_ASKED: Final = object()
_CALLS = "given_calls"
_FOR_EACH = (
    "SELECT {calls}.ordinality, answer.* FROM"
    " ROWS FROM (json_to_recordset(CAST(%({calls})s AS JSON)) AS ({types})) WITH ORDINALITY AS {calls}"
    " LEFT JOIN LATERAL ({answer}) AS answer ON TRUE"
)
_PARAMETER = re.compile(r"%\((\w+)\)s")


def row(statement: Statement, parameters: dict[str, Any]) -> Any:
    """The first row of a guarded statement that reads, inside `on_loop`; None if it has none.

    NOT_ASKED if the statement is none of these, or could not be carried out with the others: it has to be run alone.
    """
    reads = _reads_of(statement)
    return NOT_ASKED if reads is None else reads.row(parameters)


@lru_cache(maxsize=1000)
def _reads_of(statement: Statement) -> "_Reads | None":
    is_read = statement.guarded and statement.kept and not statement.whole
    return _Reads(statement) if is_read and None not in statement.types.values() else None


class ForMany(Statement):
    """Calls of one statement as one: they are given as a JSON array of objects, and each has a row, or one of nulls.

    Logs and traces name it after the function that asked first.
    """

    def __init__(self, one: Statement) -> None:
        super().__init__(one.clause, guarded=True)
        self.asker = tracing.asker_here()
        self._one = one

    @property
    def values(self) -> dict[str, Any]:
        """What is known by now of the one call's parameters."""
        return self._one.values

    @property
    def parameters(self) -> list[str]:
        """The one that has all calls."""
        return [_CALLS]

    @cached_property
    def sql(self) -> str:
        """Its SQL, a format string with the parameters by name."""
        types = ", ".join(f"{name} {type_}" for name, type_ in self._one.types.items())
        answer = _PARAMETER.sub(self._of_call, self._one.sql)
        return _FOR_EACH.format(calls=_CALLS, types=types, answer=answer)

    def _of_call(self, parameter: re.Match[str]) -> str:
        return f"{_CALLS}.{parameter[1]}" if parameter[1] in self._one.types else parameter[0]


class _Reads:
    """The reads of one statement."""

    def __init__(self, statement: Statement) -> None:
        self._names = statement.parameters
        self._alone = False
        self._for_many = ForMany(statement)
        self._batches: MicroBatches[str, Any] = MicroBatches(self._rows, most=MOST, patience=PATIENCE)

    def row(self, parameters: dict[str, Any]) -> Any:
        """As `row` above; one that comes alone, as the one before it did, has nobody to wait for."""
        before, self._alone = self._alone, is_alone()
        if before and self._alone:
            return NOT_ASKED
        call = orjson.dumps({name: parameters[name] for name in self._names})
        return self._batches.do(call.decode())

    def _rows(self, calls: list[str]) -> list[Any]:
        """One row for each call, None for a caller who is not let in; NOT_ASKED for all if one of them can't be answered."""
        try:
            with Connected() as reading:
                rows = reading.all(self._for_many, **{_CALLS: f"[{','.join(calls)}]"})
        except (*SPOILED, QueryCanceled):
            return [NOT_ASKED] * len(calls)
        answers: list[Any] = [None] * len(calls)
        for row in rows:
            if row.caller_status is not None:
                answers[row.ordinality - 1] = row
        return answers
