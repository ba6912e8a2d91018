"""What a person means by a cell: without what programs add to it, and never a number that has lost digits."""

import re
import unicodedata
from typing import NamedTuple

from app.sheets.rows import Fault, fault

EXACT_DIGITS = 15  # that a spreadsheet keeps of a number; it makes the others 0
_UNSEEN = re.compile(  # Unicode's categories Cc but for white space, Cf and Cs
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    "\U000e0020-\U000e007f]"
)
_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*E\+[0-9]+", re.IGNORECASE)
_SMALL_OR_LARGE = re.compile(r"[0-9][.,]?[0-9]*E[+-]?[0-9]+", re.IGNORECASE)
_AS_FORMULA = re.compile(r'="((?:[^"]|"")*)"')  # how programs keep digits as text in CSV
_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_MONEY = re.compile(r"^(RMB|CNY|[¥$])|(RMB|CNY|元)$", re.IGNORECASE)

LOST = (
    "the digits after the 15th were lost, because the cell was a number: "
    "set the column to text, and type or paste the number again"
)
SCIENTIFIC = "is in scientific notation, which loses digits: set the column to text, and type or paste the number again"


class Cell(NamedTuple):
    """The text that is meant, and what is wrong with it."""

    text: str
    fault: Fault | None = None


def plain(cell: str) -> str:
    """The cell in its usual characters, without those that cannot be seen and the marks that keep programs off it."""
    return _unmarked(_visible(cell))


def word(name: str, cell: str, typed: bool) -> Cell:
    """A cell of words."""
    return Cell(plain(cell))


def code(name: str, cell: str, typed: bool) -> Cell:
    """A number that names something, such as a tracking number; `typed` where the file tells texts of digits from numbers."""
    return _whole(name, "".join(plain(cell).split()), cell, typed)


def label(name: str, cell: str, typed: bool) -> Cell:
    """As `code`, for a name of somebody's own, which may have spaces inside."""
    return _whole(name, plain(cell), cell, typed)


def _whole(name: str, text: str, cell: str, typed: bool) -> Cell:
    """The text, unless it is a number that has lost digits."""
    if _SCIENTIFIC.fullmatch(text):
        return Cell(text, fault("scientific_notation", SCIENTIFIC, name))
    kept = typed or "".join(text.split()) != "".join(_visible(cell).split()) or cell.startswith("\t")
    if not kept and text.isdecimal() and len(text) > EXACT_DIGITS and not text[EXACT_DIGITS:].strip("0"):
        return Cell(text, fault("digits_lost", LOST, name))
    return Cell(text)


def amount(name: str, cell: str, typed: bool) -> Cell:
    """A price or a quantity, without currency signs and thousands separators."""
    text = _MONEY.sub("", "".join(plain(cell).split())).strip()
    if _SMALL_OR_LARGE.fullmatch(text):
        return Cell(text, fault("scientific_notation", SCIENTIFIC, name))
    return Cell(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text)


def _visible(cell: str) -> str:
    """The cell without format characters such as zero-width spaces, full-width forms as usual ones (NFKC), spaces as one."""
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFKC", cell)).split())


def _unmarked(cell: str) -> str:
    wrapped = _AS_FORMULA.fullmatch(cell)
    if wrapped:
        cell = wrapped[1].replace('""', '"')
    return cell.removeprefix("'").strip()
