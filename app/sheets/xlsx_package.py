"""The parts of an XLSX workbook and how they are related (ECMA-376, part 2), by names that any program may have written."""

import posixpath
import zipfile
from collections.abc import Iterator
from xml.parsers import expat

from app.sheets.xlsx_parts import Allowance, parser_of

_CHUNK = 64 * 1024
_USUAL_WORKBOOK = "/xl/workbook.xml"


class Package:
    """An archive whose parts go by rooted names in lower case with slashes, as the relations between them do."""

    def __init__(self, archive: zipfile.ZipFile, allowance: Allowance) -> None:
        self._archive = archive
        self._allowance = allowance
        self._names = {_rooted("/", name): name for name in archive.namelist()}

    def __contains__(self, part: object) -> bool:
        return part in self._names

    def workbook(self) -> str | None:
        """The part that the package is about, or where it usually is."""
        main = (part for kind, part in self.related("/").values() if kind == "officeDocument")
        return next((part for part in (*main, _USUAL_WORKBOOK) if part in self), None)

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """The kind and the name of each part that this one refers to, by the id of the relation."""
        folder, name = posixpath.split(part)
        relations = _rooted(folder, f"_rels/{name}.rels")
        found: dict[str, tuple[str, str]] = {}

        def relation(element: str, attributes: dict[str, str]) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes["Id"]] = kind, _rooted(folder, attributes["Target"])

        if relations in self:
            self.parse(relations, parser_of(self._allowance, relation))
        return found

    def parse(self, part: str, parser: expat.XMLParserType) -> None:
        for _ in self.fed(part, parser):
            pass

    def fed(self, part: str, parser: expat.XMLParserType) -> Iterator[None]:
        """Feed a part to a parser, a step for each chunk, so that what it found can be taken."""
        with self._archive.open(self._names[part]) as content:
            while chunk := content.read(_CHUNK):
                parser.Parse(chunk)
                yield
            parser.Parse(b"", True)
            yield


def _rooted(folder: str, name: str) -> str:
    """The name of a part as seen from a folder; some programs write backslashes, or the root before it."""
    return posixpath.normpath(posixpath.join("/" + folder.lstrip("/"), name.replace("\\", "/"))).replace("//", "/").lower()
