"""Reading a spreadsheet that a merchant sends, in bounded memory: its content tells whether it is CSV or XLSX."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.errors import BadEncoding, BrokenFile, EmptyFile, TooManyRows, UnsupportedFile, WrongColumns
from app.sheets import xlsx
from app.sheets.writing import FORMULA
from app.sheets.xlsx_parts import MAX_COLUMNS

MAX_ROWS = 10_000
BEYOND = "…"  # the key of the first cell to the right of the last heading
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: our name for it, and the headings that it may have in a file, the template's own first."""

    name: str
    words: tuple[str, ...]
    required: bool = True

    def is_named(self, word: str) -> bool:
        return word in (self.name, *(own.lower() for own in self.words))


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that is not blank: its number as spreadsheet programs count, and the cells under the known headings."""

    number: int
    cells: dict[str, str]


def read(file: BinaryIO, headings: tuple[Heading, ...]) -> list[SheetRow]:
    """The rows below the headings; columns with other headings are left out.

    Raises UnsupportedFile, BadEncoding, BrokenFile, TooLarge, EmptyFile, WrongColumns, TooManyRows.
    """
    rows = ((number, cells) for number, cells in _rows(file) if any(cells))
    _, header = next(rows, (0, []))
    if not header:
        raise EmptyFile
    columns = _columns(header, headings)
    found = list(_under(rows, columns, len(header)))
    if not found:
        raise EmptyFile
    return found


def plain(cell: str) -> str:
    """The cell without the tab or the quote that an export put before it (see `services/spreadsheets.py`)."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell


def _rows(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    start = file.read(4)
    file.seek(0)
    if start == _ZIP:
        return ((number, [plain(cell) for cell in cells]) for number, cells in xlsx.rows(file))
    if start == _OLE:
        raise UnsupportedFile
    return ((number, [plain(cell) for cell in cells]) for number, cells in enumerate(_csv(_text_of(file.read())), 1))


def _text_of(content: bytes) -> str:
    if content.startswith(_UTF_16):
        raise BadEncoding
    if b"\0" in content:
        raise UnsupportedFile
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadEncoding


def _csv(text: str) -> Iterator[list[str]]:
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield cells[:MAX_COLUMNS]
    except csv.Error:
        raise BrokenFile from None


def _columns(header: list[str], headings: tuple[Heading, ...]) -> dict[int, str]:
    words = [word.strip("*").strip().lower() for word in header]
    found = {heading.name: [place for place, word in enumerate(words) if heading.is_named(word)] for heading in headings}
    for heading in headings:
        if len(found[heading.name]) > 1 or (heading.required and not found[heading.name]):
            raise WrongColumns(columns=", ".join(each.words[0] for each in headings if each.required))
    return {places[0]: name for name, places in found.items() if places}


def _under(rows: Iterable[tuple[int, list[str]]], columns: dict[int, str], width: int) -> Iterator[SheetRow]:
    for count, (number, cells) in enumerate(rows, 1):
        if count > MAX_ROWS:
            raise TooManyRows(limit=MAX_ROWS)
        known = {columns[place]: cell for place, cell in enumerate(cells) if cell and place in columns}
        beyond = next((cell for cell in cells[width:] if cell), "")
        yield SheetRow(number, {**known, **({BEYOND: beyond} if beyond else {})})
