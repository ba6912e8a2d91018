"""Finding the header: it may stand below title lines, in two rows, and go by the names that merchants' programs use."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, zip_longest

from app.sheets.cells import Cell, plain
from app.sheets.rows import Row

FIRST_ROWS = 10  # that are not blank; the header must start among them
LONGEST_HEADING = 100  # characters, remarks included
_REMARK = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|必填|选填")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: our name for it, its title in the template and in English, the other headings that it may have in a file.

    `clean` makes of a cell what is meant by it. A required one may be missing where the one named `instead` is there.
    """

    name: str
    title: str
    english: str
    clean: Callable[[str, str, bool], Cell]
    words: tuple[str, ...] = ()
    required: bool = True
    instead: str = ""

    def is_named(self, word: str) -> bool:
        return simplified(word) in _simplified((self.name, self.title, self.english, *self.words))


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns are, what the file calls them, and at which of the looked at rows the data begin."""

    columns: dict[int, Heading]
    titles: dict[str, str]
    width: int
    end: int


@dataclass(frozen=True, slots=True)
class Miss:
    """The row that comes closest to a header: what it lacks, or which columns could be the same."""

    row: int
    found: int
    missing: tuple[Heading, ...]
    alike: tuple[str, ...] = ()


Line = tuple[list[str], list[Heading | None]]
"""The cells of a row, and the heading that each of them is."""


def simplified(word: str) -> str:
    """A heading without remarks such as （必填）, asterisks, spaces, line breaks and case."""
    word = unicodedata.normalize("NFKC", plain(word))
    kept = "".join(filter(str.isalnum, _REMARK.sub("", word)))
    return (kept or "".join(filter(str.isalnum, word))).casefold()


def find(rows: Sequence[Row], headings: Sequence[Heading]) -> Header | Miss:
    """The first header among these rows, none of them blank; else what comes closest to one."""
    misses: tuple[list[Miss], list[Miss]] = ([], [])  # of one row, of two
    lines = [[_named(cell[:LONGEST_HEADING], headings) for cell in row.cells] for row in rows]
    single = list(zip((row.cells for row in rows), lines, strict=True))
    double = [*(_joined(*pair) for pair in pairwise(single)), None]
    for at, row in enumerate(rows[:FIRST_ROWS]):
        for depth, line in enumerate((single[at], double[at])):
            header = _header(row.number, *line, headings, at + depth + 1) if line else None
            if isinstance(header, Header):
                return header
            misses[depth].extend([header] if header else [])
    return max((*misses[0], *misses[1]), key=lambda miss: miss.found)


def _named(word: str, headings: Sequence[Heading]) -> Heading | None:
    return next((heading for heading in headings if heading.is_named(word)), None) if word else None


@cache
def _simplified(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(simplified, words))


def _joined(upper: Line, lower: Line) -> Line | None:
    """Two rows as one header: the lower one's heading where it has one; None if the lower has data below a heading."""
    cells: list[str] = []
    found: list[Heading | None] = []
    for (above, top), (below, bottom) in zip_longest(zip(*upper, strict=True), zip(*lower, strict=True), fillvalue=("", None)):
        if top is not None and bottom is None and plain(below):
            return None
        cells.append(above if bottom is None and top is not None else below)
        found.append(bottom or top)
    return cells, found


def _header(
    row: int, cells: Sequence[str], found: Sequence[Heading | None], headings: Sequence[Heading], end: int
) -> Header | Miss:
    places = {heading.name: [at for at, each in enumerate(found) if each is heading] for heading in headings}
    titles = [" ".join(cell.split()) for cell in cells]
    missing = tuple(each for each in headings if each.required and not places[each.name] and not places.get(each.instead))
    twice = next((each for each in places.values() if len(each) > 1), [])
    if missing or twice:
        alike = tuple(titles[at] for at in twice)
        return Miss(row, sum(map(bool, places.values())), missing, () if missing else alike)
    columns = {at: heading for at, heading in enumerate(found) if heading is not None}
    return Header(columns, {heading.name: titles[at] for at, heading in columns.items()}, len(cells), end)
