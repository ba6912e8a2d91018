"""The parts of an XLSX workbook, as they are collected while its XML is parsed: the shared texts, and the rows of a sheet."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

from app.errors import BrokenFile, TooLarge

MAX_COLUMNS = 256
MAX_DEPTH = 100
MAX_CELL = 300  # characters; more than any column of ours takes, so the rest of a longer one makes no difference
LAST_ROW = 1_048_576
_CELL = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")


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
            self.found.append(_text_of(self._parts))

    def _text(self, text: str) -> None:
        if self._inside[-1] == "t" and "rPh" not in self._inside:  # rPh tells how the text is read aloud
            _add(self._parts, text)


class Rows:
    """The rows of a sheet, collected while it is parsed."""

    def __init__(self, texts: list[str], allowance: Allowance) -> None:
        self._texts = texts
        self._allowance = allowance
        self._rows: list[tuple[int, list[str]]] = []
        self._number = 0
        self._cells: dict[int, str] = {}
        self._column = -1
        self._kind = ""
        self._part = ""
        self._value: list[str] = []

    def parser(self) -> expat.XMLParserType:
        return parser_of(self._allowance, self._start, self._end, self._text)

    def taken(self) -> list[tuple[int, list[str]]]:
        """The rows that are complete, once."""
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            if not 1 <= self._number <= LAST_ROW:
                raise BrokenFile
            self._cells, self._column = {}, -1
        elif name == "c":
            self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
            self._kind, self._value = attributes.get("t", "n"), []
        elif name in ("v", "t", "rPh"):
            self._part = name

    def _end(self, name: str) -> None:
        self._part = ""
        if name == "c" and self._value and self._column < MAX_COLUMNS:
            shown = self._cells[self._column] = self._shown(_text_of(self._value))
            self._allowance.characters -= len(shown)
            if self._allowance.characters < 0:
                raise TooLarge
        elif name == "row" and self._cells:
            self._rows.append((self._number, [self._cells.get(place, "") for place in range(max(self._cells) + 1)]))

    def _text(self, text: str) -> None:
        if self._part in ("v", "t"):
            _add(self._value, text)

    def _shown(self, value: str) -> str:
        if self._kind == "s":
            return self._texts[int(value)]
        if self._kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        return _number(value) if self._kind == "n" else value


def _add(parts: list[str], part: str) -> None:
    """Add to the parts of a cell's text while it is not too long."""
    if len(parts) <= MAX_CELL:
        parts.append(part)


def _text_of(parts: list[str]) -> str:
    """The text of a cell, cut where it is too long: by the mark at its end it is no value of ours."""
    text = "".join(parts)
    return text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}…"


def _number(text: str) -> str:
    """A number's digits; one beyond the 15 digits that spreadsheets keep stays in the form that shows the loss."""
    number = float(text)
    if abs(number) >= 1e15:
        return f"{number:E}"
    return str(int(number)) if number.is_integer() else repr(number)


def _column(reference: str) -> int:
    match = _CELL.fullmatch(reference)
    if match is None:
        raise BrokenFile
    place = 0
    for letter in match[1]:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


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
