"""Writing what a statement finds as CSV or XLSX, in constant memory, so that spreadsheet programs show it as it is meant.

Text that a program would take for a formula is preceded by a quote (OWASP, CSV Injection). In CSV, digits that are no number
are preceded by a tab, as Chinese shops do: otherwise 1391234567890123 becomes 1.39E+15.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, islice
from typing import Any, BinaryIO

from rustpy_xlsxwriter import write_worksheet
from sqlalchemy import TIMESTAMP, case, cast, func, literal
from sqlalchemy.dialects.postgresql import array

from app.db.statement import Statement
from app.db.work import Work
from app.errors import TooManyRows

FORMULA = tuple("=+-@\t\r＝＋－＠")
MAX_XLSX_ROWS = 1_048_575  # a sheet's, less the header
BOM = b"\xef\xbb\xbf"
TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"


class Kind(Enum):
    TEXT = auto()
    SAFE = auto()  # text that is no formula: our own, or `escaped` already
    CODE = auto()  # text that may consist of digits
    NUMBER = auto()
    TIME = auto()  # Unix seconds


_QUOTED = (Kind.TEXT, Kind.SAFE, Kind.CODE)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: what heads it, and the expression that fills it."""

    heading: str
    kind: Kind
    value: Any


def write(
    work: Work,
    file_format: str,
    file: BinaryIO,
    columns: Sequence[Column],
    rows: Callable[[list[Any]], Any],
    **parameters: Any,
) -> None:
    """Write the file; `rows` makes the select of the expressions that it is given. Raises TooManyRows for XLSX only."""
    if file_format == "csv":
        quoted = [column.heading for column in columns if column.kind in _QUOTED]
        statement = Statement(rows([_in_csv(column).label(column.heading) for column in columns]))
        file.write(BOM)
        work.copy(statement, file, quoted=quoted, **parameters)
    else:
        statement = Statement(rows([_in_xlsx(column).label(column.heading) for column in columns]))
        with closing(work.stream(statement, **parameters)) as found:
            write_xlsx(file, [column.heading for column in columns], found)


def write_xlsx(file: BinaryIO, headings: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    """Write a workbook with one sheet; raises TooManyRows, OSError."""
    first = list(islice(rows, 1)) or [(None,) * len(headings)]
    records = (dict(zip(headings, row, strict=True)) for row in _not_too_many(chain(first, rows)))
    with _panics_as_errors():
        write_worksheet(records, file, freeze_row=1, bold_headers=True, column_width=18, datetime_format=TIME_FORMAT)


@contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Raise OSError where the library panics because it cannot write, RuntimeError where it panics for another reason.

    A panic is a BaseException that has no importable name, so nothing up the stack would catch it.
    """
    try:
        yield
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":
            raise
        raise (OSError if "Os {" in str(panic) else RuntimeError)(str(panic)) from None


def _not_too_many(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    yield from islice(rows, MAX_XLSX_ROWS)
    if next(rows, None) is not None:
        raise TooManyRows(limit=MAX_XLSX_ROWS)


def _in_csv(column: Column) -> Any:
    if column.kind is Kind.CODE:
        return case((_starts_with(column.value, "0123456789"), literal("\t") + column.value), else_=escaped(column.value))
    return _in_xlsx(column)


def _in_xlsx(column: Column) -> Any:
    if column.kind is Kind.TIME:
        return cast(func.to_timestamp(column.value), TIMESTAMP)
    return escaped(column.value) if column.kind in (Kind.TEXT, Kind.CODE) else column.value


def escaped(text: Any) -> Any:
    """The text as a cell's: none that a program takes for a formula."""
    return case((_starts_with(text, FORMULA), literal("'") + text), else_=text)


def _starts_with(text: Any, characters: Sequence[str]) -> Any:
    return func.left(text, 1) == func.any(array(characters))
