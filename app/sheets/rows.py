"""What every reader of a file gives: tables of rows, whatever format they were in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

MAX_COLUMNS = 256
MAX_CELL = 300  # characters; more than any column of ours takes, so the rest of a longer one makes no difference


class Fault(TypedDict):
    """What is wrong with a cell or a row: its kind, the column by our name (none for the whole row), the words in English.

    `ctx` is what the words are filled in with, in either language.
    """

    type: str
    loc: tuple[str, ...]
    msg: str
    ctx: dict[str, Any]


class Row(NamedTuple):
    """A row as spreadsheet programs count it; `fault` where it could not be read."""

    number: int
    cells: list[str]
    hidden: bool = False
    fault: Fault | None = None


class Merge(NamedTuple):
    """Merged cells, of which only the first has a value: rows as they are counted, the first column from 0."""

    first: int
    last: int
    column: int


@dataclass(slots=True)
class Table:
    """A sheet of a workbook, or a text file."""

    place: int  # of the sheet in its workbook, from 1
    rows: Iterator[Row]
    typed: bool  # whether it tells a text of digits from a number
    merged: list[Merge] = field(default_factory=list)  # complete once all rows have been read


def fault(kind: str, words: str, *where: str, **values: Any) -> Fault:
    """A fault with its words in English, filled in with the values."""
    return {"type": kind, "loc": where, "msg": words.format(**values), "ctx": values}
