"""What a file is, by its content; what is no spreadsheet, or one that cannot be read, is refused by its name."""

import re
from collections.abc import Collection
from typing import NamedTuple

from app.errors import OtherFile, ProtectedFile, UnsupportedFile

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WORKBOOK = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_MARKUP = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype html|html|head|meta|body|table|style|div)\b", re.IGNORECASE | re.DOTALL)


class Other(NamedTuple):
    """A kind of file that is refused: its name, and what to do, in Chinese and English."""

    kind_zh: str
    kind_en: str
    remedy_zh: str = "请用 Excel 或 WPS 打开，另存为 XLSX 后再上传"
    remedy_en: str = "open it in Excel or WPS and save it as XLSX"


_HTML = Other("网页文件（HTML），只是扩展名为 xls", "a web page (HTML), whatever its extension says")
_XML = Other("XML 表格（Excel 2003 XML）", "an XML Spreadsheet of Excel 2003")
_MHTML = Other("MHTML 网页文件", "a web page in a single file (MHTML)")
_ODS = Other("ODS 表格", "an ODS spreadsheet", remedy_en="open it in LibreOffice, Excel or WPS and save it as XLSX")
_XLSB = Other("XLSB 二进制工作簿", "a binary workbook (XLSB)")
_NUMBERS = Other(
    "Numbers 表格", "a Numbers spreadsheet", "请在 Numbers 中选择“导出为 Excel”后再上传", "export it from Numbers to Excel"
)
_ARCHIVE = Other("压缩包", "an archive", "请解压后上传其中的表格", "unpack it and send the spreadsheet in it")
_DOCUMENT = Other(
    "Word 文档", "a Word document", "请把表格复制到 Excel 中，另存为 XLSX 后再上传", "copy the table into a spreadsheet"
)
_SLIDES = Other("演示文稿", "a presentation", _DOCUMENT.remedy_zh, _DOCUMENT.remedy_en)
_PDF = Other("PDF 文档", "a PDF document", "请上传导出 PDF 前的表格", "send the spreadsheet that it was made from")
_PICTURE = Other("图片", "a picture", "请上传表格文件，而不是截图", "send the spreadsheet itself")

_BEGINNINGS = (
    (b"%PDF", _PDF),
    (b"{\\rtf", _DOCUMENT),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"Rar!", _ARCHIVE),
    (b"7z\xbc\xaf", _ARCHIVE),
    (b"\x1f\x8b", _ARCHIVE),
    (b"MIME-Version:", _MHTML),
)
_PARTS = (
    ("xl/workbook.bin", _XLSB),
    ("word/", _DOCUMENT),
    ("ppt/", _SLIDES),
    ("index/document.iwa", _NUMBERS),
    ("index.zip", _NUMBERS),
    ("content.xml", _ODS),
)


def refuse_text(start: bytes) -> None:
    """Refuse what begins like something else than text in columns; raises OtherFile."""
    for beginning, other in _BEGINNINGS:
        if start.startswith(beginning):
            raise OtherFile(**other._asdict())
    head = start.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").removeprefix(b"\xff\xfe")
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head and head.lstrip().startswith(b"<?xml"):
        raise OtherFile(**_XML._asdict())
    if _MARKUP.match(head) or (head.lstrip().startswith(b"<?xml") and b"<html" in head.lower()):
        raise OtherFile(**_HTML._asdict())


def refuse_archive(names: Collection[str]) -> None:
    """Refuse an archive that is no XLSX, by the names of its parts; raises OtherFile."""
    lower = [name.replace("\\", "/").lstrip("/").lower() for name in names]
    for part, other in _PARTS:
        if any(name == part or (part.endswith("/") and name.startswith(part)) for name in lower):
            raise OtherFile(**other._asdict())


def no_workbook(names: Collection[str]) -> OtherFile | UnsupportedFile:
    """The refusal of an archive in which there is no workbook."""
    return OtherFile(**_ARCHIVE._asdict()) if names else UnsupportedFile()


def refuse_compound(content: bytes) -> None:
    """Refuse a compound file (OLE) that is no .xls; raises ProtectedFile, OtherFile, UnsupportedFile."""
    if _ENCRYPTED in content:
        raise ProtectedFile
    if not any(name in content for name in _WORKBOOK):
        other = _DOCUMENT if "WordDocument".encode("utf-16-le") in content else None
        raise OtherFile(**other._asdict()) if other else UnsupportedFile
