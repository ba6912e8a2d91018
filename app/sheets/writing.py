"""Writing rows as XLSX in constant memory, and what both formats need so that spreadsheet programs show them as meant."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import BinaryIO

from rustpy_xlsxwriter import Format, write_worksheet

from app.errors import TooManyRows

FORMULA = tuple("=+-@\t\r＝＋－＠")  # a text that starts with one of these is taken for a formula (OWASP, CSV Injection)
MAX_XLSX_ROWS = 1_048_575  # a sheet's, less the header
BOM = b"\xef\xbb\xbf"  # a CSV file begins with it, or Excel takes the file for GBK
TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"


def write_xlsx(
    file: BinaryIO, headings: Sequence[str], rows: Iterator[tuple[object, ...]], *, texts: Collection[str] = ()
) -> None:
    """Write a workbook with one sheet, in which what is typed under the headings `texts` stays text.

    Raises TooManyRows, OSError.
    """
    first = list(islice(rows, 1)) or [(None,) * len(headings)]
    records = (dict(zip(headings, row, strict=True)) for row in _not_too_many(chain(first, rows)))
    as_text = dict.fromkeys(texts, Format().set_num_format("@"))
    with _panics_as_errors():
        write_worksheet(
            records,
            file,
            freeze_row=1,
            bold_headers=True,
            column_width=18,
            column_formats=as_text,
            datetime_format=TIME_FORMAT,
        )


@contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Raise OSError where the library panics because it cannot write, RuntimeError where it panics for another reason.

    A panic is a BaseException whose class cannot be imported, so no handler up the stack would catch it.
    """
    try:
        yield
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":
            raise
        raise (OSError if "Os {" in str(panic) else RuntimeError)(str(panic)) from None


def _not_too_many(rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    yield from islice(rows, MAX_XLSX_ROWS)
    if next(rows, None) is not None:
        raise TooManyRows(limit=MAX_XLSX_ROWS)
