"""Reading a spreadsheet that a merchant sends, in bounded memory: its content tells what it is."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import BinaryIO

from app.errors import EmptyFile, RepeatedColumns, SeveralTables, TooManyRows, WrongColumns
from app.sheets import delimited, xls, xlsx
from app.sheets.cells import plain
from app.sheets.headers import FIRST_ROWS, LONGEST_HEADING, Header, Heading, Miss, find
from app.sheets.rows import Fault, Merge, Row, Table, fault

MAX_ROWS = 10_000
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_BEYOND = "has more cells than the header, here “{value}”: put a text with a comma in quotes, or give the column a heading"


@dataclass(slots=True)
class SheetRow:
    """A row with a cell under a known heading: its number as spreadsheet programs count, its cells, and their faults."""

    number: int
    cells: dict[str, str]
    faults: list[Fault] = field(default_factory=list)
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file; `titles` are the headings as the file has them, by our names.

    Rows that are `hidden`, by a filter for one, and those that are not filled in yet (`skipped`) are only counted.
    """

    rows: list[SheetRow]
    titles: dict[str, str]
    hidden: int
    skipped: int


def read(file: BinaryIO, headings: Sequence[Heading], *, filled: Collection[str]) -> Sheet:
    """The rows below the headings; columns with other headings are left out.

    A row is filled in when it has a cell in one of the columns `filled`.
    Raises UnsupportedFile, OtherFile, ProtectedFile, BadEncoding, BrokenFile, TooLarge, EmptyFile, WrongColumns,
    RepeatedColumns, SeveralTables, TooManyRows.
    """
    with _opened(file) as (tables, alternatives):
        table, header, rows = _only(list(_headed(tables, headings, alternatives=alternatives)))
        found = list(_under(rows, header, typed=table.typed))
    if not found:
        raise EmptyFile
    _fill_down(found, table.merged, header)
    shown = [row for row in found if not row.hidden]
    kept = [row for row in shown if row.faults or not row.cells.keys().isdisjoint(filled)]
    return Sheet(kept, header.titles, hidden=len(found) - len(shown), skipped=len(shown) - len(kept))


@contextmanager
def _opened(file: BinaryIO) -> Iterator[tuple[list[Table], bool]]:
    """The tables of a file, and whether they are alternatives to each other."""
    start = file.read(4)
    file.seek(0)
    if start == _ZIP:
        with xlsx.opened(file) as tables:
            yield tables, False
    elif start == _OLE:
        yield xls.tables(file.read()), False
    else:
        yield delimited.tables(delimited.decoded(file.read())), True


Headed = tuple[Table, Header, Iterator[Row]]


def _headed(tables: Iterable[Table], headings: Sequence[Heading], *, alternatives: bool) -> Iterator[Headed]:
    """The tables that have the header, with the rows below it, of which there are some; of alternatives the first.

    Raises EmptyFile when they are all empty, WrongColumns and RepeatedColumns when none has the header.
    """
    misses: list[tuple[Table, Miss]] = []
    empty = 0
    for table in tables:
        rows = (row for row in table.rows if row.fault is not None or any(map(plain, row.cells)))
        first = list(islice(rows, FIRST_ROWS + 1))
        readable = [row for row in first if row.fault is None]
        header = find(readable, headings) if readable else None
        if alternatives and not first:
            raise EmptyFile
        if isinstance(header, Miss):
            misses.append((table, header))
        elif header is not None:
            begin = first.index(readable[header.end - 1]) + 1
            rest = first[begin:]
            more = next(rows, None)
            if rest or more is not None:
                yield table, header, chain(rest, [more] if more is not None else [], rows)
            empty += 1
            if alternatives:
                return
    if not empty:
        _refuse(misses)


def _refuse(misses: Sequence[tuple[Table, Miss]]) -> None:
    if not misses:
        raise EmptyFile
    table, miss = max(misses, key=lambda each: each[1].found)
    if miss.alike:
        raise RepeatedColumns(sheet=table.place, row=miss.row, columns=", ".join(miss.alike))
    chinese = "、".join(heading.title for heading in miss.missing)
    english = ", ".join(heading.english for heading in miss.missing)
    raise WrongColumns(sheet=table.place, row=miss.row, columns_zh=chinese, columns_en=english)


def _only(found: Sequence[Headed]) -> Headed:
    if not found:
        raise EmptyFile
    if len(found) > 1:
        raise SeveralTables(sheets=", ".join(str(table.place) for table, _, _ in found))
    return found[0]


def _under(rows: Iterable[Row], header: Header, *, typed: bool) -> Iterator[SheetRow]:
    for count, row in enumerate(rows, 1):
        if count > MAX_ROWS:
            raise TooManyRows(limit=MAX_ROWS)
        found = _row(row, header, typed=typed)
        if found.cells or found.faults:
            yield found


def _row(row: Row, header: Header, *, typed: bool) -> SheetRow:
    """The row's cells under known headings; none of a row that only repeats the header."""
    if row.fault is not None:
        return SheetRow(row.number, {}, [row.fault])
    found = SheetRow(row.number, {}, hidden=row.hidden)
    repeats = True
    for place, heading in header.columns.items():
        raw = row.cells[place] if place < len(row.cells) else ""
        cell = heading.clean(heading.name, raw, typed)
        if cell.text:
            found.cells[heading.name] = cell.text
            found.faults.extend([cell.fault] if cell.fault else [])
            repeats = repeats and len(raw) <= LONGEST_HEADING and heading.is_named(raw)
    if repeats and found.cells:
        return replace(found, cells={})
    beyond = "" if typed else next(filter(None, map(plain, row.cells[header.width :])), "")
    if beyond and found.cells:
        found.faults.append(fault("cells_beyond", _BEYOND, value=_short(beyond)))
    return found


def _short(text: str) -> str:
    return f"{text[:50]}…" if len(text) > 50 else text


def _fill_down(rows: list[SheetRow], merged: Iterable[Merge], header: Header) -> None:
    """Give every row the value of the merged cell that it is part of; in a sheet, merged cells do not overlap."""
    rows = sorted(rows, key=lambda row: row.number)
    numbers = [row.number for row in rows]
    filled = dict.fromkeys(header.columns, 0)  # up to which row
    for first, last, place in sorted(merged):
        start = bisect_left(numbers, first)
        if first <= filled.get(place, first) or start == len(rows) or numbers[start] != first:
            continue
        filled[place] = last
        top, name = rows[start], header.columns[place].name
        for row in rows[start + 1 : bisect_right(numbers, last)] if name in top.cells else ():
            if name not in row.cells:
                row.cells[name] = top.cells[name]
                row.faults.extend(each for each in top.faults if each["loc"] == (name,))
