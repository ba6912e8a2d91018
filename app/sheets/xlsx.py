"""The first sheet of an XLSX workbook (ECMA-376), row by row, holding no more than one row and the shared texts.

Spreadsheet libraries lay a sheet out as a grid, so a file of 1 kB with a cell in its last corner takes all memory. Elements
and shared texts are counted, because a few bytes of a file can stand for many of them.
"""

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from app.errors import BrokenFile, TooLarge, UnsupportedFile
from app.sheets.xlsx_parts import Allowance, Rows, Texts, local, parser_of

MAX_UNZIPPED = 30_000_000  # bytes
MAX_MEMBERS = 1000
_CHUNK = 64 * 1024
_WORKBOOK = "xl/workbook.xml"
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError, EOFError, LookupError, ValueError)


def rows(file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each row that has any. Raises UnsupportedFile, BrokenFile, TooLarge."""
    try:
        with zipfile.ZipFile(file) as archive:
            _check_size(archive)
            if _WORKBOOK not in archive.namelist():
                raise UnsupportedFile
            allowance = Allowance()
            sheet, texts = _first_sheet(archive, allowance), Texts()
            for name in dict.fromkeys(archive.namelist()):
                if name.lower() == "xl/sharedstrings.xml":
                    _parse(archive, name, texts.parser(allowance))
            found = Rows(texts.found, allowance)
            parser = found.parser()
            for _ in _fed(archive, sheet, parser):
                yield from found.taken()
    except _DAMAGE:
        raise BrokenFile from None
    except RuntimeError:  # what zipfile says of a member with a password
        raise UnsupportedFile from None


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


def _first_sheet(archive: zipfile.ZipFile, allowance: Allowance) -> str:
    sheets: list[str] = []
    targets: dict[str, str] = {}

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            sheets.extend(value for key, value in attributes.items() if local(key) == "id")

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    _parse(archive, _WORKBOOK, parser_of(allowance, sheet))
    _parse(archive, "xl/_rels/workbook.xml.rels", parser_of(allowance, relation))
    return posixpath.normpath(posixpath.join("/xl", targets[sheets[0]])).lstrip("/")


def _parse(archive: zipfile.ZipFile, name: str, parser: expat.XMLParserType) -> None:
    for _ in _fed(archive, name, parser):
        pass


def _fed(archive: zipfile.ZipFile, name: str, parser: expat.XMLParserType) -> Iterator[None]:
    """Feed a member to a parser; a step for each part, so that what it found can be taken."""
    with archive.open(name) as content:
        while chunk := content.read(_CHUNK):
            parser.Parse(chunk)
            yield
        parser.Parse(b"", True)
        yield
