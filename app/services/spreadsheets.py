"""What a statement finds, as CSV or XLSX: PostgreSQL makes each cell so that spreadsheet programs show it as it is meant.

In CSV, text that a program would take for a formula gets a quote before it (OWASP, CSV Injection), and digits that are not a
number get a tab, as Chinese shops do: otherwise 1391234567890123 becomes 1.39E+15. In XLSX a text is a text.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO

from sqlalchemy import TIMESTAMP, case, cast, func, literal
from sqlalchemy.dialects.postgresql import array

from app.db.statement import Statement
from app.db.types import Condition, Expression, Query
from app.db.work import Work
from app.sheets.writing import BOM, FORMULA, write_xlsx


class Kind(Enum):
    TEXT = auto()
    SAFE = auto()  # text that cannot be a formula: our own, or `escaped` already in CSV
    CODE = auto()  # text that may consist of digits
    NUMBER = auto()
    TIME = auto()  # Unix seconds


_QUOTED = (Kind.TEXT, Kind.SAFE, Kind.CODE)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: its heading, and the expression that fills it; another one in CSV where it is `escaped` already."""

    heading: str
    kind: Kind
    value: Expression
    in_csv: Expression | None = None


def write(
    work: Work,
    file_format: str,
    file: BinaryIO,
    columns: Sequence[Column],
    rows: Callable[[list[Expression]], Query],
    **parameters: object,
) -> None:
    """Write a file; `rows` makes the select of the expressions that it is given. Raises TooManyRows for XLSX only."""
    if file_format == "csv":
        quoted = [column.heading for column in columns if column.kind in _QUOTED]
        statement = Statement(rows([_in_csv(column).label(column.heading) for column in columns]))
        file.write(BOM)
        work.copy(statement, file, quoted=quoted, **parameters)
    else:
        statement = Statement(rows([_in_xlsx(column).label(column.heading) for column in columns]))
        texts = [column.heading for column in columns if column.kind is Kind.CODE]
        with closing(work.stream(statement, **parameters)) as found:
            write_xlsx(file, [column.heading for column in columns], found, texts=texts)


def _in_csv(column: Column) -> Expression:
    if column.in_csv is not None:
        return column.in_csv
    if column.kind is Kind.CODE:
        return case((_starts_with(column.value, "0123456789"), literal("\t") + column.value), else_=escaped(column.value))
    return escaped(column.value) if column.kind is Kind.TEXT else _in_xlsx(column)


def _in_xlsx(column: Column) -> Expression:
    return cast(func.to_timestamp(column.value), TIMESTAMP) if column.kind is Kind.TIME else column.value


def escaped(text: Expression) -> Expression:
    """The text as a cell: with a quote before it where a program would take it for a formula."""
    return case((_starts_with(text, FORMULA), literal("'") + text), else_=text)


def _starts_with(text: Expression, characters: Sequence[str]) -> Condition:
    return func.left(text, 1) == func.any(array(characters))
