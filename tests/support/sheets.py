"""Spreadsheets as a merchant's own programs write and read them."""

import csv
import io
import zipfile
from typing import Any

from python_calamine import load_workbook
from rustpy_xlsxwriter import write_worksheet

from tests.support.api import Caller

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def csv_of(rows: list[list[Any]], encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_of(rows: list[list[Any]]) -> bytes:
    """A workbook as a library writes it; the first row must not repeat itself."""
    header, *others = rows
    file = io.BytesIO()
    write_worksheet([dict(zip(header, row, strict=True)) for row in others] or [dict.fromkeys(header)], file)
    return file.getvalue()


def xlsx_with(cells: str, *, shared: str = "", **members: bytes) -> bytes:
    """A workbook whose sheet has this XML for its rows, and whose shared texts this."""
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{SPREADSHEET}" xmlns:r="{RELATION}">'
        '<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        '<Relationship Id="rId1" Type="worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{cells}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{SPREADSHEET}">{shared}</sst>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **members}.items():
            archive.writestr(name, content)
    return file.getvalue()


def sent(caller: Caller, path: str, content: bytes, name: str = "parcels.csv", **options: Any) -> Any:
    return caller.call("POST", path, files={"file": (name, content)}, **options)


def read_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "Excel takes a CSV without BOM for the local encoding"
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_xlsx(content: bytes) -> list[list[Any]]:
    return load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
