"""The sheets of an XLSX workbook (ECMA-376), row by row, holding no more than one row and the shared texts.

Spreadsheet libraries lay a sheet out as a grid, so a file of 1 kB with a cell in its last corner takes all memory. Elements
and shared texts are counted, because a few bytes of a file can stand for many of them.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from xml.parsers import expat

from app.errors import BrokenFile, ProtectedFile, TooLarge
from app.sheets.kinds import no_workbook, refuse_archive
from app.sheets.rows import Row, Table
from app.sheets.xlsx_package import Package
from app.sheets.xlsx_parts import Allowance, Formats, Rows, Texts, local, parser_of

MAX_UNZIPPED = 30_000_000  # bytes
MAX_MEMBERS = 1000
_CHUNK = 64 * 1024
_USUAL_TEXTS = "/xl/sharedstrings.xml"  # where some programs do not name it
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, EOFError, LookupError, ValueError)


@contextmanager
def opened(file: BinaryIO) -> Iterator[list[Table]]:
    """The visible sheets; raises UnsupportedFile, OtherFile, ProtectedFile, BrokenFile, TooLarge, also while rows are read."""
    with _damage():
        archive = zipfile.ZipFile(file)
    with archive:
        with _damage():
            tables = _tables(archive)
        yield tables


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except _DAMAGE:
        raise BrokenFile from None
    except RuntimeError:  # what zipfile says of a member with a password
        raise ProtectedFile from None


def _tables(archive: zipfile.ZipFile) -> list[Table]:
    refuse_archive(archive.namelist())
    _check_size(archive)
    allowance = Allowance()
    package = Package(archive, allowance)
    workbook = package.workbook()
    if workbook is None:
        raise no_workbook(archive.namelist())
    related = package.related(workbook)
    parts = {"sharedStrings": _USUAL_TEXTS, **dict(related.values())}
    texts, formats = Texts(), Formats()
    for kind, of_kind in (("sharedStrings", texts), ("styles", formats)):
        if parts.get(kind) in package:
            package.parse(parts[kind], of_kind.parser(allowance))
    sheets = [
        (place, related[sheet][1])
        for place, sheet in _visible(package, workbook, allowance)
        if related[sheet][0] == "worksheet"
    ]
    if not sheets:
        raise BrokenFile
    return [_table(package, place, part, Rows(texts.found, formats, allowance)) for place, part in sheets]


def _table(package: Package, place: int, part: str, found: Rows) -> Table:
    return Table(place, _rows(package, part, found), typed=True, merged=found.merged)


def _rows(package: Package, part: str, found: Rows) -> Iterator[Row]:
    with _damage():
        for _ in package.fed(part, found.parser()):
            yield from found.taken()


def _check_size(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that says it is too large, and one that is larger than it says."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNZIPPED:
        raise TooLarge
    left = MAX_UNZIPPED
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BrokenFile
        member.file_size = 2 * MAX_UNZIPPED  # so that all of it is read, whatever it says
        with archive.open(member) as content:
            while chunk := content.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise TooLarge


def _visible(package: Package, workbook: str, allowance: Allowance) -> list[tuple[int, str]]:
    """The place and the relation of every sheet that is not hidden."""
    sheets: list[tuple[str, str]] = []

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            state = attributes.get("state", "visible")
            sheets.extend((state, value) for key, value in attributes.items() if local(key) == "id")

    package.parse(workbook, parser_of(allowance, sheet))
    return [(place, relation) for place, (state, relation) in enumerate(sheets, 1) if state == "visible"]
