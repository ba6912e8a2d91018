"""The file that a replay reads: CSV (UTF-8), one order of one merchant's product per line."""

import csv
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.schemas.fields import Line

OptionalTime = Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | None, BeforeValidator(lambda text: text or None)]
Key = Annotated[str, Line(50)]


class Unreadable(Exception):
    """The file does not have the expected form."""


class FileLine(BaseModel):
    """One line of the file; amounts in yuan, times in Unix seconds."""

    model_config = ConfigDict(frozen=True)

    order_id: Key
    seller_id: Key
    product_id: Key
    customer_id: Key
    unit_price: Annotated[Decimal, Field(gt=0, le=10_000_000, decimal_places=2)]
    freight: Annotated[Decimal, Field(ge=0, le=10_000_000, decimal_places=2)]
    num: Annotated[int, Field(ge=1, le=1_000_000)]
    status: Key
    purchased_at: OptionalTime
    approved_at: OptionalTime
    shipped_at: OptionalTime
    delivered_at: OptionalTime

    @property
    def paid(self) -> float:
        return float((self.unit_price + self.freight) * self.num)


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
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = set(FileLine.model_fields) - set(reader.fieldnames or ())
            if missing:
                raise Unreadable(f"{path}: no column {', '.join(sorted(missing))}")
            for number, values in enumerate(reader, 2):
                line = _checked(values)
                if isinstance(line, str):
                    lines.refused.append((number, line))
                else:
                    key = (line.order_id, line.seller_id, line.product_id)
                    seen[key] += 1
                    lines.entries.append(Entry(number, line, _order_number(key, seen[key])))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"{path}: {error}") from error
    return lines


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
