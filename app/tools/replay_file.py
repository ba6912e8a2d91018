"""The file that a replay reads: CSV as imports take it, one order of one merchant's product per line."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.config import settings
from app.errors import AppError, BadEncoding
from app.schemas.fields import Line
from app.sheets import delimited
from app.sheets.cells import plain


def _seconds(text: str) -> int | str | None:
    """Unix seconds of a time, which may be written so, or as ISO 8601; by the shop's clock where it names no zone."""
    if not text or text.isdecimal():
        return text or None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return int((time if time.tzinfo else time.replace(tzinfo=ZoneInfo(settings.timezone))).timestamp())


Amount = Annotated[Decimal, Field(ge=0, le=10_000_000, decimal_places=2)]
OptionalTime = Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | None, BeforeValidator(_seconds)]
Key = Annotated[str, Line(50)]


class Unreadable(Exception):
    """The file does not have the expected form."""


class FileLine(BaseModel):
    """One line of the file; amounts in yuan, times in Unix seconds.

    `refunded` is what the buyer got back; where it is not given, that is all of a canceled order and nothing of another.
    """

    model_config = ConfigDict(frozen=True)

    order_id: Key
    seller_id: Key
    product_id: Key
    customer_id: Key
    unit_price: Annotated[Decimal, Field(gt=0, le=10_000_000, decimal_places=2)]
    freight: Amount
    num: Annotated[int, Field(ge=1, le=1_000_000)]
    status: Key
    purchased_at: OptionalTime
    approved_at: OptionalTime
    shipped_at: OptionalTime
    delivered_at: OptionalTime
    refunded: Annotated[
        Annotated[Decimal, Field(ge=0, le=1e13, decimal_places=2)] | None, BeforeValidator(lambda text: text or None)
    ] = None

    @property
    def paid(self) -> Decimal:
        return (self.unit_price + self.freight) * self.num

    @property
    def to_refund(self) -> Decimal:
        if self.refunded is None:
            return self.paid if self.status == "canceled" else Decimal(0)
        return self.refunded


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that can be replayed, with its number in the file and the number of its order."""

    number: int
    line: FileLine
    order_number: str


@dataclass(slots=True)
class Lines:
    """The lines of a file: those that can be replayed, and the numbers of the others with the reason."""

    entries: list[Entry] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def read(path: Path) -> Lines:
    """Read all lines of the file; raises Unreadable."""
    lines = Lines()
    seen: Counter[tuple[str, str, str]] = Counter()
    for number, values in _records(path):
        line = _checked(values) if values is not None else "a quote is not closed, or closed too early"
        if isinstance(line, str):
            lines.refused.append((number, line))
        else:
            key = (line.order_id, line.seller_id, line.product_id)
            seen[key] += 1
            lines.entries.append(Entry(number, line, _order_number(key, seen[key])))
    return lines


def _records(path: Path) -> Iterator[tuple[int, dict[str, str] | None]]:
    """The values of each record by their columns, with its first line; None where the record is broken."""
    text = delimited.lines_of(_text(path))
    needed = {name for name, column in FileLine.model_fields.items() if column.is_required()}
    header, rows = min(
        (_headed(text, separator) for separator in delimited.SEPARATORS), key=lambda each: len(needed - set(each[0]))
    )
    missing = needed - set(header)
    if missing:
        raise Unreadable(f"{path}: no column {', '.join(sorted(missing))}")
    for number, cells in rows:
        if cells is None or any(cells):
            yield number, None if cells is None else dict(zip(header, map(str.strip, cells), strict=False))


def _headed(lines: list[str], separator: str) -> tuple[list[str], Iterator[tuple[int, list[str] | None]]]:
    rows = delimited.records(lines, separator)
    _, header = next(rows, (0, None))
    return [plain(word).lower() for word in header or ()], rows


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return delimited.decoded(content)
    except BadEncoding as error:
        raise Unreadable(f"{path}, line {_undecodable(content)}: {error}") from error
    except (OSError, AppError) as error:
        raise Unreadable(f"{path}: {error}") from error


def _undecodable(content: bytes) -> int:
    """The first line that is not UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 1


def _checked(values: dict[str, str]) -> FileLine | str:
    """The line, or the reason why it cannot be replayed."""
    try:
        line = FileLine.model_validate(values)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        return f"{first['loc'][0]}: {first['msg']}"
    return "approved_at: never paid" if line.approved_at is None else line


def _order_number(key: tuple[str, str, str], occurrence: int) -> str:
    """The same line always gets the same number, and no two lines of a file share one."""
    return "R" + hashlib.sha256("|".join((*key, str(occurrence))).encode()).hexdigest()[:29]
