"""Text in columns: CSV as Excel, WPS, LibreOffice and other shops write it, in any of their encodings and separators."""

import codecs
import csv
import re
from collections.abc import Iterator

from app.errors import BadEncoding, UnsupportedFile
from app.sheets.kinds import refuse_text
from app.sheets.rows import MAX_COLUMNS, Row, Table, fault

SEPARATORS = (",", "\t", ";", "|")
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
LONGEST_RECORD = 100  # lines; a quote that is not closed by then is a mistake
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_UNREADABLE = "cannot be read: see whether every quote is closed at line {line} of the file"


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or GB18030; raises OtherFile, UnsupportedFile, BadEncoding."""
    refuse_text(content[:4096])
    wide = _UTF_16.get(content[:2]) or _without_mark(content)
    if wide is None and b"\0" in content:
        raise UnsupportedFile
    for encoding in (wide,) if wide else ("utf-8", "gb18030"):
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise BadEncoding


def tables(text: str) -> list[Table]:
    """The text as a table, once for each separator that it may have."""
    lines = lines_of(text)
    first = lines[0].strip() if lines else ""
    if first.lower().startswith("sep=") and len(first) == len("sep=") + 1:
        return [Table(1, _rows(lines, first[-1], 1), typed=False)]
    return [Table(1, _rows(lines, separator), typed=False) for separator in SEPARATORS]


def lines_of(text: str) -> list[str]:
    """The lines with their ends, which may be those of any system."""
    return _LINE.findall(text)


def records(lines: list[str], separator: str, start: int = 0) -> Iterator[tuple[int, list[str] | None]]:
    """Each record with its first line's number; None where it is broken, which costs no more than that line."""
    at = start
    while at < len(lines):
        reader = csv.reader(
            (lines[each] for each in range(at, min(at + LONGEST_RECORD, len(lines)))), delimiter=separator, strict=True
        )
        try:
            cells = next(reader)
        except csv.Error:
            yield at + 1, None
            at += 1
        else:
            yield at + 1, cells
            at += reader.line_num


def _rows(lines: list[str], separator: str, start: int = 0) -> Iterator[Row]:
    for number, (line, cells) in enumerate(records(lines, separator, start), start + 1):
        if cells is None:
            yield Row(number, [], fault=fault("unreadable_row", _UNREADABLE, line=line))
        else:
            yield Row(number, cells[:MAX_COLUMNS])


def _without_mark(content: bytes) -> str | None:
    """UTF-16 by where its zeros are, in a file without a byte order mark."""
    start = content[:4096]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if even + odd < max(4, len(start) // 20) or (even and odd):
        return None
    return "utf-16-be" if even else "utf-16-le"
