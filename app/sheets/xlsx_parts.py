"""What an XLSX workbook holds, collected while its XML is parsed: the shared texts, the number formats, the rows of a sheet."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

from app.errors import BrokenFile, TooLarge
from app.sheets.numbers import shown
from app.sheets.rows import MAX_CELL, MAX_COLUMNS, Merge, Row

MAX_DEPTH = 100
LAST_ROW = 1_048_576
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")  # a character that XML cannot hold (ECMA-376, ST_Xstring)


@dataclass(slots=True)
class Allowance:
    """What is left of what one file may hold; below 0 it is TooLarge."""

    elements: int = 2_000_000
    characters: int = 30_000_000  # of all cells together, shared texts counted as often as they are shown


class Texts:
    """The texts that cells share."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] = []
        self._inside: list[str] = []

    def parser(self, allowance: Allowance) -> expat.XMLParserType:
        return parser_of(allowance, self._start, self._end, self._text)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._inside.append(name)
        if name == "si":
            self._parts = []

    def _end(self, name: str) -> None:
        self._inside.pop()
        if name == "si":
            self.found.append(_unescaped(_text_of(self._parts)))

    def _text(self, text: str) -> None:
        if self._inside[-1] == "t" and "rPh" not in self._inside:  # rPh tells how the text is read aloud
            _add(self._parts, text)


class Formats:
    """The number formats of cells, by the number of their style."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}  # of formats that are not built in, by their id
        self.styles: list[str] = []  # the id of each style's format
        self._inside: list[str] = []

    def of(self, style: str) -> str:
        """The code of a style's format; empty for one that is built in, none of which adds zeros."""
        place = int(style)
        return self.codes.get(self.styles[place], "") if place < len(self.styles) else ""

    def parser(self, allowance: Allowance) -> expat.XMLParserType:
        return parser_of(allowance, self._start, self._end)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self.codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:MAX_CELL]
        elif name == "xf" and self._inside[-1:] == ["cellXfs"]:
            self.styles.append(attributes.get("numFmtId", ""))
        self._inside.append(name)

    def _end(self, name: str) -> None:
        self._inside.pop()


class Rows:
    """The rows of a sheet, and which of its cells are merged, collected while it is parsed."""

    def __init__(self, texts: list[str], formats: Formats, allowance: Allowance) -> None:
        self.merged: list[Merge] = []
        self._texts = texts
        self._formats = formats
        self._allowance = allowance
        self._rows: list[Row] = []
        self._number = 0
        self._hidden = False
        self._cells: dict[int, str] = {}
        self._column = -1
        self._kind = self._style = ""
        self._part = ""
        self._value: list[str] = []
        self._formula: list[str] | None = None

    def parser(self) -> expat.XMLParserType:
        return parser_of(self._allowance, self._start, self._end, self._text)

    def taken(self) -> list[Row]:
        """The rows that are complete, once."""
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            if not 1 <= self._number <= LAST_ROW:
                raise BrokenFile
            self._cells, self._column = {}, -1
            self._hidden = attributes.get("hidden") in ("1", "true")
        elif name == "c":
            self._column = _place(attributes["r"])[0] if "r" in attributes else self._column + 1
            self._kind, self._style, self._value = attributes.get("t", "n"), attributes.get("s", ""), []
            self._formula = None
        elif name in ("v", "t", "rPh", "f"):
            self._part = name
            if name == "f":
                self._formula = []
            elif name == "v" and self._kind != "n":
                self._formula = None  # it has been calculated, be it to an empty text
        elif name == "mergeCell":
            self._merge(attributes["ref"])

    def _end(self, name: str) -> None:
        self._part = ""
        if name == "c" and self._column < MAX_COLUMNS:
            self._add_cell()
        elif name == "row" and self._cells:
            cells = [self._cells.get(place, "") for place in range(max(self._cells) + 1)]
            self._rows.append(Row(self._number, cells, self._hidden))

    def _text(self, text: str) -> None:
        if self._part in ("v", "t"):
            _add(self._value, text)
        elif self._part == "f" and self._formula is not None:
            _add(self._formula, text)

    def _add_cell(self) -> None:
        """Keep what the cell shows; a formula that no program has calculated yet is shown itself."""
        if self._value:
            text = self._shown(_text_of(self._value))
        elif self._formula is not None:
            text = "=" + _text_of(self._formula)
        else:
            return
        self._cells[self._column] = text
        self._allowance.characters -= len(text)
        if self._allowance.characters < 0:
            raise TooLarge

    def _shown(self, value: str) -> str:
        if self._kind == "s":
            return self._texts[int(value)]
        if self._kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        if self._kind == "n":
            return shown(float(value), self._formats.of(self._style) if self._style else "")
        return _unescaped(value)

    def _merge(self, reference: str) -> None:
        corners = [_place(corner) for corner in reference.split(":")]
        (column, first), (_, last) = corners[0], corners[-1]
        if last > first and column < MAX_COLUMNS:
            self.merged.append(Merge(first, last, column))


def _add(parts: list[str], part: str) -> None:
    """Add to the parts of a cell's text while it is not too long."""
    if len(parts) <= MAX_CELL:
        parts.append(part)


def _text_of(parts: list[str]) -> str:
    """The text of a cell, cut where it is too long: by the mark at its end it is no value of ours."""
    text = "".join(parts)
    return text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}…"


def _unescaped(text: str) -> str:
    """The text with its `_xHHHH_` escapes read; what stands for half a character is dropped."""
    return _ESCAPE.sub(lambda escape: _character(int(escape[1], 16)), text) if "_x" in text else text


def _character(number: int) -> str:
    return "" if 0xD800 <= number < 0xE000 else chr(number)


def _place(reference: str) -> tuple[int, int]:
    """The column, from 0, and the row, from 1, of a cell."""
    match = _CELL.fullmatch(reference)
    if match is None:
        raise BrokenFile
    place = 0
    for letter in match[1]:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1, int(match[2])


def parser_of(
    allowance: Allowance,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] = lambda name: None,
    text: Callable[[str], None] = lambda text: None,
) -> expat.XMLParserType:
    """A parser that names elements without their namespace, and takes no document type, so no entities."""
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        allowance.elements -= 1
        if allowance.elements < 0:
            raise TooLarge
        if depth > MAX_DEPTH:
            raise BrokenFile
        start(local(name), attributes)

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(local(name))

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = started, ended, text
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*declaration: object) -> None:
    raise BrokenFile


def local(name: str) -> str:
    return name.rpartition(" ")[2]
