"""The rows of a batch: each is done or refused by itself, and none stops another."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.errors import AppError


@dataclass(slots=True)
class Row:
    """One row that was sent: what it says, or the `error` that it is refused with; `number` counts as the sender does."""

    number: int
    values: dict[str, Any]
    error: AppError | None = None


def standing(rows: Iterable[Row]) -> list[Row]:
    """The rows that have not been refused."""
    return [row for row in rows if row.error is None]
